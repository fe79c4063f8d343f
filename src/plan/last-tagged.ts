import type { Digest } from "../digest.ts";
import type { Graph, Node } from "./graph.ts";
import { newest, type Orphan } from "./orphans.ts";

/** Why it stays: GitHub answers 400, "You cannot delete the last tagged version of a package". */
export const LAST_TAGGED = "GitHub keeps the last tagged version of a package";

/**
 * The manifest that stays where no tagged one would: the newest orphan that has a tag, or, where only what belongs to others
 * has one, the newest of those. Null: another tagged one stays, or none has a tag.
 *
 * @param staying what is known to stay by now
 * @param untimed takes those whose time decides and was not asked for yet
 */
export function lastTagged(
  graph: Graph,
  staying: { has(digest: Digest): boolean },
  going: readonly Orphan[],
  times: ReadonlyMap<Digest, number | null>,
  untimed: Digest[],
): Node | null {
  const tagged = [...graph.values()].filter(({ tags }) => tags.length > 0).map((node) => ({ node }));
  if (tagged.some(({ node }) => staying.has(node.digest))) return null;
  const orphans = going.filter(({ node }) => node.tags.length > 0);
  return newest<{ readonly node: Node }>(orphans.length > 0 ? orphans : tagged, times, 1, untimed)[0]?.node ?? null;
}
