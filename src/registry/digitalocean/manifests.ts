import * as v from "valibot";
import { isDigest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import type { ListedManifest } from "../manifest.ts";
import { isTag } from "../oci/reference.ts";
import { readEntries } from "../pages.ts";
import type { Listing } from "../registry.ts";
import type { RetryOptions } from "../stable-list.ts";
import { parseTime } from "../time.ts";
import { type DigitalOceanApi, parseBody } from "./api.ts";
import { incompleteList, Links, Meta, pageReader } from "./pages.ts";

/** Enough for about 200,000 manifests of twenty layers: 0.3 KiB for a manifest, 0.1 KiB for a blob. */
const MAX_MIB = 512;

// GODO marks every field as `omitempty`, and the API's own example misspells one. A size may have any shape. Tags decide
// what is deleted, so they must be valid.
/** Null until DigitalOcean computes it, some time after the push; the API then returns 0. */
const Size = v.fallback(v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(1)), null), null);
export const Digest = v.pipe(v.string(), v.guard(isDigest, "not a digest"));
const BlobEntry = v.object({ digest: Digest, compressed_size_bytes: Size, compressed_size_byte: Size });
const ManifestEntry = v.object({
  digest: Digest,
  tags: v.nullish(v.array(v.pipe(v.string(), v.check(isTag, "not a tag"))), []),
  // One invalid blob makes all unknown: an incomplete list would pass for a complete one.
  blobs: v.fallback(v.nullish(v.array(BlobEntry), []), []),
  compressed_size_bytes: Size,
  updated_at: v.fallback(v.nullish(v.string()), null),
});
const ManifestPage = v.object({
  ...Meta.entries,
  ...Links.entries,
  manifests: v.nullish(v.array(ManifestEntry), []),
});
const TagPage = v.object({ ...Meta.entries, ...Links.entries, tags: v.nullish(v.array(v.unknown()), []) });

type ManifestEntry = v.InferOutput<typeof ManifestEntry>;

/**
 * Returns the function that lists a repository; see `Registry.list`.
 *
 * @param isEmpty whether the list of repositories showed a repository without manifests
 */
export function createLister(
  api: DigitalOceanApi,
  retry: RetryOptions,
  isEmpty: (repository: string) => boolean,
): (repository: string) => Promise<Listing> {
  /** The tagged manifests of the last list with tags, by repository. */
  const taggedBefore = new Map<string, ReadonlySet<string>>();
  return async (repository) => {
    const listing = await listManifests(api, repository, retry);
    // DigitalOcean also lists repositories that have no manifests any more.
    if (listing === null && isEmpty(repository)) return { manifests: [] };
    if (listing === null) throw unknownRepository(api, repository);
    const { manifests } = listing;
    const tagged = manifests.filter(({ tags }) => tags.length > 0).map(({ digest }) => digest);
    if (tagged.length > 0) taggedBefore.set(repository, new Set(tagged));
    if (tagged.length > 0 || manifests.length === 0) return listing;
    // Untagged manifests and an answer without the field `tags` look the same, and untagged manifests are deleted.
    const before = taggedBefore.get(repository);
    if (before === undefined) {
      if (await hasTags(api, repository)) throw contradiction(api, repository, LIST_OF_TAGS);
    } else if (manifests.some(({ digest }) => before.has(digest))) {
      throw contradiction(api, repository, EARLIER_LIST);
    }
    return listing;
  };
}

const LIST_OF_TAGS = ["the list of tags is not empty", "the list of tags can be hours old"] as const;
const EARLIER_LIST = ["one had tags in an earlier list", "its tags may have been deleted meanwhile"] as const;

function contradiction(api: DigitalOceanApi, repository: string, [other, cause]: readonly [string, string]): Fault {
  return new Fault(
    "listing",
    `DigitalOcean's lists of ${api.registry}/${repository} contradict each other: no manifest has a tag, but ${other}`,
    `Run again later: ${cause}. If the error persists, report it to DigitalOcean.`,
  );
}

async function hasTags(api: DigitalOceanApi, repository: string): Promise<boolean> {
  const response = await api.get(["repositories", repository, "tags"], { per_page: 1 });
  // The repository exists, so a 404 does not prove that it has no tags.
  if (response.status === 404) return true;
  const { meta, tags, links } = parseBody(response, TagPage);
  return meta.total > 0 || (tags ?? []).length > 0 || (links?.pages?.next ?? "") !== "";
}

/** Lists every manifest once; null if the list returned 404. */
async function listManifests(api: DigitalOceanApi, repository: string, retry: RetryOptions): Promise<Listing | null> {
  const list = `the manifests of ${api.registry}/${repository}`;
  const entries = await readEntries<ManifestEntry>(list, retry, () => ({
    fetch: pageReader(
      ManifestPage,
      ({ manifests }) => manifests ?? [],
      (query) => api.get(["repositories", repository, "digests"], query),
    ),
    keysOf: ({ digest }) => [digest],
    maxMiB: MAX_MIB,
    endless: (reason) => incompleteList(list, reason),
  }));
  return entries && { manifests: entries.map(manifestOf) };
}

function unknownRepository(api: DigitalOceanApi, repository: string): Fault {
  return new Fault(
    "listing",
    `Repository ${api.registry}/${repository} does not exist: its list of manifests returned 404`,
    "Correct `repository-pattern`. If the repository was deleted just now, run again.",
  );
}

function manifestOf(entry: ManifestEntry): ListedManifest {
  const blobs = entry.blobs.map(({ digest, compressed_size_bytes: size, compressed_size_byte: misspelt }) => ({
    digest,
    sizeBytes: size ?? misspelt,
  }));
  return {
    digest: entry.digest,
    tags: entry.tags,
    pushedAt: parseTime(entry.updated_at),
    sizeBytes: entry.compressed_size_bytes,
    blobs: blobs.length === 0 ? null : blobs,
  };
}
