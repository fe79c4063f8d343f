import * as v from "valibot";
import { Fault } from "../../fault.ts";
import type { GcType } from "../../settings.ts";
import { readPages } from "../pages.ts";
import { type DigitalOceanApi, parseBody } from "./api.ts";
import { Links, Meta, pageReader } from "./pages.ts";

const MAX_MIB = 64;
const CHECK = "Check the control panel.";

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
  ...v.partial(Meta).entries,
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
  let found: Collection | null = null;
  const read = pageReader(
    CollectionPage,
    (body) => body.garbage_collections ?? [],
    (query) => api.get(["garbage-collections"], query),
    "garbage-collection",
  );
  // A collection that is shown is enough. The next poll reads a list again that contradicts itself.
  await readPages<Collection>({
    fetch: async (number) => {
      const page = await read(number);
      found ??= page?.rows.find((collection) => collection.uuid === uuid) ?? null;
      return page;
    },
    keysOf: (collection) => [collection.uuid],
    maxMiB: MAX_MIB,
    endless: (reason) => new Fault("garbage-collection", `DigitalOcean's list of garbage collections ${reason}`, CHECK),
  });
  return found;
}
