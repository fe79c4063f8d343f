import { type Digest, isDigest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { Classify, HttpResponse } from "../../http/http.ts";
import type { Log } from "../../log.ts";
import type { Descriptor, ManifestContent } from "../manifest.ts";
import { type AuthorizedSend, createAuthorizedSend } from "./auth/authorizer.ts";
import type { AuthorizerOptions } from "./auth/options.ts";
import { invalidName, parseRepositories, parseTags } from "./lists.ts";
import { createdAtOf, digestOfBytes, MANIFEST_TYPES, MAX_MANIFEST_BYTES } from "./manifest.ts";
import { type OciManifest, parseManifestResponse } from "./manifest-response.ts";
import { readPages, rejectWebPage } from "./pages.ts";
import { isRepositoryName, isTag } from "./reference.ts";
import { missingIfUnsupported, readReferrers } from "./referrers.ts";
import { convertedToSchema1, isSchema1, SCHEMA_1_WARNINGS, UNSUPPORTED_SCHEMA_1 } from "./schema1.ts";

/** Distribution's default for the largest page (`tags.maxtags`, `catalog.maxentries`). */
const PAGE_SIZE = 1000;
const ACCEPT = MANIFEST_TYPES.join(", ");
/** Statuses of servers that know no HEAD. */
const NO_HEAD: readonly number[] = [405, 501];
/** The config of artifacts that have none: `{}` (OCI image-spec, manifest.md, "Guidance for an Empty Descriptor"). */
const EMPTY_CONFIG = "application/vnd.oci.empty.v1+json";

/** A client for the OCI distribution-spec 1.1. `name` includes the prefix. All methods throw HttpError or Fault. */
export class OciClient {
  readonly #origin: URL;
  readonly #send: AuthorizedSend;
  readonly #log: Log;
  readonly #manifests = new Map<string, Promise<ManifestContent | "missing">>();
  readonly #creationTimes = new Map<Digest, number | null>();
  #referrersApi: "unknown" | "available" | "unavailable" = "unknown";

  constructor(options: AuthorizerOptions) {
    this.#origin = options.origin;
    this.#log = options.log;
    this.#send = createAuthorizedSend(options);
  }

  /** Reads a manifest by digest; `missing` for 404. A digest that was read is not requested again. */
  read(name: string, digest: Digest): Promise<ManifestContent | "missing"> {
    const key = `${name}@${digest}`;
    const known = this.#manifests.get(key);
    if (known !== undefined) return known;
    const reading = this.#get(name, digest).then((found) => (found === "missing" ? found : found.content));
    this.#manifests.set(key, reading);
    reading.then(
      (content) => content === "missing" && this.#manifests.delete(key),
      () => this.#manifests.delete(key),
    );
    return reading;
  }

  /** Reads the manifest that a tag points to now. */
  async resolve(name: string, tag: string): Promise<OciManifest | "missing"> {
    const found = await this.#get(name, tag).catch((error: unknown) => this.#ignoreSchema1(name, tag, error));
    if (found !== "missing") this.#manifests.set(`${name}@${found.digest}`, Promise.resolve(found.content));
    return found;
  }

  /** Returns whether a manifest exists now, even if it was read before. */
  async exists(name: string, digest: Digest): Promise<boolean> {
    return (await this.#get(name, digest)) !== "missing";
  }

  /** Returns whether a blob exists; null: the registry does not answer HEAD requests. A redirect to its storage means that it does. */
  async hasBlob(name: string, digest: Digest): Promise<boolean | null> {
    const expected = [200, 301, 302, 303, 307, 308, 404, ...NO_HEAD];
    const request = { method: "HEAD", url: this.#url(name, "blobs", digest), expected } as const;
    const { status } = rejectWebPage(await this.#send(request, pullScope(name)));
    return NO_HEAD.includes(status) ? null : status !== 404;
  }

  /** Returns the digest that a tag points to now; `missing` for 404. Reads no content, so the digest is what the registry says. */
  async digestOf(name: string, tag: string): Promise<Digest | "missing"> {
    const request = { url: this.#url(name, "manifests", tag), headers: { accept: ACCEPT } };
    const expected = [200, 404, ...NO_HEAD];
    const response = rejectWebPage(await this.#send({ method: "HEAD", ...request, expected }, pullScope(name)));
    if (response.status === 404) return "missing";
    const digest = response.headers["docker-content-digest"] ?? "";
    if (response.status === 200 && isDigest(digest)) return digest;
    const found = await this.resolve(name, tag);
    return found === "missing" ? found : found.digest;
  }

  /** Lists the referrers of a digest; null if the registry has no referrers API, or does not answer for this digest. */
  async referrers(name: string, digest: Digest): Promise<readonly Digest[] | null> {
    if (this.#referrersApi === "unavailable") return null;
    const found = await readReferrers(this.#url(name, "referrers", digest), (url, expected) =>
      this.#send(
        { method: "GET", url, headers: { accept: "application/vnd.oci.image.index.v1+json" }, expected },
        pullScope(name),
      ),
    );
    if (found !== "missing") {
      this.#referrersApi = "available";
      return found;
    }
    // By the spec, 404 means that there is no API. But some registries with the API also return it for unknown digests.
    const exists = await this.exists(name, digest);
    if (this.#referrersApi === "available") return exists ? null : [];
    if (exists) this.#referrersApi = "unavailable";
    return null;
  }

  /** Lists all tags; `missing` for 404, which some registries also return if all manifests were pushed by digest. */
  async tags(name: string): Promise<readonly string[] | "missing"> {
    return this.#list(this.#url(name, "tags", "list"), pullScope(name), (page) => parseTags(page, this.#origin));
  }

  /** Lists all repositories of the registry. */
  async catalog(): Promise<readonly string[]> {
    const url = new URL("/v2/_catalog", this.#origin);
    const all = await missingIfUnsupported(() =>
      this.#list(url, "registry:catalog:*", (page) => parseRepositories(page, this.#origin)),
    );
    if (all !== "missing") return all;
    throw new Fault(
      "registry",
      `${this.#origin.host} does not list its repositories (GET /v2/_catalog is not supported)`,
      "List the repositories in `repository-pattern` without wildcards.",
    );
  }

  /** Returns when the image of a config was created, in milliseconds since the epoch; null: unknown. */
  async createdAt(name: string, config: Descriptor): Promise<number | null> {
    if (config.mediaType === EMPTY_CONFIG) return null;
    const known = this.#creationTimes.get(config.digest);
    if (known !== undefined) return known;
    const blob = await this.blob(name, config);
    if (blob === null) return null;
    const time = createdAtOf(blob);
    this.#creationTimes.set(config.digest, time);
    return time;
  }

  /** Reads a blob of up to 4 MiB; null: it is larger, missing, or does not match its digest. */
  async blob(name: string, { digest, sizeBytes }: Descriptor): Promise<Buffer | null> {
    if (sizeBytes > MAX_MANIFEST_BYTES) return null;
    const url = this.#url(name, "blobs", digest);
    const limits = { expected: [200, 404], maxBytes: MAX_MANIFEST_BYTES, mayLeaveOrigin: true } as const;
    const response = await this.#send({ method: "GET", url, ...limits }, pullScope(name));
    return response.status === 404 || digestOfBytes(response.body, digest) !== digest ? null : response.body;
  }

  /**
   * Sends a DELETE for a digest or tag and returns the response with status 200, 202, 204, 400, 404, 405, 409 or 412. A DELETE
   * that was not authorized is sent again with a new token. Sends none after `sendBy`, in milliseconds since the epoch.
   */
  async delete(name: string, reference: string, sendBy: number): Promise<HttpResponse> {
    const expected = [200, 202, 204, 400, 404, 405, 409, 412];
    const request = { url: this.#url(name, "manifests", reference), expected, sendBy };
    return this.#send({ method: "DELETE", ...request }, `repository:${name}:pull,delete`);
  }

  async #get(name: string, reference: string): Promise<OciManifest | "missing"> {
    if (isDigest(reference)) return this.#request(name, reference, ACCEPT);
    // A tag that returns 404 may have a type that no registry of images should have: that is an error, and not a missing tag.
    const found = await this.#request(name, reference, ACCEPT);
    const tagged = found === "missing" ? await this.#request(name, reference, `${ACCEPT}, */*`) : found;
    if (tagged !== "missing" && isSchema1(tagged.content.mediaType)) await this.#requireStored(name, reference, tagged);
    return tagged;
  }

  /** Distribution 3 returns 500 for images of schema 1. They list no manifest, so nothing depends on them. */
  #ignoreSchema1(name: string, tag: string, error: unknown): "missing" {
    if (!(error instanceof HttpError && UNSUPPORTED_SCHEMA_1.test(error.detail ?? ""))) throw error;
    this.#log.warn("schema-1", SCHEMA_1_WARNINGS.ignored(name, tag));
    return "missing";
  }

  async #request(name: string, reference: string, accept: string): Promise<OciManifest | "missing"> {
    const url = this.#url(name, "manifests", reference);
    const request = { url, headers: { accept }, expected: [200, 404], maxBytes: MAX_MANIFEST_BYTES, classify };
    const response = rejectWebPage(await this.#send({ method: "GET", ...request }, pullScope(name)));
    return parseManifestResponse(response, isDigest(reference) ? reference : null);
  }

  /** Old registries convert images to schema 1 for clients that accept nothing else. Such a digest is not stored. */
  async #requireStored(name: string, tag: string, { digest }: OciManifest): Promise<void> {
    if ((await this.#request(name, digest, ACCEPT)) === "missing") throw convertedToSchema1(name, tag);
    this.#log.warn("schema-1", SCHEMA_1_WARNINGS.read(name, tag));
  }

  #list(list: URL, scope: string, parse: (page: HttpResponse) => readonly string[]) {
    const headers = { accept: "application/json" };
    list.searchParams.set("n", String(PAGE_SIZE));
    return readPages(
      list,
      async (url, expected) => rejectWebPage(await this.#send({ method: "GET", url, headers, expected }, scope)),
      parse,
    );
  }

  #url(name: string, kind: "manifests" | "blobs" | "tags" | "referrers", reference: string): URL {
    if (!isRepositoryName(name)) throw invalidName(this.#origin, "repository name", name);
    if (!isDigest(reference) && !isTag(reference)) throw invalidName(this.#origin, "tag", reference);
    return new URL(`/v2/${name}/${kind}/${reference}`, this.#origin);
  }
}

/** To read an image of schema 1 again does not help. */
const classify: Classify = ({ status, body }) =>
  status === 500 && UNSUPPORTED_SCHEMA_1.test(body.toString("utf8", 0, 10_000)) ? "final" : "status";

function pullScope(name: string): string {
  return `repository:${name}:pull`;
}
