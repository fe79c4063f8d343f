import type { Digest } from "../digest.ts";
import type { TagStatus } from "../tags/status.ts";
import type { Graph, Node } from "./graph.ts";
import type { ManifestStatus, Rules } from "./plan.ts";

/** Why one manifest is kept or deleted. */
export interface Reason {
  readonly status: ManifestStatus;
  readonly reason: string;
}

/** A tag without a status was pushed after the refs were read. */
const UNKNOWN_TAG: TagStatus = { status: "live", reason: "its tag appeared after the refs were read" };

/** Returns the statuses of a manifest's tags. */
export function statusesOf({ tags }: Node, statuses: ReadonlyMap<string, TagStatus>): readonly TagStatus[] {
  return tags.map((tag) => statuses.get(tag) ?? UNKNOWN_TAG);
}

/**
 * Returns the manifests that are kept for their own sake: by a tag, or because they are in `kept`. The parents of those in use
 * are kept too, because some registries delete an index with its children.
 *
 * @param kept manifests that are in use, or that could not be deleted
 */
export function keepByThemselves(
  graph: Graph,
  statuses: ReadonlyMap<string, TagStatus>,
  rules: Rules,
  kept: ReadonlyMap<Digest, Reason>,
): ReadonlyMap<Node, Reason> {
  const keepers = new Map<Node, Reason>();
  for (const node of graph.nodes) {
    if (node.gone) continue;
    const byTag = node.tags.length === 0 ? undefined : keptByTag(statusesOf(node, statuses), rules);
    const reason = byTag ?? kept.get(node.digest);
    if (reason !== undefined) keepers.set(node, reason);
  }
  for (const [digest, { status }] of kept) {
    const node = graph.get(digest);
    if (status === "in-use" && node !== undefined) keepParents(node, keepers);
  }
  return keepers;
}

function keptByTag(own: readonly TagStatus[], rules: Rules): Reason | undefined {
  const live = own.find(({ status }) => status === "live" || status === "protected");
  if (live !== undefined) return { status: live.status === "protected" ? "protected" : "live", reason: live.reason };
  const superseded = own.find(({ status }) => status === "superseded");
  if (superseded !== undefined && rules.superseded === "keep") {
    return { status: "superseded", reason: superseded.reason };
  }
  if (rules.unmatchedTags === "delete") return undefined;
  // A neutral tag says nothing about its image. Without any other tag, the image is unmatched.
  const isNeutral = own.every(({ status }) => status === "neutral");
  const unmatched = own.find(({ status }) => status === "unmatched") ?? (isNeutral ? own[0] : undefined);
  return unmatched && { status: "unmatched", reason: unmatched.reason };
}

function keepParents(inUse: Node, keepers: Map<Node, Reason>): void {
  const reason: Reason = { status: "in-use", reason: "it lists an image that is in use" };
  const seen = new Set<Node>([inUse]);
  for (const node of seen) {
    for (const parent of node.parents) {
      if (parent.gone) continue;
      seen.add(parent);
      if (!keepers.has(parent)) keepers.set(parent, reason);
    }
  }
}
