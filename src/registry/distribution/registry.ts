import pMap from "p-map";
import type { Digest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { HttpResponse } from "../../http/http.ts";
import type { Log } from "../../log.ts";
import type { RegistryAddress } from "../../settings.ts";
import type { ListedManifest, ManifestContent } from "../manifest.ts";
import { refusedAnswer } from "../oci/auth/refusal.ts";
import type { OciClient, OciManifest } from "../oci/client.ts";
import type { Deletion, GarbageCollection, Listing, Registry } from "../registry.ts";
import type { Holdings } from "./gc-command.ts";
import { createHoldings } from "./holdings.ts";
import { selectRepositories } from "./names.ts";
import { createUntagger } from "./untag.ts";

export interface DistributionOptions {
  /** Its path is the prefix that all names have in common, perhaps empty. */
  readonly address: RegistryAddress;
  readonly oci: OciClient;
  readonly log: Log;
  /** Runs the command of `gc-command`; null: there is none. */
  readonly collectGarbage: ((holdings: Holdings) => Promise<GarbageCollection>) | null;
  /** `told`: what is deleted is read before, so that the collection can be told by its bytes. */
  readonly sizes: "told" | "untold";
}

/** Requests that one listing has ready: how many are in flight is the HTTP stack's to say. */
const READY = 64;
/** No manifest has it: what a registry answers to its deletion says whether it deletes at all. */
const NOBODY: Digest = `sha256:${"0".repeat(64)}`;

/**
 * Any registry by the OCI distribution-spec: Docker Distribution, zot, Harbor, Gitea. It lists tags only: untagged
 * manifests are known as far as what is tagged refers to them.
 */
export function openDistribution({ address, oci, log, collectGarbage, sizes }: DistributionOptions): Registry {
  const nameOf = (repository: string): string => (address.path === "" ? repository : `${address.path}/${repository}`);
  const holdings = createHoldings();
  let writable: Promise<void> | null = null;
  const untag = createUntagger(oci);

  async function read(repository: string, digest: Digest): Promise<ManifestContent | "missing"> {
    const content = await oci.read(nameOf(repository), digest);
    if (content !== "missing") holdings.learn(repository, digest, content);
    return content;
  }

  return {
    provider: "distribution",
    listsUntagged: false,
    keepsLastTagged: false,
    repositories: (selection) => selectRepositories({ address, oci, log, nameOf }, selection),
    list: (repository) =>
      listTagged(oci, nameOf(repository), ({ digest, content }) => holdings.learn(repository, digest, content)),
    read,
    createdAt: (repository, digest) => createdAt(oci, nameOf(repository), digest),
    referrers: (repository, digest) => oci.referrers(nameOf(repository), digest),
    prepareDeletion: (repository) => {
      writable ??= proveWritable(oci, address, nameOf(repository));
      return writable;
    },
    // By digest alone, though with its tags gone before it takes Distribution 3 half the time: what an interruption leaves
    // without a tag is shown by no listing, and no later run would find it.
    delete: async (repository, { digest }) => {
      // Only a size is missed where it cannot be read: what goes was decided by what is known.
      if (sizes === "told") await read(repository, digest).catch((error: unknown) => throwUnlessListing(error));
      const deletion = await deleteDigest(oci, nameOf(repository), digest);
      holdings.forget(repository, digest);
      return deletion;
    },
    deletesTags: true,
    deleteTag: (repository, tag) => untag(nameOf(repository), tag),
    collectGarbage: async () => (collectGarbage === null ? UNSUPPORTED : collectGarbage(holdings)),
  };
}

const UNSUPPORTED: GarbageCollection = {
  status: "unsupported",
  freedBytes: null,
  blobsDeleted: null,
  note: "No garbage was collected: this registry has no API for it. Give the command as `gc-command`: see `Self-hosted registries` in Refsweep's README.",
};

function throwUnlessListing(error: unknown): void {
  if (error instanceof Fault && error.kind === "listing") return;
  if (error instanceof HttpError && error.code !== "interrupted") return;
  throw error;
}

/** Every tag with its manifest. A tag that answers 404 was deleted since, or leads nowhere: either way it keeps nothing. */
async function listTagged(oci: OciClient, name: string, learn: (manifest: OciManifest) => void): Promise<Listing> {
  const listed = await oci.tags(name);
  const tags: readonly string[] = listed === "missing" ? [] : [...new Set(listed)];
  const byDigest = new Map<Digest, string[]>();
  const resolve = async (tag: string): Promise<void> => {
    const found = await oci.resolve(name, tag);
    if (found === "missing") return;
    learn(found);
    byDigest.set(found.digest, [...(byDigest.get(found.digest) ?? []), tag]);
  };
  await pMap(tags, resolve, { concurrency: READY });
  const manifests: ListedManifest[] = [...byDigest].map(([digest, own]) => ({
    digest,
    tags: own.sort(),
    sizeBytes: null,
    blobs: null,
  }));
  return { manifests, times: new Map() };
}

/** An image's creation: its annotation, else its config's; an index's: its annotation, else the newest of what it lists. */
async function createdAt(oci: OciClient, name: string, digest: Digest): Promise<number | null> {
  const content = await oci.read(name, digest);
  if (content === "missing") return null;
  if (content.annotatedAt !== null) return content.annotatedAt;
  if (content.kind === "image") return content.config === null ? null : oci.createdAt(name, content.config);
  const times = await pMap(content.children, ({ digest: child }) => imageCreatedAt(oci, name, child), {
    concurrency: READY,
  });
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

async function imageCreatedAt(oci: OciClient, name: string, digest: Digest): Promise<number | null> {
  const content = await oci.read(name, digest);
  if (content === "missing" || isAttestation(content)) return null;
  return content.annotatedAt ?? (content.config === null ? null : oci.createdAt(name, content.config));
}

/** BuildKit's attestations are images of in-toto layers. */
function isAttestation(content: ManifestContent): boolean {
  return content.blobs.some(({ mediaType }) => mediaType === "application/vnd.in-toto+json");
}

/** Asks for the deletion of what no registry has: 404 proves that deletions are on, 405 that they are not. */
async function proveWritable(oci: OciClient, address: RegistryAddress, name: string): Promise<void> {
  const response = await oci.delete(name, NOBODY);
  if (response.status !== 405) return;
  const disabled = isJson(response);
  throw new Fault(
    "registry",
    disabled ? `${address.name}: deletes are disabled` : `${address.name}: the registry is read-only`,
    disabled
      ? "set storage.delete.enabled or REGISTRY_STORAGE_DELETE_ENABLED=true, and restart it"
      : "end its maintenance (storage.maintenance.readonly), restart it, and run this again",
  );
}

function isJson(response: HttpResponse): boolean {
  return response.body.toString("utf8").trimStart().startsWith("{");
}

async function deleteDigest(oci: OciClient, name: string, digest: Digest): Promise<Deletion> {
  const isGone = async (): Promise<boolean> => !(await oci.exists(name, digest));
  let response: HttpResponse;
  try {
    response = await oci.delete(name, digest);
  } catch (error) {
    // A registry that failed while it took the tags away may have deleted it all the same (distribution 3).
    if (!(error instanceof HttpError) || error.status === undefined || error.status < 500) throw error;
    if (await isGone()) return { outcome: "deleted" };
    throw error;
  }
  // 202 is the spec's answer. Some registries say 200 or 204, and so does a proxy or a login page in their place.
  if (response.status === 202) return { outcome: "deleted" };
  if (response.status < 300 && (await isGone())) return { outcome: "deleted" };
  if (response.status === 404 && (await isGone())) return { outcome: "gone" };
  throw refusedAnswer("DELETE", response, [], ", and the manifest is still there");
}
