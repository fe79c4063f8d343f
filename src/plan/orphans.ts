import type { Digest } from "../digest.ts";
import type { Node } from "./graph.ts";
import type { TagStatus, Rules } from "./view.ts";
import { age, duration, shortDigest } from "./words.ts";

/** Docker itself is of 2013: an earlier push is what reproducible builds write, 1970 or 1980 (gcr-cleaner#141). */
export const FIRST_IMAGES = Date.UTC(2013, 0, 1);

/** An orphan, before the rules that spare some. */
export interface Orphan {
  readonly node: Node;
  readonly reason: string;
  /** Nothing names it, as opposed to a ref that is proven gone. */
  readonly absent: boolean;
  /** It has a tag other than those of the referrer form, so it can be pulled by itself. */
  readonly tagged: boolean;
  /** The pull requests because of which its tags are dead. */
  readonly pullRequests: readonly (number | null)[];
}

/** When a manifest was pushed; `unknown` where no time can be trusted; undefined: not asked yet. */
export function pushTime(times: ReadonlyMap<Digest, number | null>, digest: Digest): number | "unknown" | undefined {
  const time = times.get(digest);
  if (time === undefined) return undefined;
  return time === null || time < FIRST_IMAGES ? "unknown" : time;
}

/** Which of a repository's orphans go, and which are spared, each with the reason. */
export interface Sorted {
  readonly going: readonly Orphan[];
  readonly spared: ReadonlyMap<Digest, string>;
  /** The newest, which stay by their number. */
  readonly rollback: ReadonlySet<Digest>;
  /** Whether any without a tag of its own is spared: a parent that goes would take it along, if one is found. */
  readonly sparedByAbsence: boolean;
  /** Those whose time decides something and was not asked for yet. */
  readonly untimed: readonly Digest[];
}

/**
 * Sorts what nothing keeps: rules 6 and 7, then scope, grace period and keep-count.
 *
 * @param roots those that no index lists, and that are attached to nothing that is there
 * @param claimed the others: they go only with what claims them, but one that has a tag of its own is spared as a root is
 */
export function sortOrphans(
  roots: readonly Node[],
  claimed: readonly Node[],
  statuses: ReadonlyMap<string, TagStatus>,
  times: ReadonlyMap<Digest, number | null>,
  rules: Rules,
): Sorted {
  const spared = new Map<Digest, string>();
  const untimed: Digest[] = [];
  let sparedByAbsence = false;
  const stays = (orphan: Orphan): boolean => {
    const reason =
      untaggedStays(orphan, rules) ?? outOfScope(orphan, rules) ?? withinGrace(orphan, times, rules, untimed);
    if (reason === null) return false;
    spared.set(orphan.node.digest, reason);
    sparedByAbsence ||= !orphan.tagged;
    return true;
  };
  const old = roots.map((node) => orphanOf(node, statuses)).filter((orphan) => !stays(orphan));
  for (const orphan of claimed.map((node) => orphanOf(node, statuses))) if (orphan.tagged) stays(orphan);

  const counted = old.filter(({ node }) => node.subjects.length === 0);
  const rollback = new Set(newest(counted, times, rules.keepCount, untimed).map(({ node }) => node.digest));
  return { going: old.filter(({ node }) => !rollback.has(node.digest)), spared, rollback, sparedByAbsence, untimed };
}

/** Rules 4, 6 and 7: the reason why what nothing keeps is an orphan. */
function orphanOf(node: Node, statuses: ReadonlyMap<string, TagStatus>): Orphan {
  const own = node.tags.flatMap((tag) => statuses.get(tag) ?? []);
  const dead = own.filter((fate) => fate.status === "orphaned");
  const unmatched = own.filter((fate) => fate.status === "unmatched");
  return {
    node,
    reason: reasonOf(node, [...dead, ...unmatched]),
    absent: dead.length === 0 || unmatched.length > 0,
    tagged: own.some((fate) => fate.status !== "referrer"),
    pullRequests: [...dead.map((fate) => fate.pullRequest), ...unmatched.map(() => null)],
  };
}

function reasonOf(node: Node, statuses: readonly TagStatus[]): string {
  const reasons = new Set(statuses.map((fate) => fate.reason));
  if (reasons.size > 0) return [...reasons].slice(0, 3).join("; ");
  const [subject] = node.subjects;
  if (subject !== undefined) return `referrer of ${shortDigest(subject)}, which is gone`;
  return node.tags.length === 0 ? "untagged, and nothing that stays refers to it" : "no known ref";
}

function untaggedStays(orphan: Orphan, rules: Rules): string | null {
  const { tags, subjects } = orphan.node;
  return rules.untagged === "keep" && tags.length === 0 && subjects.length === 0
    ? "untagged, and `untagged: keep`"
    : null;
}

function outOfScope(orphan: Orphan, rules: Rules): string | null {
  if (rules.pullRequest === null) return null;
  const inScope = orphan.pullRequests.length > 0 && orphan.pullRequests.every((number) => number === rules.pullRequest);
  return inScope ? null : `not of pull request #${rules.pullRequest}: left to a sweep of the repository`;
}

/** An orphan by absence may be a push in progress: why it stays, or null. An unknown time never ages out. */
function withinGrace(
  orphan: Orphan,
  times: ReadonlyMap<Digest, number | null>,
  rules: Rules,
  untimed: Digest[],
): string | null {
  if (!orphan.absent || rules.gracePeriodMs === 0) return null;
  const time = pushTime(times, orphan.node.digest);
  const grace = `the grace period of ${duration(rules.gracePeriodMs)}`;
  if (time === undefined) {
    untimed.push(orphan.node.digest);
    return "its age is not known yet";
  }
  // A signature or an SBOM often tells no time at all: without its subject it is of no use, whenever it was pushed.
  if (time === "unknown" && !orphan.tagged && orphan.node.subjects.length > 0) return null;
  if (time === "unknown") return `push time unknown, so it never outlasts ${grace}`;
  const old = rules.now - time;
  return old < rules.gracePeriodMs ? `pushed ${age(old)} ago, within ${grace}` : null;
}

/** The newest `count` orphans; an unknown time counts as newest, the digest breaks a tie. */
export function newest<T extends Pick<Orphan, "node">>(
  orphans: readonly T[],
  times: ReadonlyMap<Digest, number | null>,
  count: number,
  untimed: Digest[],
): readonly T[] {
  if (count === 0) return [];
  if (count >= orphans.length) return orphans;
  const timed = orphans.map((orphan) => {
    const time = pushTime(times, orphan.node.digest);
    if (time === undefined) untimed.push(orphan.node.digest);
    return { orphan, time: typeof time === "number" ? time : Number.POSITIVE_INFINITY };
  });
  timed.sort((a, b) =>
    a.time === b.time ? (a.orphan.node.digest < b.orphan.node.digest ? -1 : 1) : a.time < b.time ? 1 : -1,
  );
  return timed.slice(0, count).map(({ orphan }) => orphan);
}
