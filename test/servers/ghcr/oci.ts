import type { Handler, Reply, ServedRequest } from "../http-server.ts";
import { active, type Packages } from "./packages.ts";

export interface GhcrOciOptions {
  readonly owner: string;
  readonly token: string;
  readonly packages: Packages;
}

const BEARER = "bearer-token";
/** ghcr.io redirects requests for referrers here (artifacthub/hub#4785). Refsweep must not follow. */
const WEB_PAGE = "https://github.invalid/-/v2/packages/container/package";

/**
 * ghcr.io's OCI endpoint: a Bearer token at /token, manifests and tags. DELETE returns 405, and there is neither a catalog
 * nor a referrers API (containers/skopeo#1880, actions/attest-build-provenance#71).
 */
export function createGhcrOci(options: GhcrOciOptions): Handler {
  return (request) => {
    const { pathname, origin } = request.url;
    if (pathname === "/token") return issueToken(options, request);
    if (request.headers.authorization !== `Bearer ${BEARER}`) return challenge(origin, pathname);
    const found = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/([^/]+)$/.exec(pathname);
    const [, name = "", kind, reference = ""] = found ?? [];
    const prefix = `${options.owner.toLowerCase()}/`;
    // Names must be in lower case.
    if (!name.startsWith(prefix)) return ociError(404, "NAME_UNKNOWN", "repository name not known to registry");
    const repository = name.slice(prefix.length);
    if (kind === "manifests") return manifest(options.packages, repository, reference, request);
    if (kind === "tags" && reference === "list") return tags(options.packages, repository, name);
    if (kind === "blobs") return blob(options.packages, repository, reference);
    if (kind === "referrers") return { status: 303, headers: { location: WEB_PAGE } };
    return { status: 404, body: "404 page not found\n" };
  };
}

function issueToken({ token }: GhcrOciOptions, { headers }: ServedRequest): Reply {
  const [, encoded = ""] = (headers.authorization ?? "").split(" ");
  const secret = Buffer.from(encoded, "base64").toString("utf8").split(":")[1];
  if (secret !== token) return ociError(403, "DENIED", "requested access to the resource is denied");
  return { status: 200, body: { token: BEARER, expires_in: 300 } };
}

function challenge(origin: string, pathname: string): Reply {
  const name = /^\/v2\/(.+)\/(?:manifests|tags|blobs|referrers)\//.exec(pathname)?.[1] ?? "";
  const scope = `repository:${name}:pull`;
  return {
    ...ociError(401, "UNAUTHORIZED", "authentication required"),
    headers: { "www-authenticate": `Bearer realm="${origin}/token",service="ghcr.io",scope="${scope}"` },
  };
}

function manifest(
  packages: Packages,
  repository: string,
  reference: string,
  { method, headers }: ServedRequest,
): Reply {
  if (method !== "GET" && method !== "HEAD") return ociError(405, "UNSUPPORTED", "The operation is unsupported.");
  const version = packages.find(repository, reference);
  if (version === null || !(headers.accept ?? "").includes(version.mediaType)) {
    return ociError(404, "MANIFEST_UNKNOWN", "manifest unknown");
  }
  return {
    status: 200,
    headers: { "content-type": version.mediaType, "docker-content-digest": version.digest },
    body: version.bytes,
  };
}

/** Blobs are not stored: those that a manifest names exist. */
function blob(packages: Packages, repository: string, reference: string): Reply {
  const isNamed = active(packages.get(repository)).some(({ bytes }) => bytes.includes(reference));
  if (!isNamed) return ociError(404, "BLOB_UNKNOWN", "blob unknown to registry");
  return { status: 307, headers: { location: "https://pkg-containers.githubusercontent.example/blob" } };
}

function tags(packages: Packages, repository: string, name: string): Reply {
  const stored = packages.get(repository);
  if (stored === null) return ociError(404, "NAME_UNKNOWN", "repository name not known to registry");
  const all = stored.versions.filter(({ deletedAt }) => deletedAt === null).flatMap((version) => version.tags);
  return { status: 200, body: { name, tags: all.sort() } };
}

function ociError(status: number, code: string, message: string): Reply {
  return { status, body: { errors: [{ code, message }] } };
}
