import { type Digest, isDigest } from "../digest.ts";
import type { TagStatus } from "../plan/view.ts";
import { LATE_PUSH_MS, type PullRequests } from "../refs/refs.ts";
import { meaningsOf } from "./evidence.ts";
import { Mark, type Step, type TagText, tagText } from "./frontier.ts";
import type { LiveNames } from "./live-tags.ts";
import type { Dead, Finding, Meanings } from "./meanings.ts";
import type { TagPattern } from "./patterns.ts";
import { beginsAlive, findingsOf, firstDeadUntil, firstWay, readings } from "./reading.ts";
import { LONGEST_TAG } from "./slugs.ts";

/** The glob of `protect-tags` that `tag` matches; null: none. */
export type ProtectedBy = (tag: string) => string | null;

/**
 * What the refs say about image tags, by the rules in their order: protected, referrer, alive, dead, silent, unmatched.
 * What `pullRequests` lacks is taken for unknown, which kills nothing.
 */
export function statusesOf(names: LiveNames, pullRequests: PullRequests, protectedBy: ProtectedBy): (tag: string) => TagStatus {
  const meanings = meaningsOf(names, pullRequests);
  return (tag) => {
    const decided = decidedByText(tag, protectedBy);
    if (decided) return decided;
    const verdict = verdictOf(names.patterns, tag, meanings);
    return verdict ?? { status: "unmatched", reason: "no known ref" };
  };
}

/** What the tag's own text decides, whatever the refs say: it is protected, or it follows another digest. */
export function decidedByText(tag: string, protectedBy: ProtectedBy): TagStatus | null {
  const glob = protectedBy(tag);
  if (glob !== null) return { status: "live", reason: `protected: ${glob}` };
  const subject = subjectOf(tag);
  return subject && { status: "referrer", subject, reason: `refers to ${subject}` };
}

/** The digest that a tag such as `sha256-<64 hex>.sig` refers to (OCI "Referrers Tag Schema", cosign); null: none. */
function subjectOf(tag: string): Digest | null {
  const hex = /^sha256-([0-9a-f]{64})(?:[._-].*)?$/.exec(tag)?.[1];
  const digest = `sha256:${hex}`;
  return hex !== undefined && isDigest(digest) ? digest : null;
}

type Read = (pattern: TagPattern, tag: TagText, meanings: Meanings) => readonly Step[];

/** Alive by any pattern, else dead by any, else silent; null: nothing is known of it. */
export function verdictOf(
  patterns: readonly TagPattern[],
  tag: string,
  meanings: Meanings,
  read: Read = readings,
): TagStatus | null {
  // No registry takes a longer tag: whatever this is, no build made it.
  if (tag.length > LONGEST_TAG) return null;
  const text = tagText(tag);
  let dead: Dead | null = null;
  let living = false;
  let commit: string | null = null;
  for (const pattern of patterns) {
    const ends = read(pattern, text, meanings);
    const alive = ends.find((end) => (end.marks & (Mark.unknown | Mark.dead)) === 0);
    if (alive) return { status: "live", reason: reasonsOf(firstWay(alive)) };
    living ||= ends.some((end) => (end.marks & Mark.living) !== 0);
    for (const end of ends) {
      if (end.marks === Mark.unknown && pattern.onlyCommits) commit ??= commitIn(findingsOf([end]));
      if ((end.marks & (Mark.dead | Mark.otherCase)) !== Mark.dead) continue;
      // `pr-12-arm64` may be a build of the living branch `pr-12`, for which no pattern was given.
      living ||= beginsAlive(text, firstDeadUntil(end), meanings);
      dead = stronger(dead, firstWay(end));
    }
  }
  // A living ref in one way to read it, and a dead one in another: the tag may be the living one's.
  if (living) return null;
  if (dead) return orphanedStatus(dead);
  return commit === null ? null : { status: "neutral", reason: `commit ${commit}, which no ref knows` };
}

/** A number is one pull request's for good; a branch's name is free for others once its pull request has ended. */
function orphanedStatus({ by, reason, pullRequest, endedAt }: Dead): TagStatus {
  const lastPush = by === "number" || endedAt === null ? null : endedAt + LATE_PUSH_MS;
  return { status: "orphaned", reason, pullRequest, lastPush };
}

function reasonsOf(findings: readonly Finding[]): string {
  const reasons = findings.flatMap((finding) => (finding.standing === "alive" ? [finding.reason] : []));
  return [...new Set(reasons)].join(", ");
}

/**
 * The commit that a reading names. Eight decimal digits and more are a date (`20261121`), a time or the number of a run, which
 * schedules and builds write: such a tag is unmatched rather than silent, so that it does not go along with a dead one.
 */
function commitIn(findings: readonly Finding[]): string | null {
  for (const finding of findings) {
    if (finding.standing === "unknown" && finding.commit !== undefined && !/^\d{8,}$/.test(finding.commit))
      return finding.commit;
  }
  return null;
}

const STRENGTH = { number: 2, branch: 1 } as const;

/** A tag that names the pull request's number says most clearly whose it is, then its branch. */
function stronger(known: Dead | null, findings: readonly Finding[]): Dead | null {
  return findings.reduce<Dead | null>(
    (best, finding) =>
      finding.standing === "dead" && (best === null || STRENGTH[finding.by] > STRENGTH[best.by]) ? finding : best,
    known,
  );
}
