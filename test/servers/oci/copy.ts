import pMap from "p-map";
import { request } from "undici";
import { type Digest, isDigest } from "../../../src/digest.ts";
import { type RegistryStore, referencesOf, sha256 } from "./store.ts";

/** A registry as a plain client sees it: none of what is tested has a part in it. */
export interface RemoteRegistry {
  readonly url: URL;
  /** As in the header; default: none. */
  readonly authorization?: string;
}

/** The four types, as a client must accept them to be shown what is there. */
const ACCEPT = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

interface Sent {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** One request, whatever its answer. */
export async function ask(registry: RemoteRegistry, { method, path, headers = {}, body }: Sent): Promise<Answer> {
  const authorization = registry.authorization === undefined ? {} : { authorization: registry.authorization };
  const answer = await request(new URL(path, registry.url), {
    method,
    headers: { ...headers, ...authorization },
    ...(body === undefined ? {} : { body }),
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: Buffer.from(await answer.body.arrayBuffer()),
  };
}

/** Pushes all that a store holds, in the order in which it was put there: blobs, manifests by digest, then their tags. */
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
  const started = await expecting(202, to, { method: "POST", path: `/v2/${repository}/blobs/uploads/` });
  const place = new URL(String(started.headers["location"]), to.url);
  place.searchParams.set("digest", sha256(bytes));
  const headers = { "content-type": "application/octet-stream" };
  await expecting(201, to, { method: "PUT", path: place.pathname + place.search, headers, body: bytes });
}

export async function pushManifest(
  to: RemoteRegistry,
  repository: string,
  reference: string,
  bytes: Buffer,
  mediaType: string,
): Promise<void> {
  const path = `/v2/${repository}/manifests/${reference}`;
  await expecting(201, to, { method: "PUT", path, headers: { "content-type": mediaType }, body: bytes });
}

async function expecting(status: number, to: RemoteRegistry, sent: Sent): Promise<Answer> {
  const answer = await ask(to, sent);
  if (answer.status === status) return answer;
  throw new Error(`${sent.method} ${sent.path} answered ${answer.status}: ${answer.body.toString().slice(0, 500)}`);
}

/** All tags of all pages, sorted; none where the repository is unknown. */
export async function tagsOf(registry: RemoteRegistry, repository: string): Promise<readonly string[]> {
  const all: string[] = [];
  for (let path: string | undefined = `/v2/${repository}/tags/list`; path !== undefined; ) {
    const answer: Answer = await ask(registry, { method: "GET", path });
    if (answer.status === 404) return [];
    const { tags }: { tags: string[] | null } = JSON.parse(answer.body.toString());
    all.push(...(tags ?? []));
    path = /^<([^>]+)>/.exec(String(answer.headers["link"] ?? ""))?.[1];
  }
  return all.sort();
}

/** The status of a GET of a manifest by what accepts all of them. */
export async function manifestStatus(registry: RemoteRegistry, repository: string, reference: string): Promise<number> {
  return (await getManifest(registry, repository, reference)).status;
}

function getManifest(registry: RemoteRegistry, repository: string, reference: string): Promise<Answer> {
  return ask(registry, {
    method: "GET",
    path: `/v2/${repository}/manifests/${reference}`,
    headers: { accept: ACCEPT },
  });
}

/**
 * Pulls all that a tag or digest leads to, each digest once and checked: index, children, configs and layers.
 * Rejects where anything is missing, or other bytes come. Returns the digests.
 */
export async function pullWhole(
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
      const answer = await ask(registry, { method: "GET", path: `/v2/${repository}/blobs/${blob.digest}` });
      pulled.add(checked(answer, `${repository} ${reference}: blob ${blob.digest}`, blob.digest));
    }
    open.push(...children.filter((child) => !pulled.has(child)));
  }
  return pulled;
}

function checked({ status, body }: Answer, what: string, wanted: Digest | null): Digest {
  if (status !== 200) throw new Error(`${what} answered ${status}: ${body.toString().slice(0, 300)}`);
  const digest = sha256(body);
  if (wanted !== null && wanted !== digest) throw new Error(`${what} came with the digest ${digest}`);
  return digest;
}
