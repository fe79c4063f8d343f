import * as v from "valibot";
import type { GcType } from "../../settings.ts";
import { type DigitalOceanApi, Links, MOST_LINKED_PAGES, nextPage, PER_PAGE, parseBody } from "./api.ts";

const Count = v.fallback(v.nullish(v.number()), null);
const Collection = v.object({
  uuid: v.pipe(v.string(), v.minLength(1)),
  status: v.nullish(v.string(), "unknown"),
  /** GODO knows it, the OpenAPI document does not. */
  type: v.nullish(v.string(), "unreferenced blobs only"),
  blobs_deleted: Count,
  freed_bytes: Count,
});
const OneCollection = v.object({ garbage_collection: Collection });
const CollectionPage = v.object({ ...Links.entries, garbage_collections: v.nullish(v.array(Collection)) });

/** A collection as the API shows it. */
export type Collection = v.InferOutput<typeof Collection>;

/** The API's prose says `success`, its enum `succeeded`; both spellings of the other have been seen. */
export const SUCCESS: ReadonlySet<string> = new Set(["succeeded", "success"]);
const FAILURE: ReadonlySet<string> = new Set(["failed", "cancelled", "canceled"]);

/** Any other status, documented or not, is that of a collection that goes on. */
export function isOver(collection: Collection): boolean {
  return SUCCESS.has(collection.status) || FAILURE.has(collection.status);
}

/** Starts a collection. What a second one answers is documented nowhere: it is an HttpError. */
export async function startCollection(api: DigitalOceanApi, type: GcType): Promise<Collection> {
  const response = await api.ofRegistry({
    method: "POST",
    path: ["garbage-collection"],
    body: { type },
    expected: [201],
    scope: "registry:update",
  });
  return parseBody(response, OneCollection, "garbage-collection").garbage_collection;
}

/** The active collection; null: there is none, or none any more. */
export async function getActive(api: DigitalOceanApi): Promise<Collection | null> {
  const response = await api.ofRegistry({
    method: "GET",
    path: ["garbage-collection"],
    expected: [200, 404],
    scope: "registry:read",
  });
  return response.status === 404 ? null : parseBody(response, OneCollection, "garbage-collection").garbage_collection;
}

/** Once a collection has ended, only the list of all collections tells what came of it. */
export async function findInList(api: DigitalOceanApi, uuid: string): Promise<Collection | null> {
  const seen = new Set<string>();
  let query: Readonly<Record<string, string>> | null = { page: "1" };
  while (query !== null && !seen.has(JSON.stringify(query)) && seen.size < MOST_LINKED_PAGES) {
    seen.add(JSON.stringify(query));
    const response = await api.ofRegistry({
      method: "GET",
      path: ["garbage-collections"],
      query: { ...query, per_page: PER_PAGE },
      expected: [200, 404],
      scope: "registry:read",
    });
    if (response.status === 404) return null;
    const page: v.InferOutput<typeof CollectionPage> = parseBody(response, CollectionPage, "garbage-collection");
    const found = page.garbage_collections?.find((collection) => collection.uuid === uuid);
    if (found !== undefined) return found;
    query = nextPage(page);
  }
  return null;
}
