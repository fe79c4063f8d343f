import pMap from "p-map";
import { Fault } from "../fault.ts";
import type { Listing, Registry } from "../registry/registry.ts";
import { mayBeHidden } from "../tags/expected-tags.ts";

/** Tags to request, before the check gives up: with 10,000 Git tags there are rarely more. */
const MAX_REQUESTED = 20_000;

/**
 * Requests the tags that what exists would give and that the list does not show, if it may hide them. Sends one request for
 * each of them.
 *
 * @param expected the image tags of existing refs, protected tags, and tags in use
 * @throws Fault `listing` if one exists: its image could be deleted by its other tags
 */
export async function requireNoHiddenTag(
  registry: Pick<Registry, "hasTag">,
  repository: string,
  { manifests }: Listing,
  expected: Iterable<string>,
  concurrency: number,
): Promise<void> {
  if (registry.hasTag === undefined) return;
  const listed = new Set(manifests.flatMap(({ tags }) => tags));
  const hidden = mayBeHidden(listed, expected);
  if (hidden.size > MAX_REQUESTED) throw tooMany(hidden.size);
  const existing: string[] = [];
  const check = async (tag: string): Promise<void> => {
    if (await registry.hasTag?.(repository, tag)) existing.push(tag);
  };
  await pMap(hidden, check, { concurrency });
  if (existing.length > 0) throw hiddenTags(existing.sort());
}

function hiddenTags(tags: readonly string[]): Fault {
  const [first, ...rest] = tags;
  const others = rest.length === 0 ? ", which exists" : ` and ${rest.length} more that exist`;
  return new Fault(
    "listing",
    `The registry's list of tags does not show ${first}${others}`,
    "Update the registry: Distribution 3.1.0 and 3.1.1 on S3 omit tags that begin with another tag's name (distribution/distribution#4891). Refsweep deletes nothing in this repository until the list is complete.",
  );
}

function tooMany(count: number): Fault {
  return new Fault(
    "listing",
    `The registry's list of tags may hide ${count} tags that begin with another tag's name, too many to request each`,
    "Remove the patterns that your builds do not use from `tag-patterns`.",
  );
}
