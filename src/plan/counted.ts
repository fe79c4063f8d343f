import { isAttestation } from "./graph.ts";
import type { Orphan } from "./orphans.ts";
import type { Rules } from "./plan.ts";
import { describeRule } from "./retention.ts";

/** Images of which the newest `count` are kept. */
export interface CountedGroup {
  readonly count: number;
  readonly reason: string;
  readonly images: readonly Orphan[];
  /** Whether images of unknown age are kept too: any of them may be the newest, and nothing proves its ref gone. */
  readonly keepsUntimed: boolean;
}

/** The images that a retention rule counts: all whose tags match it, of any age. */
export function countedByRule(roots: readonly Orphan[]): readonly CountedGroup[] {
  return groupBy(roots, ({ named }) => {
    const rules = named.flatMap(({ rule }) => (rule === null || rule.keep === null ? [] : rule));
    return rules.map((rule) => ({
      count: rule.keep ?? 0,
      reason: `one of the newest ${rule.keep} images that match ${rule.glob} (retention: ${describeRule(rule)})`,
      keepsUntimed: true,
    }));
  });
}

/**
 * The images that `keep-count` counts: superseded ones by branch or Git tag, all others of the repository. Not those whose tags
 * all match a retention rule that counts. The newest older build of a branch is kept in any case: its last commit may have no image,
 * because its build is in progress, failed or was skipped.
 */
export function countedTogether(roots: readonly Orphan[], { keepCount }: Rules): readonly CountedGroup[] {
  return groupBy(roots, ({ named }) => {
    const uncounted = named.filter(({ rule }) => rule === null || rule.keep === null);
    if (named.length > 0 && uncounted.length === 0) return [];
    const builds = uncounted.flatMap(({ status }) => (status.status === "superseded" ? status.of : []));
    if (builds.length === 0) {
      const reason = `one of the newest ${keepCount} images that would be deleted (keep-count)`;
      return [{ count: keepCount, reason, keepsUntimed: false }];
    }
    const reasonOf = (of: string): string =>
      keepCount <= 1
        ? `the newest older build of ${of}`
        : `one of the newest ${keepCount} older builds of ${of} (keep-count)`;
    return builds.map((of) => ({ count: Math.max(1, keepCount), reason: reasonOf(of), keepsUntimed: true }));
  });
}

type Count = Omit<CountedGroup, "images">;

/** Groups images by the reason that keeps them. An image may belong to several groups. Referrers and attestations are no images. */
function groupBy(roots: readonly Orphan[], countsOf: (orphan: Orphan) => readonly Count[]): readonly CountedGroup[] {
  const groups = new Map<string, Count & { readonly images: Set<Orphan> }>();
  for (const orphan of roots) {
    if (orphan.node.subjects.length > 0 || isAttestation(orphan.node)) continue;
    for (const count of countsOf(orphan)) {
      const group = groups.get(count.reason);
      if (group === undefined) groups.set(count.reason, { ...count, images: new Set([orphan]) });
      else group.images.add(orphan);
    }
  }
  return [...groups.values()].map(({ images, ...count }) => ({ ...count, images: [...images] }));
}
