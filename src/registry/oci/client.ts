import * as v from "valibot";
import { type Digest, isDigest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import type { HttpResponse } from "../../http/http.ts";
import type { Descriptor, ManifestContent } from "../manifest.ts";
import { timeOf } from "../stable-list.ts";
import { type AuthorizerOptions, createAuthorizer } from "./auth/authorizer.ts";
import { digestOfBytes, MANIFEST_TYPES, MAX_MANIFEST_BYTES, parseManifest } from "./manifest.ts";
import { type AskPage, firstPage, parseBody, readPages, refuseWebPage } from "./pages.ts";
import { orMissing, readReferrers } from "./referrers.ts";

/** A manifest and the digest that its bytes have. */
export interface OciManifest {
  readonly digest: Digest;
  readonly content: ManifestContent;
}

/** A registry by the OCI distribution-spec 1.1. Names are whole: prefix and all. Throws HttpError and Fault. */
export interface OciClient {
  /** The manifest of a digest; `missing` for 404. What was read once is known for good: its digest names its content. */
  read(name: string, digest: Digest): Promise<ManifestContent | "missing">;
  /** The manifest that a tag points at now. */
  resolve(name: string, tag: string): Promise<OciManifest | "missing">;
  /** Whether a manifest is there now, whatever was read before. */
  exists(name: string, digest: Digest): Promise<boolean>;
  /** What is attached to a digest; null where the registry has no referrers API (found out once), or does not tell. */
  referrers(name: string, digest: Digest): Promise<readonly Digest[] | null>;
  /** All tags; `missing` for 404, which also a repository answers whose manifests were pushed by digest only. */
  tags(name: string): Promise<readonly string[] | "missing">;
  /** All repositories of the registry. */
  catalog(): Promise<readonly string[]>;
  /** When the image of a config was created, in milliseconds since the epoch; null: it does not say. */
  createdAt(name: string, config: Descriptor): Promise<number | null>;
  /** DELETE of a manifest by digest or tag: the answer, of whatever status among 200, 202, 204, 400, 404 and 405. */
  delete(name: string, reference: string): Promise<HttpResponse>;
}

const ACCEPT = MANIFEST_TYPES.join(", ");
/** OCI distribution-spec, "Pulling manifests". */
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
/** Wider than the spec's, as what a name is belongs to the registry; nothing in it may lead a URL elsewhere. */
const NAME = /^(?!\.{1,2}(?:\/|$))[\w.-]+(?:\/(?!\.{1,2}(?:\/|$))[\w.-]+)*$/;
/** The config of what has none: `{}` (OCI image-spec, manifest.md, "Guidance for an Empty Descriptor"). */
const EMPTY_CONFIG = "application/vnd.oci.empty.v1+json";

/** That a list tells of no tags is believed where it is one of tags: it names its repository. */
const Tags = v.union([
  v.object({ tags: v.array(v.string()) }),
  v.object({ name: v.string(), tags: v.nullish(v.array(v.string())) }),
]);
const Repositories = v.object({ repositories: v.nullable(v.array(v.string())) });
const Config = v.object({ created: v.optional(v.unknown()) });

export function createOciClient(options: AuthorizerOptions): OciClient {
  const { origin } = options;
  const authorizer = createAuthorizer(options);
  const known = new Map<string, Promise<ManifestContent | "missing">>();
  const created = new Map<Digest, number | null>();
  let referrersApi: "unknown" | "there" | "none" = "unknown";

  function urlOf(name: string, kind: "manifests" | "blobs" | "tags" | "referrers", reference: string): URL {
    if (!NAME.test(name)) throw noName(origin, "repository", name);
    if (!isDigest(reference) && !TAG.test(reference)) throw noName(origin, "tag", reference);
    return new URL(`/v2/${name}/${kind}/${reference}`, origin);
  }

  async function get(name: string, reference: string): Promise<OciManifest | "missing"> {
    const url = urlOf(name, "manifests", reference);
    const response = refuseWebPage(
      await authorizer.send(
        { method: "GET", url, headers: { accept: ACCEPT }, expected: [200, 404], maxBytes: MAX_MANIFEST_BYTES },
        pull(name),
      ),
    );
    if (response.status === 404) return "missing";
    const digest = provenDigest(response, isDigest(reference) ? reference : null);
    return { digest, content: parseManifest(response.body, response.headers["content-type"], `GET ${url}`) };
  }

  function list(url: URL, scope: string, read: (response: HttpResponse) => readonly string[]) {
    const ask: AskPage = async (page, expected) =>
      refuseWebPage(
        await authorizer.send({ method: "GET", url: page, headers: { accept: "application/json" }, expected }, scope),
      );
    return readPages(firstPage(url), ask, read);
  }

  return {
    read(name, digest) {
      const key = `${name}@${digest}`;
      const asked = known.get(key) ?? get(name, digest).then((found) => (found === "missing" ? found : found.content));
      known.set(key, asked);
      asked.then(
        (content) => content === "missing" && known.delete(key),
        () => known.delete(key),
      );
      return asked;
    },
    async resolve(name, tag) {
      const found = await get(name, tag);
      if (found !== "missing") known.set(`${name}@${found.digest}`, Promise.resolve(found.content));
      return found;
    },
    exists: async (name, digest) => (await get(name, digest)) !== "missing",
    async referrers(name, digest) {
      if (referrersApi === "none") return null;
      const found = await readReferrers(urlOf(name, "referrers", digest), (url, expected) =>
        authorizer.send({ method: "GET", url, headers: { accept: MANIFEST_TYPES[0] }, expected }, pull(name)),
      );
      if (found !== "missing") {
        referrersApi = "there";
        return found;
      }
      // The spec wants 200 with an empty list where nothing is attached, so 404 is a registry without the API. Some that have
      // it answer 404 too, of what is not there.
      const isThere = (await get(name, digest)) !== "missing";
      if (referrersApi === "there") return isThere ? null : [];
      if (isThere) referrersApi = "none";
      return null;
    },
    tags: async (name) =>
      list(urlOf(name, "tags", "list"), pull(name), (response) => {
        const tags = parseBody(Tags, response).tags ?? [];
        // Found out before the first of perhaps a million is asked for.
        const strange = tags.find((tag) => !TAG.test(tag));
        if (strange !== undefined) throw noName(origin, "tag", strange);
        return tags;
      }),
    async catalog() {
      const url = new URL("/v2/_catalog", origin);
      const all = await orMissing(() =>
        list(url, "registry:catalog:*", (page) => parseBody(Repositories, page).repositories ?? []),
      );
      if (all === "missing") throw noCatalog(origin);
      return all;
    },
    async createdAt(name, config) {
      if (config.mediaType === EMPTY_CONFIG || config.sizeBytes > MAX_MANIFEST_BYTES) return null;
      const before = created.get(config.digest);
      if (before !== undefined) return before;
      const url = urlOf(name, "blobs", config.digest);
      const response = await authorizer.send(
        { method: "GET", url, expected: [200, 404], maxBytes: MAX_MANIFEST_BYTES },
        pull(name),
      );
      if (response.status === 404 || digestOfBytes(response.body, config.digest) !== config.digest) return null;
      const time = createdOf(response.body);
      created.set(config.digest, time);
      return time;
    },
    delete: async (name, reference) =>
      authorizer.send(
        { method: "DELETE", url: urlOf(name, "manifests", reference), expected: [200, 202, 204, 400, 404, 405] },
        `repository:${name}:pull,delete`,
      ),
  };
}

function pull(name: string): string {
  return `repository:${name}:pull`;
}

/** The digest of a manifest's bytes, which must be the one that was asked for, and the one that the registry tells. */
function provenDigest({ body, headers, url }: HttpResponse, asked: Digest | null): Digest {
  const told = headers["docker-content-digest"];
  // By a tag: of the algorithm that the registry keeps it by, as no other digest would delete it.
  const digest = digestOfBytes(body, asked ?? (told !== undefined && isDigest(told) ? told : null));
  const differs = told !== undefined && told !== digest && algorithmOf(told) === algorithmOf(digest);
  if ((asked === null || asked === digest) && !differs) return digest;
  const wanted = asked === null || asked === digest ? String(told).slice(0, 200) : asked;
  throw new Fault(
    "listing",
    `GET ${url.origin}${url.pathname} brought bytes with the digest ${digest}, not ${wanted}`,
    "Something between registry and runner changes manifests, or the registry's storage is damaged: mend that first.",
  );
}

function algorithmOf(digest: string): string | undefined {
  return digest.split(":")[0];
}

/** When an image was created, as its config tells. A config may be anything: what is not an image's tells nothing. */
function createdOf(config: Buffer): number | null {
  try {
    const parsed = v.safeParse(Config, JSON.parse(config.toString("utf8")));
    return parsed.success && typeof parsed.output.created === "string" ? timeOf(parsed.output.created) : null;
  } catch {
    return null;
  }
}

function noName(origin: URL, what: "repository" | "tag", text: string): Fault {
  return new Fault(
    "listing",
    `${JSON.stringify(text.slice(0, 200))} cannot be the name of a ${what} at ${origin.host}`,
    "Check the input `repository-pattern`, and what the registry lists.",
  );
}

function noCatalog(origin: URL): Fault {
  return new Fault(
    "registry",
    `${origin.host} has no catalog of its repositories: GET /v2/_catalog shows none`,
    "Name the repositories in the input `repository-pattern`, without wildcards.",
  );
}
