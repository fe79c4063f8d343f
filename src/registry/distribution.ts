import pMap from "p-map";
import { Fault } from "../fault.ts";
import { HttpError } from "../http/errors.ts";
import type { HttpResponse } from "../http/http.ts";
import type { Digest, ListedManifest, ManifestContent } from "../plan/manifest.ts";
import type { RegistryAddress } from "../settings.ts";
import { selectFrom, unknownRepositories } from "./names.ts";
import type { OciClient } from "./oci.ts";
import type {
  Deletion,
  GarbageCollection,
  Listing,
  Registry,
  RepositoryNames,
  RepositorySelection,
} from "./registry.ts";

export interface DistributionOptions {
  /** Its path is the prefix that all names have in common, perhaps empty. */
  readonly address: RegistryAddress;
  readonly oci: OciClient;
  /** Runs the command of `gc-command`. */
  readonly collectGarbage: () => Promise<GarbageCollection>;
}

/** Requests that one listing has ready: how many are in flight is the HTTP stack's to say. */
const READY = 64;
/** No manifest has it: what a registry answers to its deletion says whether it deletes at all. */
const NOBODY: Digest = `sha256:${"0".repeat(64)}`;

/**
 * Any registry by the OCI distribution-spec: Docker Distribution, zot, Harbor, Gitea. It lists tags only: untagged
 * manifests are known as far as what is tagged refers to them.
 */
export function openDistribution({ address, oci, collectGarbage }: DistributionOptions): Registry {
  const nameOf = (repository: string): string => (address.path === "" ? repository : `${address.path}/${repository}`);
  let writable: Promise<void> | null = null;
  let untags = true;

  return {
    provider: "distribution",
    listsUntagged: false,
    keepsLastTagged: false,
    repositories: (selection) => selectRepositories(oci, address, selection, nameOf),
    list: (repository) => listTagged(oci, nameOf(repository)),
    read: (repository, digest) => oci.read(nameOf(repository), digest),
    createdAt: (repository, digest) => createdAt(oci, nameOf(repository), digest),
    referrers: (repository, digest) => oci.referrers(nameOf(repository), digest),
    prepareDeletion: (repository) => {
      writable ??= proveWritable(oci, address, nameOf(repository));
      return writable;
    },
    delete: (repository, { digest }) => deleteDigest(oci, nameOf(repository), digest),
    deleteTag: async (repository, tag) => {
      if (!untags) return "unsupported";
      const { status } = await oci.delete(nameOf(repository), tag);
      if (status === 404) return "gone";
      untags = status < 300;
      return untags ? "deleted" : "unsupported";
    },
    collectGarbage,
  };
}

async function selectRepositories(
  oci: OciClient,
  address: RegistryAddress,
  selection: RepositorySelection,
  nameOf: (repository: string) => string,
): Promise<RepositoryNames> {
  if (selection.names === null) return selectFrom(address.name, await namesBelow(oci, address.path), selection);
  const found = await pMap(selection.names, async (name) => ({ name, tags: await oci.tags(nameOf(name)) }));
  const doubtful = found.filter(({ tags }) => tags === "missing").map(({ name }) => name);
  if (doubtful.length > 0) {
    // A repository whose manifests were pushed by digest only answers 404 as well (distribution 2.8): the catalog knows.
    const all = await namesBelow(oci, address.path).catch((): readonly string[] => []);
    const absent = doubtful.filter((name) => !all.includes(name));
    if (absent.length > 0) throw unknownRepositories(address.name, absent, all);
  }
  return { matching: selection.names, existing: [] };
}

/** The names of the catalog below `prefix`, without it. */
async function namesBelow(oci: OciClient, prefix: string): Promise<readonly string[]> {
  const all = await oci.catalog();
  const below =
    prefix === "" ? all : all.flatMap((name) => (name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : []));
  return [...new Set(below)].sort();
}

/** Every tag with its manifest. A tag that answers 404 was deleted since, or leads nowhere: either way it keeps nothing. */
async function listTagged(oci: OciClient, name: string): Promise<Listing> {
  const listed = await oci.tags(name);
  const tags: readonly string[] = listed === "missing" ? [] : [...new Set(listed)];
  const byDigest = new Map<Digest, string[]>();
  const resolve = async (tag: string): Promise<void> => {
    const found = await oci.resolve(name, tag);
    if (found === "missing") return;
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
  throw new HttpError(`DELETE ${response.url} answered ${response.status}, and the manifest is still there`, {
    code: "status",
    method: "DELETE",
    url: response.url.href,
    status: response.status,
    retryable: false,
    detail: response.body.toString("utf8").slice(0, 300),
  });
}
