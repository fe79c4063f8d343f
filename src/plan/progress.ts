import type { Digest } from "../digest.ts";
import type { Known, ListedManifest } from "../registry/manifest.ts";
import type { Graph } from "./graph.ts";
import type { Reason } from "./keep.ts";

/** How much of a plan is done when the repository is rechecked. */
export interface Progress {
  /** The deletions that are left, as they were listed for the plan; null: the list did not show them. */
  readonly pending: ReadonlyMap<Digest, ListedManifest | null>;
  /** What this sweep deleted, or found gone. */
  readonly gone: ReadonlySet<Digest>;
  /** What could not be deleted. It is kept, with everything it needs. */
  readonly failed: ReadonlyMap<Digest, Reason>;
  /** What was read for the plan. A digest names its content, so nothing is read twice. */
  readonly contents: ReadonlyMap<Digest, Known>;
  /** The plan's graph. */
  readonly graph: Graph;
}

/**
 * Adds the planned manifests that the list of a recheck does not show. Those that are gone take their children and referrers
 * with them, as the plan says.
 */
export function addPlanned(graph: Graph, { pending, gone, failed, contents, graph: before }: Progress): void {
  for (const digest of gone) graph.addUnlisted(digest, "gone");
  const rest = [...pending.keys(), ...failed.keys()];
  for (const digest of rest) graph.addUnlisted(digest);
  for (const [digest, known] of contents) if (known !== "missing") graph.addContent(digest, known);
  // A signature that lost its tag still belongs to its image.
  for (const digest of rest) {
    if (graph.get(digest)?.listed !== null) continue;
    for (const subject of before.get(digest)?.subjects ?? []) graph.addReferrers(subject, [digest]);
  }
}
