import type { OrphanedTags, PullRequestLookups, PullRequests } from "../refs/refs.ts";
import { isBranchEvidence, knownRefs } from "./evidence.ts";
import { type LiveTags, usesLastSegment } from "./live-tags.ts";
import type { TagPatterns } from "./patterns.ts";
import { isInside, type Reading, readings } from "./readings.ts";
import { lastSegment, provingSlugs } from "./slugs.ts";
import { isLiveRef, type ProtectedBy, statusByRefs, statusByText, tagStatuses } from "./status.ts";
import { isVersionLike } from "./versions.ts";

/** Docker was first released in 2013. Reproducible builds write earlier times, such as 1970 or 1980. */
export const FIRST_IMAGES = Date.UTC(2013, 0, 1);

/** An image tag and when its manifest was pushed, in milliseconds since the epoch; null: unknown. */
export interface PushedTag {
  readonly tag: string;
  readonly pushedAt: number | null;
}

const NO_PULL_REQUESTS: PullRequests = { byNumber: new Map(), open: [], closed: [] };

/** Returns the pull requests that decide about `tags`. */
export function pullRequestLookups(
  tags: Iterable<PushedTag>,
  live: LiveTags,
  protectedBy: ProtectedBy,
): PullRequestLookups {
  const known = knownRefs(live, NO_PULL_REQUESTS);
  const numbers = new Set<number>();
  const commits = new Set<string>();
  const branchTags = new Set<string>();
  let oldestPush = Number.POSITIVE_INFINITY;
  for (const { tag, pushedAt } of tags) {
    if (statusByText(tag, protectedBy) !== null) continue;
    const byPattern = known.patterns.map((pattern) => readings(pattern, tag, known));
    const { status } = statusByRefs(tag, byPattern.flat(), known);
    if (status === "live") continue;
    const unknown = byPattern.flat().flatMap(({ captures }) => captures.filter(({ ref }) => ref === undefined));
    for (const { kind, text } of unknown) {
      if (kind === "pr") numbers.add(Number(text));
      if (kind === "sha") commits.add(text.toLowerCase());
    }
    // A deleted branch that is named like a number or a commit is too rare to read all closed pull requests for.
    const isNumber = unknown.some(({ kind }) => kind === "pr");
    if (isNumber || status === "neutral" || isVersionLike(tag) || !byPattern.some(mayNameGoneBranch)) continue;
    branchTags.add(tag);
    const isTrusted = pushedAt !== null && pushedAt >= FIRST_IMAGES;
    oldestPush = Math.min(oldestPush, isTrusted ? pushedAt : Number.NEGATIVE_INFINITY);
  }
  return { numbers, commits, branchTags, oldestPush: Number.isFinite(oldestPush) ? oldestPush : null };
}

/** Whether one pattern's readings name a branch, and nothing live. */
function mayNameGoneBranch(all: readonly Reading[]): boolean {
  const captures = all.flatMap((reading) => reading.captures);
  return captures.some(({ kind }) => kind === "branch") && !captures.some(isLiveRef);
}

/** Returns a function that finds the `branchTags` which one closed pull request proves orphaned by its head branch. */
export function orphanedTags({ branchTags }: PullRequestLookups, live: LiveTags): OrphanedTags {
  const starts = [...branchTags]
    .flatMap((tag) => branchStarts(tag, live.patterns))
    .sort((a, b) => (a.text < b.text ? -1 : Number(a.text > b.text)));
  const bySegment = usesLastSegment(live.patterns);
  return (pullRequest) => {
    if (!isBranchEvidence(pullRequest)) return [];
    const { headBranch } = pullRequest;
    const names = bySegment ? [headBranch, lastSegment(headBranch)] : [headBranch];
    const candidates = new Set(names.flatMap(provingSlugs).flatMap((slug) => tagsWith(starts, slug)));
    if (candidates.size === 0) return [];
    const statusOf = tagStatuses(live, { ...NO_PULL_REQUESTS, closed: [pullRequest] }, () => null);
    return [...candidates].filter((tag) => statusOf(tag).status === "orphaned");
  };
}

/** A tag from the place on at which a branch's name may begin. */
interface BranchStart {
  readonly text: string;
  readonly tag: string;
}

/** Returns the places of `tag` where the patterns allow a deleted branch's name to begin. */
function branchStarts(tag: string, patterns: TagPatterns): BranchStart[] {
  const starts = new Set<number>();
  for (const [index, { text, wildcard }] of patterns.flatMap((pattern) => [...pattern.entries()])) {
    if (wildcard?.kind !== "branch") continue;
    for (let at = index === 0 ? 0 : tag.length - text.length; at >= 0; at -= 1) {
      if (tag.startsWith(text, at) && !(text === "" && isInside(tag, at))) starts.add(at + text.length);
    }
  }
  return [...starts].map((start) => ({ text: tag.slice(start), tag }));
}

/** Returns the tags in which the name `slug` begins at one of the `starts`, which are sorted. */
function tagsWith(starts: readonly BranchStart[], slug: string): string[] {
  let from = 0;
  let to = starts.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((starts[middle]?.text ?? "") < slug) from = middle + 1;
    else to = middle;
  }
  const tags: string[] = [];
  for (let at = from; starts[at]?.text.startsWith(slug); at += 1) tags.push(starts[at]?.tag ?? "");
  return tags;
}
