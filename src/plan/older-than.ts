import { formatAge, formatSetting } from "../format.ts";
import type { Orphan } from "./orphans.ts";
import type { Rules } from "./plan.ts";
import { describeRule } from "./retention.ts";

/** The age that an orphan must have, in milliseconds, and the rule that says so. */
interface MinimumAge {
  readonly ms: number;
  readonly rule: string;
}

/** Returns the age that an orphan must have: the largest one that any of its tags needs. */
export function minimumAge({ named }: Orphan, { olderThanMs }: Rules): MinimumAge {
  const general: MinimumAge = { ms: olderThanMs, rule: `older-than: ${formatSetting(olderThanMs)}` };
  const [first = general, ...rest] = named.map(({ rule }) => {
    const ms = rule?.olderThanMs ?? null;
    return rule === null || ms === null ? general : { ms, rule: `retention: ${describeRule(rule)}` };
  });
  return rest.reduce((largest, each) => (each.ms > largest.ms ? each : largest), first);
}

/**
 * Returns why an orphan is too young to be deleted; null: it is not. Its age counts from its push or from the end of its refs,
 * whichever is later. An unknown time never ages.
 *
 * @param time of its push, in milliseconds since the epoch; null: unknown; undefined: not read yet
 */
export function isTooYoung(orphan: Orphan, rules: Rules, time: number | null | undefined): string | null {
  const { ms, rule } = minimumAge(orphan, rules);
  if (ms === 0) return null;
  const ends = orphan.gone.map(({ endedAt }) => endedAt ?? Number.POSITIVE_INFINITY);
  const end = Math.max(Number.NEGATIVE_INFINITY, ...ends);
  if (end === Number.POSITIVE_INFINITY) return `the end of its ref is unknown (${rule})`;
  if (rules.now - end < ms) return `its ref ended ${formatAge(rules.now - end)} ago (${rule})`;
  if (time === undefined) return null;
  // Signatures often have no time. Without their subject they are of no use, whenever they were pushed.
  const isReferrer = orphan.isUntagged && orphan.node.subjects.length > 0;
  if (time === null) return isReferrer ? null : `its push time is unknown (${rule})`;
  return rules.now - time < ms ? `pushed ${formatAge(rules.now - time)} ago (${rule})` : null;
}
