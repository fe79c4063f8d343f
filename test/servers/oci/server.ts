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
import { serveCatalog, serveReferrers, serveTags } from "./lists.ts";
import { digestBy, type RegistryStore, referencesOf } from "./store.ts";

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
    if (path === "/v2/_catalog") return serveCatalog(store, behaviour, request);
    const [, name = "", kind = "", rest = ""] = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/(.*)$/.exec(path) ?? [];
    if (!name.startsWith(prefix)) return ociError(404, "NAME_UNKNOWN", "repository name not known to registry");
    const target: RequestTarget = { store, behaviour, repository: name.slice(prefix.length), name, reference: rest };
    if (kind === "manifests") return manifests(target, request);
    if (kind === "blobs") return serveBlob(target, request, uploads);
    if (kind === "tags") return serveTags(target, request);
    return kind === "referrers" ? serveReferrers(target, request) : NO_ROUTE;
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
  { headers, body, url }: ServedRequest,
): Reply {
  if (behaviour.deletes === "read-only") return READ_ONLY;
  // A tag cannot contain a colon.
  if (!isDigest(reference) && reference.includes(":")) return ociError(400, "DIGEST_INVALID", "invalid digest");
  const mediaType = (headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
  if (!MANIFEST_TYPES.includes(mediaType)) return ociError(400, "MANIFEST_INVALID", "manifest invalid");
  const digest = digestBy(reference, body);
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
  const tags = url.searchParams.getAll("tag");
  for (const tag of tags) store.tag(repository, tag, digest);
  const tagged: Record<string, string> = tags.length === 0 ? {} : { "oci-tag": tags.join(", ") };
  const attached = subject === null || behaviour.referrersApi === "no" ? {} : { "oci-subject": subject };
  const location = `/v2/${name}/manifests/${digest}`;
  return { status: 201, headers: { location, "docker-content-digest": digest, ...attached, ...tagged } };
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
