import * as v from "valibot";
import { Fault } from "../fault.ts";
import { HttpError } from "../http/errors.ts";
import type { HttpResponse } from "../http/http.ts";
import { type Descriptor, type Digest, isDigest, type ManifestContent } from "../plan/manifest.ts";
import { type AuthorizerOptions, createAuthorizer } from "./authorizer.ts";
import { digestOfBytes, MANIFEST_TYPES, MAX_MANIFEST_BYTES, parseManifest, timeOf } from "./oci-manifest.ts";

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
  /** What is attached to a digest; null where the registry has no referrers API (found out once). */
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
/** A list that takes more pages than this never ends: a million tags at a page of 100. */
const MOST_PAGES = 10_000;

const Tags = v.object({ tags: v.nullish(v.array(v.string())) });
const Repositories = v.object({ repositories: v.nullish(v.array(v.string())) });
const Index = v.object({ manifests: v.nullish(v.array(v.object({ digest: v.string() }))) });
const Config = v.object({ created: v.optional(v.unknown()) });

export function createOciClient(options: AuthorizerOptions): OciClient {
  const { origin } = options;
  const authorizer = createAuthorizer(options);
  const known = new Map<string, Promise<ManifestContent | "missing">>();
  let hasReferrers = true;

  const urlOf = (path: string): URL => new URL(`/v2/${path}`, origin);
  const pull = (name: string): string => `repository:${name}:pull`;

  async function get(name: string, reference: string): Promise<OciManifest | "missing"> {
    const url = urlOf(`${name}/manifests/${reference}`);
    const response = await authorizer.send(
      { method: "GET", url, headers: { accept: ACCEPT }, expected: [200, 404], maxBytes: MAX_MANIFEST_BYTES },
      pull(name),
    );
    if (response.status === 404) return "missing";
    const asked = isDigest(reference) ? reference : null;
    const header = response.headers["docker-content-digest"];
    const digest = digestOfBytes(response.body, asked);
    if (
      (asked !== null && asked !== digest) ||
      (header !== undefined && header !== digest && isSameAlgorithm(header, digest))
    ) {
      throw new Fault(
        "listing",
        `GET ${url} brought bytes with the digest ${digest}, not ${asked ?? header}`,
        "Something between registry and runner changes manifests, or the registry's storage is damaged: mend that first.",
      );
    }
    return { digest, content: parseManifest(response.body, response.headers["content-type"], `GET ${url}`) };
  }

  async function pages<T>(
    first: URL,
    scope: string,
    parse: (body: unknown) => readonly T[],
  ): Promise<readonly T[] | "missing"> {
    const items: T[] = [];
    const seen = new Set<string>();
    for (let url: URL | null = first; url !== null; ) {
      if (seen.has(url.href) || seen.size >= MOST_PAGES) throw endless(url);
      seen.add(url.href);
      const response: HttpResponse = await authorizer.send(
        { method: "GET", url, headers: { accept: "application/json" }, expected: [200, 404] },
        scope,
      );
      if (response.status === 404 && seen.size === 1) return "missing";
      if (response.status === 404) throw endless(url);
      items.push(...parse(jsonOf(response)));
      url = nextOf(response, url);
    }
    return items;
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
      if (!hasReferrers) return null;
      const found = await referrerPages(() =>
        pages(
          urlOf(`${name}/referrers/${digest}`),
          pull(name),
          (body) => parseOr(Index, body, "referrers").manifests ?? [],
        ),
      );
      // The spec wants 200 with an empty list where nothing is attached: 404 is a registry without the API.
      if (found === "missing") hasReferrers = false;
      return found === "missing" ? null : found.map((entry) => entry.digest).filter(isDigest);
    },
    tags: (name) =>
      pages(urlOf(`${name}/tags/list?n=1000`), pull(name), (body) => parseOr(Tags, body, "tags/list").tags ?? []),
    async catalog() {
      const all = await pages(
        urlOf("_catalog?n=1000"),
        "registry:catalog:*",
        (body) => parseOr(Repositories, body, "_catalog").repositories ?? [],
      );
      return all === "missing" ? [] : all;
    },
    async createdAt(name, config) {
      const url = urlOf(`${name}/blobs/${config.digest}`);
      const response = await authorizer.send(
        { method: "GET", url, expected: [200, 404], maxBytes: MAX_MANIFEST_BYTES },
        pull(name),
      );
      if (response.status === 404 || digestOfBytes(response.body, config.digest) !== config.digest) return null;
      const parsed = v.safeParse(Config, jsonOf(response));
      return parsed.success ? timeOf(parsed.output.created) : null;
    },
    delete: (name, reference) =>
      authorizer.send(
        { method: "DELETE", url: urlOf(`${name}/manifests/${reference}`), expected: [200, 202, 204, 400, 404, 405] },
        `repository:${name}:pull,delete`,
      ),
  };
}

/** Some registries refuse the path as such: 400, 405 and 501 are as good as the 404 of those that do not know it. */
async function referrerPages<T>(ask: () => Promise<T | "missing">): Promise<T | "missing"> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof HttpError && [400, 405, 501].includes(error.status ?? 0)) return "missing";
    throw error;
  }
}

function isSameAlgorithm(header: string, digest: Digest): boolean {
  return header.split(":")[0] === digest.split(":")[0];
}

function jsonOf(response: HttpResponse): unknown {
  try {
    return JSON.parse(response.body.toString("utf8"));
  } catch (cause) {
    throw noRegistry(
      response.url,
      `answered ${response.headers["content-type"] ?? "something"} that is no JSON`,
      cause,
    );
  }
}

function parseOr<T>(schema: v.GenericSchema<unknown, T>, body: unknown, what: string): T {
  const parsed = v.safeParse(schema, body);
  if (parsed.success) return parsed.output;
  throw new Fault(
    "listing",
    `The answer of ${what} has another shape than the OCI spec's`,
    "Check the registry's address.",
  );
}

function noRegistry(url: URL, what: string, cause?: unknown): Fault {
  return new Fault(
    "listing",
    `${url} ${what}`,
    "Check the registry's address: a login page or a proxy may answer in its place.",
    {
      cause,
    },
  );
}

function endless(url: URL): Fault {
  return new Fault(
    "listing",
    `The list at ${url} does not end, or lost a page`,
    "Run it again; if it stays, the registry is at fault.",
  );
}

/** The next page by `Link`, relative or absolute (RFC 8288), on the same origin only; null: this was the last. */
function nextOf(response: HttpResponse, current: URL): URL | null {
  const link = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(response.headers["link"] ?? "")?.[1];
  if (link === undefined) return null;
  const next = URL.parse(link, current.href);
  if (next === null || next.origin !== current.origin) {
    throw noRegistry(
      current,
      `continues on another host (${JSON.stringify(link.slice(0, 200))}), which is not followed`,
    );
  }
  return next;
}
