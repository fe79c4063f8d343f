import * as v from "valibot";
import type { GcType } from "../../settings.ts";
import { type DigitalOceanApi, type PageQuery, parseBody } from "./api.ts";
import { Links, readLinkedPages } from "./pages.ts";

const Count = v.fallback(v.nullish(v.number(), null), null);
const Collection = v.object({
  uuid: v.pipe(v.string(), v.minLength(1)),
  status: v.nullish(v.string(), "unknown"),
  /** In GODO, but not in the OpenAPI document. */
  type: v.nullish(v.string(), "unreferenced blobs only"),
  blobs_deleted: Count,
  freed_bytes: Count,
});
const CollectionAnswer = v.object({ garbage_collection: Collection });
const CollectionPage = v.object({
  ...Links.entries,
  garbage_collections: v.nullish(v.array(Collection), []),
});

/** A garbage collection, as the API shows it. */
export type Collection = v.InferOutput<typeof Collection>;

/** The API's prose says `success`, its enum `succeeded`. */
const SUCCEEDED: ReadonlySet<string> = new Set(["succeeded", "success"]);
const FAILED: ReadonlySet<string> = new Set(["failed", "cancelled", "canceled"]);

/** Returns whether a garbage collection succeeded. */
export function hasSucceeded({ status }: Collection): boolean {
  return SUCCEEDED.has(status);
}

/** Returns whether a garbage collection has ended. With any other status, documented or not, it is running. */
export function hasEnded({ status }: Collection): boolean {
  return SUCCEEDED.has(status) || FAILED.has(status);
}

/** Starts a garbage collection. If another one is running, it throws HttpError with an undocumented status. */
export async function startCollection(api: DigitalOceanApi, type: GcType): Promise<Collection> {
  const response = await api.ofRegistry({
    method: "POST",
    path: ["garbage-collection"],
    body: { type },
    expected: [201],
    scope: "registry:update",
  });
  return parseBody(response, CollectionAnswer, "garbage-collection").garbage_collection;
}

/** Returns the active garbage collection; null if there is none. */
export async function getActiveCollection(api: DigitalOceanApi): Promise<Collection | null> {
  const response = await api.get(["garbage-collection"]);
  if (response.status === 404) return null;
  return parseBody(response, CollectionAnswer, "garbage-collection").garbage_collection;
}

/**
 * Returns a garbage collection, active or ended; null if the API does not show it. Only the list of all garbage
 * collections shows how one ended.
 */
export async function findCollection(api: DigitalOceanApi, uuid: string): Promise<Collection | null> {
  const active = await getActiveCollection(api);
  if (active?.uuid === uuid) return active;
  const fetch = (query: PageQuery) => api.get(["garbage-collections"], query);
  for await (const page of readLinkedPages(CollectionPage, fetch, null, "garbage-collection")) {
    const found = page?.garbage_collections.find((collection) => collection.uuid === uuid);
    if (found !== undefined) return found;
  }
  return null;
}
