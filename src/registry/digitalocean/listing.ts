import pMap from "p-map";
import * as v from "valibot";
import { type Digest, isDigest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import { createSizeLimit } from "../../http/size-limit.ts";
import type { Blob, ListedManifest } from "../manifest.ts";
import { isRepositoryName, isTag } from "../oci/reference.ts";
import type { Listing } from "../registry.ts";
import { type Patience, readUntilStill, timeOf } from "../stable-list.ts";
import {
  type DigitalOceanApi,
  Links,
  Meta,
  MOST_LINKED_MIB,
  MOST_LINKED_PAGES,
  MOST_MIB,
  MOST_PAGES,
  nextPage,
  PER_PAGE,
  parseBody,
} from "./api.ts";

// Every field but the digest may be absent or null: GODO marks all of them `omitempty`, and the API's own example
// misspells one. A size is garnish and may be of any shape; tags decide what is deleted, and may not.
const Size = v.fallback(v.nullish(v.number()), null);
const BlobEntry = v.object({
  digest: v.nullish(v.string()),
  compressed_size_bytes: Size,
  compressed_size_byte: Size,
});
const ManifestEntry = v.object({
  digest: v.pipe(v.string(), v.check(isDigest, "not a digest")),
  tags: v.nullish(v.array(v.pipe(v.string(), v.check(isTag, "not a tag")))),
  blobs: v.fallback(v.nullish(v.array(BlobEntry)), null),
  compressed_size_bytes: Size,
  updated_at: v.fallback(v.nullish(v.string()), null),
});
const ManifestPage = v.object({ ...Meta.entries, manifests: v.nullish(v.array(ManifestEntry)) });
const Name = v.pipe(v.string(), v.check(isRepositoryName, "not the name of a repository"));
const RepositoryPage = v.object({
  ...Meta.entries,
  ...Links.entries,
  repositories: v.nullish(v.array(v.object({ name: Name }))),
});

/**
 * Pages that are asked for at a time; how many are in flight is the HTTP stack's to say. So many that a list stands in one piece
 * in the host's queue: where others' requests come between its pages, a list takes longer, and moves.
 */
const READY = 512;

type ManifestEntry = v.InferOutput<typeof ManifestEntry>;
type ManifestPage = v.InferOutput<typeof ManifestPage>;

/** The names of all repositories, sorted; null: there is no registry of this name. */
export async function listRepositories(api: DigitalOceanApi, patience: Patience): Promise<readonly string[] | null> {
  return readUntilStill(`the repositories of ${api.registry}`, patience, async () => {
    const names = new Set<string>();
    const seen = new Set<string>();
    const count = createSizeLimit(MOST_LINKED_MIB, (why) => endlessNames(api.registry, why));
    let query: Readonly<Record<string, string>> | null = {};
    let total = 0;
    while (query !== null) {
      const place = JSON.stringify(query);
      if (seen.has(place)) throw endlessNames(api.registry, "it goes in a circle");
      if (seen.size >= MOST_LINKED_PAGES) throw endlessNames(api.registry, `it has more than ${seen.size} pages`);
      seen.add(place);
      const page = await repositoryPage(api, query, count);
      if (page === null && seen.size === 1) return { value: null };
      if (page === null) return { moved: "a page that was linked to is not there" };
      for (const { name } of page.repositories ?? []) names.add(name);
      total = page.meta.total;
      query = nextPage(page);
    }
    if (names.size < total) return { moved: `${names.size} of ${total} repositories were listed` };
    return { value: [...names].sort() };
  });
}

async function repositoryPage(
  api: DigitalOceanApi,
  query: Readonly<Record<string, string>>,
  count: (bytes: number) => void,
): Promise<v.InferOutput<typeof RepositoryPage> | null> {
  const response = await api.ofRegistry({
    method: "GET",
    path: ["repositoriesV2"],
    query: { ...query, per_page: PER_PAGE },
    expected: [200, 404],
    scope: "registry:read",
  });
  count(response.body.length);
  return response.status === 404 ? null : parseBody(response, RepositoryPage);
}

function endlessNames(registry: string, why: string): Fault {
  return new Fault(
    "listing",
    `The list of repositories of ${registry} cannot be read whole: ${why}`,
    "Run it again; if it persists, report it to DigitalOcean",
  );
}

/** Lists every manifest of a repository: `meta.total` of them, none twice, or a Fault of kind `listing`. */
export function createLister(api: DigitalOceanApi, patience: Patience): (repository: string) => Promise<Listing> {
  let tellsTags = false;
  return async (repository) => {
    const listing = await readManifests(api, repository, patience);
    tellsTags ||= listing.manifests.some(({ tags }) => tags.length > 0);
    // GODO's `omitempty` makes an untagged manifest and an answer that leaves tags out look the same, and all would go.
    if (tellsTags || listing.manifests.length === 0) return listing;
    if (await hasTags(api, repository)) throw tagsLeftOut(api.registry, repository);
    return listing;
  };
}

async function hasTags(api: DigitalOceanApi, repository: string): Promise<boolean> {
  const response = await api.ofRegistry({
    method: "GET",
    path: ["repositories", repository, "tags"],
    query: { per_page: 1 },
    expected: [200, 404],
    scope: "registry:read",
  });
  // A repository without tags has an empty list: 404 for one whose manifests were just listed shows nothing.
  return response.status === 404 || parseBody(response, v.object(Meta.entries)).meta.total > 0;
}

function tagsLeftOut(registry: string, repository: string): Fault {
  return new Fault(
    "listing",
    `DigitalOcean lists no tag on any manifest of ${registry}/${repository}, and its list of tags is not an empty one: one of the two is wrong`,
    "Run it again later: a list of tags can lag behind by hours. If it persists, report it to DigitalOcean",
  );
}

function readManifests(api: DigitalOceanApi, repository: string, patience: Patience): Promise<Listing> {
  return readUntilStill(`the manifests of ${api.registry}/${repository}`, patience, async () => {
    const count = createSizeLimit(MOST_MIB, (why) => endless(`${api.registry}/${repository}`, why));
    const first = await manifestPage(api, repository, 1, count);
    const { total } = first.meta;
    const size = first.manifests?.length ?? 0;
    if (total > 0 && size === 0) return { moved: `the first page is empty, of ${total} manifests` };
    const last = total === 0 ? 1 : Math.ceil(total / size);
    if (last > MOST_PAGES) throw endless(`${api.registry}/${repository}`, `${total} manifests, ${size} to a page`);
    const rest = Array.from({ length: last - 1 }, (_, index) => index + 2);
    const ask = (page: number): Promise<ManifestPage> => manifestPage(api, repository, page, count);
    const pages = [first, ...(await pMap(rest, ask, { concurrency: READY }))];
    const moved = movedWhileRead(pages);
    return moved === null ? { value: listingOf(pages) } : { moved };
  });
}

function endless(repository: string, why: string): Fault {
  return new Fault(
    "listing",
    `DigitalOcean's list of the manifests of ${repository} cannot be read whole: ${why}`,
    "Run it again; if it persists, report it to DigitalOcean",
  );
}

async function manifestPage(
  api: DigitalOceanApi,
  repository: string,
  page: number,
  count: (bytes: number) => void,
): Promise<ManifestPage> {
  const response = await api.ofRegistry({
    method: "GET",
    path: ["repositories", repository, "digests"],
    query: { page, per_page: PER_PAGE },
    expected: [200, 404],
    scope: "registry:read",
  });
  count(response.body.length);
  if (response.status !== 404) return parseBody(response, ManifestPage);
  throw new Fault(
    "listing",
    `There is no repository ${api.registry}/${repository}: ${response.url.pathname} answered 404`,
    "Check the input repository-pattern; a repository that was just deleted is no reason to worry",
  );
}

/** Why `pages` are not one state of the list (a push or a deletion moved it), or null. */
function movedWhileRead(pages: readonly ManifestPage[]): string | null {
  const digests = pages.flatMap((page) => (page.manifests ?? []).map((entry) => entry.digest));
  const totals = new Set(pages.map((page) => page.meta.total));
  if (totals.size > 1) return `the total changed: ${[...totals].join(", ")}`;
  if (new Set(digests).size < digests.length) return "a manifest was listed twice";
  const [total] = totals;
  return digests.length === total ? null : `${digests.length} of ${total} manifests were listed`;
}

function listingOf(pages: readonly ManifestPage[]): Listing {
  const manifests: ListedManifest[] = [];
  const times = new Map<Digest, number | null>();
  for (const entry of pages.flatMap((page) => page.manifests ?? [])) {
    const { digest } = entry;
    if (!isDigest(digest)) continue;
    manifests.push({
      digest,
      tags: entry.tags ?? [],
      sizeBytes: sizeOf(entry.compressed_size_bytes),
      blobs: blobsOf(entry),
    });
    times.set(digest, timeOf(entry.updated_at));
  }
  return { manifests, times };
}

/** Sizes are counted later than a push, and are 0 until then: 0 is unknown. */
function sizeOf(bytes: number | null | undefined): number | null {
  return typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
}

/** Null where any entry is unusable or none is there: a part of the blobs would pass for all of them. */
function blobsOf(entry: ManifestEntry): readonly Blob[] | null {
  const blobs: Blob[] = [];
  for (const blob of entry.blobs ?? []) {
    const digest = blob.digest ?? "";
    if (!isDigest(digest)) return null;
    blobs.push({ digest, sizeBytes: sizeOf(blob.compressed_size_bytes ?? blob.compressed_size_byte) });
  }
  return blobs.length === 0 ? null : blobs;
}
