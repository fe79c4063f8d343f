import type { Digest } from "../digest.ts";
import type { RetentionRule } from "../settings.ts";
import type { TagStatus, Unmatched } from "../tags/status.ts";
import type { Graph, Node } from "./graph.ts";
import type { ManifestStatus, Rules } from "./plan.ts";

/** Why one manifest is kept or deleted. */
export interface Reason {
  readonly status: ManifestStatus;
  readonly reason: string;
}

/** A tag without a status was pushed after the refs were read. */
const UNKNOWN_TAG: TagStatus = { status: "live", reason: "its tag appeared after the refs were read" };

/** What a tag also says whose commit may be a number. */
const NUMBER: Unmatched = { status: "unmatched", reason: "it may be a number instead of a commit" };

/** Shared by all manifests without a tag, which are most. */
const NONE: readonly never[] = [];

/** What one tag says about its manifest. */
export interface DecidingTag {
  readonly status: TagStatus;
  /** The retention rule of an unmatched or superseded tag; null: none. Push times never give a tag a rule. */
  readonly rule: RetentionRule | null;
}

/**
 * Returns what the tags of a manifest say about it. A neutral tag says nothing. A manifest whose tags are all neutral is
 * unmatched.
 */
export function decidingTags(
  { tags }: Node,
  statuses: ReadonlyMap<string, TagStatus>,
  { retentionOf }: Rules,
): readonly DecidingTag[] {
  if (tags.length === 0) return NONE;
  const own = tags.map((tag) => ({ tag, status: statuses.get(tag) ?? UNKNOWN_TAG }));
  const isNeutral = own.every(({ status }) => status.status === "neutral");
  return own.flatMap(({ tag, status }): DecidingTag | readonly DecidingTag[] => {
    if (status.status === "unmatched" && status.unproven !== undefined) return { status, rule: null };
    if (status.status === "superseded" || status.status === "unmatched") {
      const rule = retentionOf(tag) ?? null;
      const mayBeNumber = status.status === "superseded" && status.mayBeNumber === true;
      return mayBeNumber
        ? [
            { status, rule },
            { status: NUMBER, rule },
          ]
        : { status, rule };
    }
    if (status.status !== "neutral") return { status, rule: null };
    if (!isNeutral) return [];
    return { status: { status: "unmatched", reason: status.reason }, rule: retentionOf(tag) ?? null };
  });
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
    const reason = keptByTag(node, statuses, rules) ?? kept.get(node.digest);
    if (reason !== undefined) keepers.set(node, reason);
  }
  for (const [digest, { status }] of kept) {
    const node = graph.get(digest);
    if (status === "in-use" && node !== undefined) keepParents(node, keepers);
  }
  return keepers;
}

/** Returns the first tag that keeps its manifest, as a reason. */
export function keptByTag(node: Node, statuses: ReadonlyMap<string, TagStatus>, rules: Rules): Reason | undefined {
  if (node.tags.length === 0) return undefined;
  const keepsUnruled = { superseded: rules.superseded === "keep", unmatched: rules.unmatchedTags === "keep" };
  const keeping = decidingTags(node, statuses, rules).flatMap(({ status, rule }): Reason | readonly Reason[] => {
    const isKept =
      status.status === "live" ||
      status.status === "protected" ||
      ((status.status === "superseded" || status.status === "unmatched") &&
        rule === null &&
        keepsUnruled[status.status]);
    return isKept ? { status: status.status, reason: status.reason } : [];
  });
  return STRENGTH.map((statuses) => keeping.find(({ status }) => statuses.includes(status))).find(Boolean);
}

/** The clearest reason comes first. */
const STRENGTH: readonly (readonly ManifestStatus[])[] = [["live", "protected"], ["superseded"], ["unmatched"]];

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
