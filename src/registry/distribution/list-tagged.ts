import pMap from "p-map";
import type { Clock } from "../../clock.ts";
import type { Digest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import type { OciClient } from "../oci/client.ts";
import type { Listing } from "../registry.ts";
import type { Inventory } from "./inventory.ts";

/** Requests prepared at once. The HTTP client limits how many are in flight. */
const CONCURRENCY = 64;
const MAX_PASSES = 5;
/** A pass that takes longer, in milliseconds, is repeated until two have the same result: tags may have moved meanwhile. */
const MAX_PASS_MS = 5_000;

/** The manifests that tags point to; `missing`: the tag returned 404. */
type ResolvedTags = ReadonlyMap<string, Digest | "missing">;

/** The tags, and the list of tags that was read after them. */
interface Pass {
  readonly resolved: ResolvedTags;
  readonly listed: ReadonlySet<string>;
}

export interface TagSource {
  readonly oci: OciClient;
  readonly clock: Clock;
}

/**
 * Lists the tagged manifests. Reads the list of tags again after the tags were resolved, and resolves those that were added or
 * removed, or that returned 404 for the first time. A tag that returns 404 twice keeps nothing: its manifest is missing.
 * Throws Fault `listing` if the tags changed during each of 5 passes.
 */
export async function listTagged({ oci, clock }: TagSource, name: string, inventory: Inventory): Promise<Listing> {
  let last: Pass = { resolved: new Map(), listed: await listTags(oci, name) };
  let unresolved: Iterable<string> = last.listed;
  for (let count = 1; count <= MAX_PASSES; count += 1) {
    const startedAt = clock.now();
    const resolved = new Map([...last.resolved, ...(await resolveTags(oci, name, unresolved, inventory))]);
    const pass = { resolved, listed: await listTags(oci, name) };
    const again = tagsToResolveAgain(last, pass, clock.now() - startedAt > MAX_PASS_MS);
    if (again.length === 0) {
      inventory.repositories.add(name);
      return { manifests: manifestsOf(resolved) };
    }
    last = pass;
    unresolved = again;
  }
  throw new Fault(
    "listing",
    `The tags of ${name} changed during each of ${MAX_PASSES} attempts to list them`,
    "Run again when no push is in progress.",
  );
}

function tagsToResolveAgain(before: Pass, after: Pass, isSlow: boolean): readonly string[] {
  const all = [...new Set([...after.resolved.keys(), ...after.listed])];
  if (isSlow && all.some((tag) => after.resolved.get(tag) !== before.resolved.get(tag))) return all;
  return all.filter((tag) => {
    const isListed = after.listed.has(tag);
    const isMissing = after.resolved.get(tag) === "missing" && before.resolved.get(tag) !== "missing";
    return isListed !== before.listed.has(tag) || (isListed && isMissing);
  });
}

async function listTags(oci: OciClient, name: string): Promise<ReadonlySet<string>> {
  const tags = await oci.tags(name);
  return new Set(tags === "missing" ? [] : tags);
}

async function resolveTags(
  oci: OciClient,
  name: string,
  tags: Iterable<string>,
  inventory: Inventory,
): Promise<ResolvedTags> {
  const resolved = new Map<string, Digest | "missing">();
  const resolve = async (tag: string): Promise<void> => {
    const found = await oci.resolve(name, tag);
    if (found !== "missing") inventory.add(name, found.digest, found.content);
    resolved.set(tag, found === "missing" ? found : found.digest);
  };
  await pMap(tags, resolve, { concurrency: CONCURRENCY });
  return resolved;
}

function manifestsOf(resolved: ResolvedTags): Listing["manifests"] {
  const tagsByDigest = new Map<Digest, string[]>();
  for (const [tag, digest] of resolved) {
    if (digest === "missing") continue;
    const tags = tagsByDigest.get(digest);
    if (tags === undefined) tagsByDigest.set(digest, [tag]);
    else tags.push(tag);
  }
  const unknown = { pushedAt: null, sizeBytes: null, blobs: null };
  return [...tagsByDigest].map(([digest, tags]) => ({ digest, tags: tags.sort(), ...unknown }));
}
