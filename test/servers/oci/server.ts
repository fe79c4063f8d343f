import { isDigest } from "../../../src/digest.ts";
import { IMAGE, INDEX } from "../content.ts";
import {
  type Handler,
  type Reply,
  type ServedRequest,
  type ServeOptions,
  serve,
  type TestServer,
} from "../http-server.ts";
import { NO_ROUTE, ociError, READ_ONLY } from "./answers.ts";
import type { OciBehaviour, RequestTarget } from "./behaviour.ts";
import { serveBlob } from "./blobs.ts";
import { type RegistryStore, referencesOf, sha256 } from "./store.ts";

const MANIFEST_TYPES = [
  IMAGE,
  INDEX,
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** Serves an OCI registry with the content of a store. */
export function serveOci(store: RegistryStore, behaviour: OciBehaviour & ServeOptions = {}): Promise<TestServer> {
  return serve(createOciHandler(store, behaviour), behaviour);
}

/** Implements the OCI distribution-spec 1.1 over a store: pull, push, content discovery and deletion. */
export function createOciHandler(store: RegistryStore, behaviour: OciBehaviour = {}): Handler {
  const uploads = new Map<string, Buffer>();
  const prefix = behaviour.prefix ?? "";
  return (request) => {
    const refusal = behaviour.guard?.(request) ?? null;
    if (refusal !== null) return refusal;
    const path = decodeURIComponent(request.url.pathname);
    if (path === "/v2/" || path === "/v2") return { status: 200, headers: API_VERSION, body: {} };
    if (path === "/v2/_catalog") return catalog(store, behaviour, request);
    const [, name = "", kind = "", rest = ""] = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/(.*)$/.exec(path) ?? [];
    if (!name.startsWith(prefix)) return ociError(404, "NAME_UNKNOWN", "repository name not known to registry");
    const target: RequestTarget = { store, behaviour, repository: name.slice(prefix.length), name, reference: rest };
    if (kind === "manifests") return manifests(target, request);
    if (kind === "blobs") return serveBlob(target, request, uploads);
    if (kind === "tags") return tags(target, request);
    return kind === "referrers" ? referrers(target) : NO_ROUTE;
  };
}

const API_VERSION = { "docker-distribution-api-version": "registry/2.0" };

function manifests(target: RequestTarget, request: ServedRequest): Reply {
  switch (request.method) {
    case "GET":
    case "HEAD":
      return pullManifest(target, request);
    case "PUT":
      return pushManifest(target, request);
    case "DELETE":
      return deleteManifest(target);
    default:
      return ociError(405, "UNSUPPORTED", "The operation is unsupported.");
  }
}

function pullManifest({ store, behaviour, repository, reference }: RequestTarget, { headers }: ServedRequest): Reply {
  const manifest = store.resolve(repository, reference);
  if (manifest === null) return ociError(404, "MANIFEST_UNKNOWN", "manifest unknown");
  // Distribution returns 404 for an OCI type that the client does not accept.
  const accepted = (headers.accept ?? "").split(",").map((type) => type.split(";")[0]?.trim());
  const always = manifest.mediaType === INDEX && behaviour.indexes === "always";
  if (!always && manifest.mediaType.includes("vnd.oci") && !accepted.includes(manifest.mediaType)) {
    const [what, all] = manifest.mediaType === INDEX ? ["index", "indexes"] : ["manifest", "manifests"];
    return ociError(404, "MANIFEST_UNKNOWN", `OCI ${what} found, but accept header does not support OCI ${all}`);
  }
  return {
    status: 200,
    headers: { "content-type": manifest.mediaType, "docker-content-digest": manifest.digest },
    body: manifest.bytes,
  };
}

function pushManifest(
  { store, behaviour, repository, name, reference }: RequestTarget,
  { headers, body }: ServedRequest,
): Reply {
  if (behaviour.deletes === "read-only") return READ_ONLY;
  const mediaType = (headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
  if (!MANIFEST_TYPES.includes(mediaType)) return ociError(400, "MANIFEST_INVALID", "manifest invalid");
  const digest = sha256(body);
  if (isDigest(reference) && reference !== digest) return ociError(400, "DIGEST_INVALID", "digest does not match");
  const { children, blobs: wanted, subject } = referencesOf(body);
  if (
    behaviour.missingReferences !== "accepted" &&
    (wanted.some((blob) => store.blob(blob.digest) === null) ||
      children.some((child) => store.resolve(repository, child) === null))
  ) {
    return ociError(400, "MANIFEST_BLOB_UNKNOWN", "manifest references a manifest or blob unknown to registry");
  }
  store.putManifest(repository, reference, body, mediaType);
  const attached = subject === null || behaviour.referrersApi === "no" ? {} : { "oci-subject": subject };
  const location = `/v2/${name}/manifests/${digest}`;
  return { status: 201, headers: { location, "docker-content-digest": digest, ...attached } };
}

function deleteManifest({ store, behaviour, repository, reference }: RequestTarget): Reply {
  if (behaviour.deletes === "read-only") return READ_ONLY;
  if (behaviour.deletes === "disabled") return ociError(405, "UNSUPPORTED", "The operation is unsupported.");
  if (isDigest(reference)) {
    if (behaviour.referencedDeletes === "refused" && isReferenced(store, repository, reference)) {
      return ociError(405, "DENIED", "manifest is referenced by an index image");
    }
    const deleted = store.deleteManifest(repository, reference, behaviour.tagsOfDeleted);
    return deleted ? { status: 202 } : ociError(404, "MANIFEST_UNKNOWN", "manifest unknown");
  }
  if (behaviour.tagDeletes === "unsupported") return ociError(405, "UNSUPPORTED", "The operation is unsupported.");
  if (behaviour.tagDeletes === "ignored") return { status: 202 };
  // A tag cannot contain a colon.
  if (behaviour.tagDeletes === "refused" || reference.includes(":"))
    return ociError(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
  const deleted =
    behaviour.tagDeletes === "with the manifest"
      ? store.deleteManifest(repository, store.resolve(repository, reference)?.digest ?? reference)
      : store.deleteTag(repository, reference);
  return deleted ? { status: 202 } : ociError(404, "MANIFEST_UNKNOWN", "manifest unknown");
}

function isReferenced(store: RegistryStore, repository: string, digest: string): boolean {
  return store
    .manifests(repository)
    .some(({ bytes }) => referencesOf(bytes).children.some((child) => child === digest));
}

function tags({ store, behaviour, repository, name }: RequestTarget, request: ServedRequest): Reply {
  const stored = store.tags(repository);
  const isHidden = (tag: string): boolean => stored.some((other) => other !== tag && tag.startsWith(other));
  const all = behaviour.hiddenTags === "that begin with another" ? stored.filter((tag) => !isHidden(tag)) : stored;
  const continues = behaviour.afterUnknown === "null" && request.url.searchParams.has("last");
  if (all.length === 0 && !continues && !hasEmptyList(store, behaviour, repository)) {
    return ociError(404, "NAME_UNKNOWN", "repository name not known to registry");
  }
  if (behaviour.paging === "ignore-n") return { status: 200, body: { name, tags: all.length === 0 ? null : all } };
  const links = behaviour.paging === "by-link when full" ? "when full" : "to more";
  return paged(all, request, { ...behaviour, links }, (page) => ({ name, tags: page.length === 0 ? null : page }));
}

/** Whether a repository without tags has an empty list, and not 404. */
function hasEmptyList(store: RegistryStore, { withoutTags }: OciBehaviour, repository: string): boolean {
  if (withoutTags === "not-found until tagged") return store.wasTagged(repository);
  return withoutTags !== "not-found" && store.has(repository);
}

function catalog(store: RegistryStore, behaviour: OciBehaviour, request: ServedRequest): Reply {
  const names = store.repositories().map((name) => (behaviour.prefix ?? "") + name);
  return paged(names, request, behaviour, (repositories) => ({ repositories }));
}

/** Returns at most `n` names after `last`, and a link to the next page. */
function paged(
  all: readonly string[],
  { url }: ServedRequest,
  { pageSize = 100, paging, links = "to more" }: OciBehaviour & { readonly links?: "to more" | "when full" },
  bodyOf: (page: readonly string[]) => object,
): Reply {
  const last = url.searchParams.get("last") ?? "";
  const n = Number(url.searchParams.get("n") ?? pageSize);
  if (!Number.isInteger(n) || n < 1)
    return ociError(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested");
  const rest = all.filter((name) => name > last);
  const page = rest.slice(0, Math.min(n, pageSize));
  const next = new URLSearchParams({ last: page.at(-1) ?? "", n: String(n) });
  const hasNext = rest.length > page.length || (links === "when full" && page.length === n);
  const link = hasNext && paging !== "by-last" ? { link: `<${url.pathname}?${next}>; rel="next"` } : {};
  return { status: 200, headers: link, body: bodyOf(page) };
}

function referrers({ store, behaviour, repository, reference }: RequestTarget): Reply {
  if (behaviour.referrersApi === "no") return NO_ROUTE;
  const found = store.referrersOf(repository, reference).map(({ digest, bytes, mediaType }) => ({
    mediaType,
    digest,
    size: bytes.length,
    artifactType: referencesOf(bytes).artifactType ?? undefined,
  }));
  const body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: found });
  return { status: 200, headers: { "content-type": INDEX }, body };
}
