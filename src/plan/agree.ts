import type { Digest } from "../digest.ts";
import type { ListedManifest } from "../registry/manifest.ts";
import type { Graph, Node } from "./graph.ts";
import type { DeletionStep, RepositoryPlan } from "./plan.ts";
import { describeStep, reach } from "./reach.ts";

/** The deletions that a plan and its recheck agree on. */
export interface Agreement {
  readonly deletions: readonly DeletionStep[];
  /** Why a planned manifest is kept; absent: the recheck did not find it. */
  reasonToKeep(digest: Digest): string | undefined;
}

/**
 * Returns the deletions of `recheck` that were planned and whose manifests did not change. Everything else is kept, with
 * everything it needs: a recheck never deletes more than the plan.
 *
 * @param planned the manifests that the plan deletes, as they were listed then; null: they were not listed
 * @param graph the graph of the recheck
 */
export function agree(
  planned: ReadonlyMap<Digest, ListedManifest | null>,
  recheck: RepositoryPlan,
  graph: Graph,
): Agreement {
  const changed = new Map<Digest, string>();
  for (const { digest } of recheck.deletions) {
    const now = graph.get(digest)?.listed ?? null;
    const reason = planned.has(digest)
      ? changeSince(planned.get(digest) ?? null, now)
      : "it was not planned to be deleted";
    if (reason !== null) changed.set(digest, reason);
  }
  const steps = reach([...changed.keys()].flatMap((digest): Node | readonly Node[] => graph.get(digest) ?? []));
  const needed = new Map([...steps].map(([{ digest }, step]) => [digest, step]));
  const isAgreed = (digest: Digest): boolean => !needed.has(digest);
  const decisions = new Map(recheck.decisions.map((decision) => [decision.digest, decision]));
  return {
    deletions: recheck.deletions
      .filter(({ digest }) => isAgreed(digest))
      .map(({ digest, after }) => ({ digest, after: after.filter(isAgreed) })),
    reasonToKeep(digest) {
      const step = needed.get(digest);
      return step ? describeStep(step) : (changed.get(digest) ?? decisions.get(digest)?.reason);
    },
  };
}

/** How a manifest changed between two lists; null: it did not. */
function changeSince(before: ListedManifest | null, now: ListedManifest | null): string | null {
  if (now === null) return null;
  if (before === null) return "it was tagged after the plan was made";
  if (now.tags.some((tag) => !before.tags.includes(tag))) return "it was tagged after the plan was made";
  const isPushedAgain = before.pushedAt !== null && now.pushedAt !== null && now.pushedAt > before.pushedAt;
  return isPushedAgain || now.versionId !== before.versionId ? "it was pushed again after the plan was made" : null;
}
