import { randomUUID } from "node:crypto";
import type { Reply, ServedRequest } from "../http-server.ts";
import { ociError, READ_ONLY } from "./answers.ts";
import type { RequestTarget } from "./behaviour.ts";
import { digestBy } from "./store.ts";

/** Serves blobs, and receives them into `uploads`. */
export function serveBlob(target: RequestTarget, request: ServedRequest, uploads: Map<string, Buffer>): Reply {
  const { store, behaviour, name, reference } = target;
  if (reference.startsWith("uploads")) {
    return behaviour.deletes === "read-only" ? READ_ONLY : upload(target, request, uploads);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return ociError(405, "UNSUPPORTED", "The operation is unsupported.");
  }
  const blob = store.blob(reference);
  if (blob === null) return ociError(404, "BLOB_UNKNOWN", `blob unknown to registry ${name}`);
  const headers = { "content-type": "application/octet-stream", "docker-content-digest": reference };
  return { status: 200, headers, body: blob };
}

/** POST starts an upload, completes it if it has a digest, or mounts an existing blob. PATCH appends, PUT completes. */
function upload(
  { store, behaviour, repository, name, reference }: RequestTarget,
  request: ServedRequest,
  uploads: Map<string, Buffer>,
): Reply {
  const { method, url, body } = request;
  const mount = url.searchParams.get("mount") ?? "";
  if (method === "POST" && store.blob(mount) !== null) return created(name, mount);
  const id = method === "POST" ? randomUUID() : reference.slice("uploads/".length);
  const received = method === "POST" ? Buffer.alloc(0) : uploads.get(id);
  if (received === undefined) return ociError(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
  const bytes = Buffer.concat([received, body]);
  const digest = url.searchParams.get("digest");
  const start = /^(\d+)-/.exec(request.headers["content-range"] ?? "")?.[1];
  const location = `/v2/${name}/blobs/uploads/${id}`;
  if (method !== "GET" && start !== undefined && Number(start) !== received.length) {
    return { status: 416, headers: { location, range: `0-${Math.max(0, received.length - 1)}` } };
  }
  if (digest === null) {
    if (method === "GET") return { status: 204, headers: { location, range: `0-${Math.max(0, received.length - 1)}` } };
    uploads.set(id, bytes);
    return {
      status: 202,
      headers: { location, range: `0-${Math.max(0, bytes.length - 1)}`, "docker-upload-uuid": id },
    };
  }
  if (digestBy(digest, bytes) !== digest)
    return ociError(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
  uploads.delete(id);
  store.putBlob(bytes, digest);
  if (behaviour.blobsCreateRepository === "yes") store.create(repository);
  return created(name, digest);
}

function created(name: string, digest: string): Reply {
  return { status: 201, headers: { location: `/v2/${name}/blobs/${digest}`, "docker-content-digest": digest } };
}
