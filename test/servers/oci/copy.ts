import pMap from "p-map";
import { request as send } from "undici";
import { type Digest, isDigest } from "../../../src/digest.ts";
import { type RegistryStore, referencesOf, sha256 } from "./store.ts";

/** A registry for a client that shares no code with the tested one. */
export interface RemoteRegistry {
  readonly url: URL;
  /** The `Authorization` header; default: none. */
  readonly authorization?: string;
}

const ACCEPT = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

interface Request {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Sends one request and returns the response of any status. */
export async function request(
  registry: RemoteRegistry,
  { method, path, headers = {}, body }: Request,
): Promise<Response> {
  const authorization = registry.authorization === undefined ? {} : { authorization: registry.authorization };
  const response = await send(new URL(path, registry.url), {
    method,
    headers: { ...headers, ...authorization },
    ...(body === undefined ? {} : { body }),
  });
  return {
    status: response.statusCode,
    headers: response.headers,
    body: Buffer.from(await response.body.arrayBuffer()),
  };
}

/** Pushes the content of a store in its order: blobs, then manifests by their tags or digest. */
export async function copyStore(store: RegistryStore, to: RemoteRegistry): Promise<void> {
  for (const repository of store.repositories()) {
    const manifests = store.manifests(repository);
    const blobs = new Set(manifests.flatMap(({ bytes }) => referencesOf(bytes).blobs.map(({ digest }) => digest)));
    await pMap(blobs, (blob) => pushBlob(to, repository, store.blob(blob) ?? Buffer.alloc(0)), { concurrency: 8 });
    for (const { bytes, digest, mediaType } of manifests) {
      const tags = store.tagsOf(repository, digest);
      for (const reference of tags.length > 0 ? tags : [digest]) {
        await pushManifest(to, repository, reference, bytes, mediaType);
      }
    }
  }
}

export async function pushBlob(to: RemoteRegistry, repository: string, bytes: Buffer): Promise<void> {
  const started = await requestExpecting(202, to, { method: "POST", path: `/v2/${repository}/blobs/uploads/` });
  const upload = new URL(String(started.headers["location"]), to.url);
  upload.searchParams.set("digest", sha256(bytes));
  const headers = { "content-type": "application/octet-stream" };
  await requestExpecting(201, to, { method: "PUT", path: upload.pathname + upload.search, headers, body: bytes });
}

export async function pushManifest(
  to: RemoteRegistry,
  repository: string,
  reference: string,
  bytes: Buffer,
  mediaType: string,
): Promise<void> {
  const path = `/v2/${repository}/manifests/${reference}`;
  await requestExpecting(201, to, { method: "PUT", path, headers: { "content-type": mediaType }, body: bytes });
}

async function requestExpecting(status: number, to: RemoteRegistry, wanted: Request): Promise<Response> {
  const response = await request(to, wanted);
  if (response.status === status) return response;
  throw new Error(
    `${wanted.method} ${wanted.path} returned ${response.status}: ${response.body.toString().slice(0, 500)}`,
  );
}

/** Returns the tags of all pages, sorted; none if the repository does not exist. */
export async function tagsOf(registry: RemoteRegistry, repository: string): Promise<readonly string[]> {
  const all: string[] = [];
  for (let path: string | undefined = `/v2/${repository}/tags/list`; path !== undefined; ) {
    const response: Response = await request(registry, { method: "GET", path });
    if (response.status === 404) return [];
    const { tags }: { tags: string[] | null } = JSON.parse(response.body.toString());
    all.push(...(tags ?? []));
    path = /^<([^>]+)>/.exec(String(response.headers["link"] ?? ""))?.[1];
  }
  return all.sort();
}

/** Returns the status of a GET of a manifest. */
export async function manifestStatus(registry: RemoteRegistry, repository: string, reference: string): Promise<number> {
  return (await getManifest(registry, repository, reference)).status;
}

function getManifest(registry: RemoteRegistry, repository: string, reference: string): Promise<Response> {
  return request(registry, {
    method: "GET",
    path: `/v2/${repository}/manifests/${reference}`,
    headers: { accept: ACCEPT },
  });
}

/**
 * Pulls an image completely: index, children, configs and layers, each once. Returns their digests. Throws if one is missing
 * or has another digest.
 */
export async function pullImage(
  registry: RemoteRegistry,
  repository: string,
  reference: string,
): Promise<ReadonlySet<Digest>> {
  const pulled = new Set<Digest>();
  const open = [reference];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const manifest = await getManifest(registry, repository, next);
    const digest = checked(manifest, `${repository} ${reference}: manifest ${next}`, isDigest(next) ? next : null);
    pulled.add(digest);
    const { children, blobs } = referencesOf(manifest.body);
    for (const blob of blobs) {
      if (pulled.has(blob.digest)) continue;
      const response = await request(registry, { method: "GET", path: `/v2/${repository}/blobs/${blob.digest}` });
      pulled.add(checked(response, `${repository} ${reference}: blob ${blob.digest}`, blob.digest));
    }
    open.push(...children.filter((child) => !pulled.has(child)));
  }
  return pulled;
}

function checked({ status, body }: Response, what: string, wanted: Digest | null): Digest {
  if (status !== 200) throw new Error(`${what} returned ${status}: ${body.toString().slice(0, 300)}`);
  const digest = sha256(body);
  if (wanted !== null && wanted !== digest) throw new Error(`${what} has the digest ${digest}`);
  return digest;
}
