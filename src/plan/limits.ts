import type { Digest } from "../digest.ts";
import { formatAge, formatSetting } from "../format.ts";
import { type CountedGroup, countedByRule, countedTogether } from "./counted.ts";
import type { Node } from "./graph.ts";
import { isTooYoung, minimumAge } from "./older-than.ts";
import type { Orphan } from "./orphans.ts";
import type { Rules } from "./plan.ts";
import { hasUnreadTags, lastPushTime, type PushTimes, pushTime } from "./push-time.ts";

/** Orphans that a limit keeps, each with the reason. */
export interface Limited {
  readonly kept: ReadonlyMap<Node, string>;
  /** Orphans whose creation time, or that of their tags, decides and was not read yet. */
  readonly untimed: readonly Digest[];
  /** Those whose time decides which images of a group are the newest. */
  readonly unordered: readonly Digest[];
}

/**
 * Applies the limits: untagged images, scope, grace period and age to each orphan. Then, to the roots, `keep` of the retention
 * rules, and `keep-count` to what is left. A tagged child of a deleted index has limits of its own.
 */
export function limit(orphans: readonly Orphan[], rules: Rules, times: PushTimes, stage: "listed" | "read"): Limited {
  const kept = new Map<Node, string>();
  const untimed = new Set<Digest>();
  for (const orphan of orphans) {
    if (!orphan.isRoot && orphan.isUntagged) continue;
    const { node } = orphan;
    // Without a tag of its own, only the time of the manifest counts: signatures may be deleted if they have no time.
    const time = orphan.isUntagged ? pushTime(node, times) : lastPushTime(node, times);
    const reason = keptUntagged(orphan, rules) ?? outOfScope(orphan, rules);
    const limited =
      reason ?? mergedJustNow(orphan, rules) ?? pushedJustNow(orphan, rules, time) ?? isTooYoung(orphan, rules, time);
    const isUntimed = time === undefined || (!orphan.isUntagged && hasUnreadTags(node, times));
    if (limited === null && isUntimed && timeDecides(orphan, rules)) untimed.add(node.digest);
    if (limited !== null) kept.set(node, limited);
  }
  const roots = orphans.filter(({ isRoot }) => isRoot);
  const unordered = new Set<Digest>();
  const keepNewest = (groups: readonly CountedGroup[]): void => {
    for (const { reason, images, ...group } of groups) {
      // An image may belong to several groups, so no order of the list alone shows that one is deleted.
      const chosen = stage === "listed" && images.length > group.count ? [] : newest(images, group, times, unordered);
      for (const { node } of chosen) {
        const isKnown = pushTime(node, times) !== null;
        if (!kept.has(node)) kept.set(node, isKnown ? reason : `${reason}: its push time is unknown`);
      }
    }
  };
  keepNewest(countedByRule(roots));
  keepNewest(
    countedTogether(
      roots.filter(({ node }) => !kept.has(node)),
      rules,
    ),
  );
  return { kept, untimed: [...untimed], unordered: [...unordered] };
}

function timeDecides(orphan: Orphan, rules: Rules): boolean {
  const { isProven, gone } = orphan;
  return (
    (!isProven && rules.gracePeriodMs > 0) ||
    minimumAge(orphan, rules).ms > 0 ||
    gone.some(({ lastPush }) => lastPush !== null)
  );
}

function keptUntagged({ node }: Orphan, rules: Rules): string | null {
  const isReferrer = node.subjects.length > 0;
  return rules.untagged === "keep" && node.tags.length === 0 && !isReferrer
    ? "untagged images are kept (untagged: keep)"
    : null;
}

function outOfScope({ gone, superseded, isProven }: Orphan, { scope }: Rules): string | null {
  if (scope === null) return null;
  const isOfIt = isProven && superseded.length === 0 && gone.every(({ of }) => of === scope);
  return isOfIt ? null : `does not belong to ${scope} (the scheduled run handles it)`;
}

/** A release workflow may still promote the image of a pull request that was merged just now. */
function mergedJustNow({ gone }: Orphan, rules: Rules): string | null {
  if (rules.scope !== null) return null;
  for (const { merged, endedAt, of } of gone) {
    if (!merged || endedAt === null || rules.now - endedAt >= rules.gracePeriodMs) continue;
    return `${of} was merged ${formatAge(rules.now - endedAt)} ago (${gracePeriod(rules)})`;
  }
  return null;
}

/** An image that nothing names may be a push in progress. */
function pushedJustNow(orphan: Orphan, rules: Rules, time: number | null | undefined): string | null {
  if (orphan.isProven || rules.gracePeriodMs === 0 || time === undefined) return null;
  if (time === null) {
    // Signatures often have no time. Without their subject they are of no use, whenever they were pushed.
    const isReferrer = orphan.isUntagged && orphan.node.subjects.length > 0;
    return isReferrer ? null : `its push time is unknown (${gracePeriod(rules)})`;
  }
  const age = rules.now - time;
  return age < rules.gracePeriodMs ? `pushed ${formatAge(age)} ago (${gracePeriod(rules)})` : null;
}

function gracePeriod({ gracePeriodMs }: Rules): string {
  return `grace period of ${formatSetting(gracePeriodMs)}`;
}

/** Returns the newest `count` orphans. An unknown time counts as newest. The digest decides between equal times. */
export function newest(
  orphans: readonly Orphan[],
  { count, keepsUntimed }: Pick<CountedGroup, "count" | "keepsUntimed">,
  times: PushTimes,
  untimed: Set<Digest> = new Set(),
): readonly Orphan[] {
  if (count === 0 || count >= orphans.length) return count === 0 ? [] : orphans;
  const timed = orphans.map((orphan) => {
    const time = pushTime(orphan.node, times);
    if (time === undefined) untimed.add(orphan.node.digest);
    return { orphan, time: time ?? Number.POSITIVE_INFINITY };
  });
  timed.sort((a, b) => (a.time === b.time ? compareDigests(a.orphan, b.orphan) : b.time - a.time));
  const unknown = keepsUntimed ? timed.filter(({ time }) => time === Number.POSITIVE_INFINITY).length : 0;
  return timed.slice(0, unknown + count).map(({ orphan }) => orphan);
}

function compareDigests(a: Orphan, b: Orphan): number {
  return a.node.digest < b.node.digest ? -1 : 1;
}
