import { randomUUID } from "node:crypto";
import { isDigest } from "../../src/plan/manifest.ts";
import { IMAGE, INDEX } from "./content.ts";
import {
  type Handler,
  type Reply,
  type ServedRequest,
  type ServeOptions,
  serve,
  type TestServer,
} from "./http-server.ts";
import { type RegistryStore, referencesOf, sha256 } from "./store.ts";

/** How an embedded registry behaves; the defaults are those of a registry that implements all of the OCI distribution-spec. */
export interface OciBehaviour {
  readonly referrersApi?: "yes" | "no";
  readonly deletes?: "enabled" | "disabled" | "read-only";
  /** What DELETE of a tag does: v3 and zot delete it, 2.8 answers 400. */
  readonly tagDeletes?: "enabled" | "refused";
  /** `ignore-n`: all tags in one answer, as 2.8 gives them. */
  readonly paging?: "by-link" | "ignore-n";
  /** A prefix of all names (`NAME/`), which the store does not have. */
  readonly prefix?: string;
  /** Called before anything else; null lets the request through. */
  readonly guard?: (request: ServedRequest) => Reply | null;
}

const MANIFEST_TYPES = [
  IMAGE,
  INDEX,
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** Serves an OCI registry over a store. */
export function serveOci(store: RegistryStore, behaviour: OciBehaviour & ServeOptions = {}): Promise<TestServer> {
  return serve(playOci(store, behaviour), behaviour);
}

/** The OCI distribution-spec 1.1 over a store: pull, push, discovery and deletion. */
export function playOci(store: RegistryStore, behaviour: OciBehaviour = {}): Handler {
  const uploads = new Map<string, Buffer>();
  const prefix = behaviour.prefix ?? "";
  return (request) => {
    const refusal = behaviour.guard?.(request) ?? null;
    if (refusal !== null) return refusal;
    const path = decodeURIComponent(request.url.pathname);
    if (path === "/v2/" || path === "/v2") return { status: 200, headers: API_VERSION, body: {} };
    if (path === "/v2/_catalog") return catalog(store, prefix, request);
    const [, name = "", kind = "", rest = ""] = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/(.*)$/.exec(path) ?? [];
    if (!name.startsWith(prefix)) return ociError(404, "NAME_UNKNOWN", "repository name not known to registry");
    const at: Place = { store, behaviour, repository: name.slice(prefix.length), name, reference: rest };
    if (kind === "manifests") return manifests(at, request);
    if (kind === "blobs") return blobs(at, request, uploads);
    if (kind === "tags") return tags(at, request);
    return kind === "referrers" ? referrers(at) : { status: 404, headers: TEXT, body: "404 page not found\n" };
  };
}

interface Place {
  readonly store: RegistryStore;
  readonly behaviour: OciBehaviour;
  readonly repository: string;
  /** With the prefix, as clients know it. */
  readonly name: string;
  readonly reference: string;
}

const TEXT = { "content-type": "text/plain; charset=utf-8" };
const API_VERSION = { "docker-distribution-api-version": "registry/2.0" };

/** An error as the OCI distribution-spec shapes it. */
export function ociError(status: number, code: string, message: string): Reply {
  return { status, body: { errors: [{ code, message }] } };
}

function manifests(at: Place, request: ServedRequest): Reply {
  switch (request.method) {
    case "GET":
    case "HEAD":
      return pullManifest(at, request);
    case "PUT":
      return pushManifest(at, request);
    case "DELETE":
      return deleteManifest(at);
    default:
      return ociError(405, "UNSUPPORTED", "The operation is unsupported.");
  }
}

function pullManifest({ store, repository, reference }: Place, { headers }: ServedRequest): Reply {
  const manifest = store.resolve(repository, reference);
  if (manifest === null) return ociError(404, "MANIFEST_UNKNOWN", "manifest unknown");
  // As distribution does: an OCI type that the client does not accept is not found.
  const accepted = (headers.accept ?? "").split(",").map((type) => type.split(";")[0]?.trim());
  if (manifest.mediaType.includes("vnd.oci") && !accepted.includes(manifest.mediaType)) {
    return ociError(404, "MANIFEST_UNKNOWN", "OCI manifest found, but accept header does not support OCI manifests");
  }
  return {
    status: 200,
    headers: { "content-type": manifest.mediaType, "docker-content-digest": manifest.digest },
    body: manifest.bytes,
  };
}

function pushManifest(
  { store, behaviour, repository, name, reference }: Place,
  { headers, body }: ServedRequest,
): Reply {
  if (behaviour.deletes === "read-only") return READ_ONLY;
  const mediaType = (headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
  if (!MANIFEST_TYPES.includes(mediaType)) return ociError(400, "MANIFEST_INVALID", "manifest invalid");
  const digest = sha256(body);
  if (isDigest(reference) && reference !== digest) return ociError(400, "DIGEST_INVALID", "digest does not match");
  const { children, blobs: wanted, subject } = referencesOf(body);
  if (
    wanted.some((blob) => store.blob(blob.digest) === null) ||
    children.some((child) => store.resolve(repository, child) === null)
  ) {
    return ociError(400, "MANIFEST_BLOB_UNKNOWN", "manifest references a manifest or blob unknown to registry");
  }
  store.putManifest(repository, reference, body, mediaType);
  const attached = subject === null || behaviour.referrersApi === "no" ? {} : { "oci-subject": subject };
  const location = `/v2/${name}/manifests/${digest}`;
  return { status: 201, headers: { location, "docker-content-digest": digest, ...attached } };
}

function deleteManifest({ store, behaviour, repository, reference }: Place): Reply {
  if (behaviour.deletes === "read-only") return READ_ONLY;
  if (behaviour.deletes === "disabled") return ociError(405, "UNSUPPORTED", "The operation is unsupported.");
  if (isDigest(reference)) {
    const gone = store.deleteManifest(repository, reference);
    return gone ? { status: 202 } : ociError(404, "MANIFEST_UNKNOWN", "manifest unknown");
  }
  if (behaviour.tagDeletes === "refused")
    return ociError(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
  return store.deleteTag(repository, reference)
    ? { status: 202 }
    : ociError(404, "MANIFEST_UNKNOWN", "manifest unknown");
}

const READ_ONLY: Reply = { status: 405, headers: { ...TEXT, allow: "GET, HEAD" }, body: "Method not allowed\n" };

function tags({ store, behaviour, repository, name }: Place, { url }: ServedRequest): Reply {
  if (!store.has(repository)) return ociError(404, "NAME_UNKNOWN", "repository name not known to registry");
  const all = store.tags(repository);
  const { page, next } = pageOf(all, url, behaviour.paging === "ignore-n" ? all.length : undefined);
  const link = next === null ? {} : { link: `</v2/${name}/tags/list?${next}>; rel="next"` };
  return { status: 200, headers: link, body: { name, tags: page.length === 0 ? null : page } };
}

function catalog(store: RegistryStore, prefix: string, { url }: ServedRequest): Reply {
  const { page, next } = pageOf(
    store.repositories().map((name) => prefix + name),
    url,
    undefined,
  );
  const link = next === null ? {} : { link: `</v2/_catalog?${next}>; rel="next"` };
  return { status: 200, headers: link, body: { repositories: page } };
}

/** The names after `last`, `n` of them at most, and the query of the next page. */
function pageOf(
  all: readonly string[],
  { searchParams }: URL,
  most: number | undefined,
): { readonly page: readonly string[]; readonly next: string | null } {
  const last = searchParams.get("last") ?? "";
  const size = most ?? Number(searchParams.get("n") ?? 100);
  const rest = all.filter((name) => name > last);
  const page = rest.slice(0, size);
  const next =
    rest.length > page.length ? new URLSearchParams({ last: page.at(-1) ?? "", n: String(size) }).toString() : null;
  return { page, next };
}

function referrers({ store, behaviour, repository, reference }: Place): Reply {
  if (behaviour.referrersApi === "no") return { status: 404, headers: TEXT, body: "404 page not found\n" };
  const found = store.referrersOf(repository, reference).map(({ digest, bytes, mediaType }) => ({
    mediaType,
    digest,
    size: bytes.length,
    artifactType: referencesOf(bytes).artifactType ?? undefined,
  }));
  const body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: found });
  return { status: 200, headers: { "content-type": INDEX }, body };
}

function blobs(at: Place, request: ServedRequest, uploads: Map<string, Buffer>): Reply {
  const { store, behaviour, name, reference } = at;
  if (reference.startsWith("uploads")) {
    return behaviour.deletes === "read-only" ? READ_ONLY : upload(at, request, uploads);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return ociError(405, "UNSUPPORTED", "The operation is unsupported.");
  }
  const blob = store.blob(reference);
  if (blob === null) return ociError(404, "BLOB_UNKNOWN", `blob unknown to registry ${name}`);
  const headers = { "content-type": "application/octet-stream", "docker-content-digest": reference };
  return { status: 200, headers, body: blob };
}

/** Uploads: POST begins (or, with a digest, is all), PATCH adds, PUT ends. A mount is answered as an upload, which is allowed. */
function upload({ store, name, reference }: Place, request: ServedRequest, uploads: Map<string, Buffer>): Reply {
  const { method, url, body } = request;
  const id = method === "POST" ? randomUUID() : reference.slice("uploads/".length);
  const soFar = method === "POST" ? Buffer.alloc(0) : uploads.get(id);
  if (soFar === undefined) return ociError(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
  const bytes = Buffer.concat([soFar, body]);
  const digest = url.searchParams.get("digest");
  if (digest === null) {
    const begin = /^(\d+)-/.exec(request.headers["content-range"] ?? "")?.[1];
    const location = `/v2/${name}/blobs/uploads/${id}`;
    if (method === "GET") return { status: 204, headers: { location, range: `0-${Math.max(0, soFar.length - 1)}` } };
    if (begin !== undefined && Number(begin) !== soFar.length)
      return { status: 416, headers: { location, range: `0-${soFar.length - 1}` } };
    uploads.set(id, bytes);
    return {
      status: 202,
      headers: { location, range: `0-${Math.max(0, bytes.length - 1)}`, "docker-upload-uuid": id },
    };
  }
  if (sha256(bytes) !== digest)
    return ociError(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
  uploads.delete(id);
  store.putBlob(bytes);
  return { status: 201, headers: { location: `/v2/${name}/blobs/${digest}`, "docker-content-digest": digest } };
}
