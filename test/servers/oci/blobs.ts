import { randomUUID } from "node:crypto";
import type { Reply, ServedRequest } from "../http-server.ts";
import { ociError, READ_ONLY } from "./answers.ts";
import type { Place } from "./behaviour.ts";
import { sha256 } from "./store.ts";

/** Blobs: reading them, and uploading them into `uploads`. */
export function blobs(at: Place, request: ServedRequest, uploads: Map<string, Buffer>): Reply {
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

/** Uploads: POST begins (or, with a digest, is all; or mounts what is there), PATCH adds, PUT ends. */
function upload(
  { store, behaviour, repository, name, reference }: Place,
  request: ServedRequest,
  uploads: Map<string, Buffer>,
): Reply {
  const { method, url, body } = request;
  const mount = url.searchParams.get("mount") ?? "";
  if (method === "POST" && store.blob(mount) !== null) return created(name, mount);
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
  if (behaviour.blobsMakeRepository === "yes") store.touch(repository);
  return created(name, digest);
}

function created(name: string, digest: string): Reply {
  return { status: 201, headers: { location: `/v2/${name}/blobs/${digest}`, "docker-content-digest": digest } };
}
