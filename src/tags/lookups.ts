import { FIRST_IMAGES } from "../plan/orphans.ts";
import type { PullRequest, PullRequestQuestions } from "../refs/refs.ts";
import { deadSlugs, isBranchGone } from "./evidence.ts";
import { Mark, type Step } from "./frontier.ts";
import { type LiveNames, meaningsOfRefs } from "./live-tags.ts";
import type { Meanings } from "./meanings.ts";
import type { TagPattern } from "./patterns.ts";
import { findingsOf, readings } from "./reading.ts";
import { decidedByText, type ProtectedBy, verdictOf } from "./status.ts";
import { indexFrom, wordsOf } from "./words.ts";

/** An image tag and the push of its manifest, in milliseconds since the epoch; null: unknown. */
export interface PushedTag {
  readonly tag: string;
  readonly pushedAt: number | null;
}

/** What the living refs leave open about `tags`: what has to be asked of the pull requests, and no more. */
export function questionsOf(
  tags: Iterable<PushedTag>,
  names: LiveNames,
  protectedBy: ProtectedBy,
): PullRequestQuestions {
  const meanings = meaningsOfRefs(names);
  const numbers = new Set<number>();
  const branchTags = new Set<string>();
  const commits = new Set<string>();
  let oldestPush = Number.POSITIVE_INFINITY;
  for (const { tag, pushedAt } of tags) {
    const open = decidedByText(tag, protectedBy) ? null : openQuestions(tag, names, meanings);
    if (open === null) continue;
    for (const number of open.numbers) numbers.add(number);
    for (const commit of open.commits) commits.add(commit);
    if (open.branch) branchTags.add(tag);
    // Numbers are asked one by one; only the search through closed pull requests needs a bound.
    if (!open.branch) continue;
    oldestPush = Math.min(
      oldestPush,
      pushedAt !== null && pushedAt >= FIRST_IMAGES ? pushedAt : Number.NEGATIVE_INFINITY,
    );
  }
  return { numbers, branchTags, commits, oldestPush: Number.isFinite(oldestPush) ? oldestPush : null };
}

interface OpenQuestions {
  readonly numbers: readonly number[];
  readonly commits: readonly string[];
  readonly branch: boolean;
}

/** null: the living refs have decided. */
function openQuestions(tag: string, names: LiveNames, meanings: Meanings): OpenQuestions | null {
  const read: { readonly pattern: TagPattern; readonly ends: readonly Step[] }[] = [];
  const verdict = verdictOf(names.patterns, tag, meanings, (pattern, text) => {
    const ends = readings(pattern, text, meanings);
    if (ends.length > 0) read.push({ pattern, ends });
    return ends;
  });
  if (verdict?.status === "live") return null;
  const findings = findingsOf(read.flatMap(({ ends }) => ends));
  const numbers = findings.flatMap((finding) => (finding.standing === "unknown" ? (finding.number ?? []) : []));
  const commits = findings.flatMap((finding) => (finding.standing === "unknown" ? (finding.commit ?? []) : []));
  // A tag that names a number or a commit alone is asked by that: a branch of the same name is too rare to read the
  // whole history of pull requests for, and not asking keeps the tag.
  const named = numbers.length > 0 || verdict?.status === "neutral";
  return { numbers, commits, branch: !named && read.some(({ pattern, ends }) => mayDieByBranch(pattern, ends)) };
}

function mayDieByBranch(pattern: TagPattern, ends: readonly Step[]): boolean {
  return pattern.parts.some(({ kind }) => kind === "branch") && ends.every(({ marks }) => (marks & Mark.living) === 0);
}

/** Finds for each pull request the image tags of `questions` that it proves dead by its branch; an open one proves none. */
export function answeredBy(
  questions: PullRequestQuestions,
  names: LiveNames,
): (pullRequest: PullRequest) => readonly string[] {
  const sorted = [...questions.branchTags].sort();
  return (pullRequest) => (isBranchGone(pullRequest, names) ? tagsOf(pullRequest, questions, sorted, names) : []);
}

/** The tags in question that the gone head branch of `pullRequest` is evidence against. */
function tagsOf(
  pullRequest: PullRequest,
  questions: PullRequestQuestions,
  sorted: readonly string[],
  names: LiveNames,
): string[] {
  const slugs = deadSlugs(pullRequest);
  const meanings = { ...meaningsOfRefs(names), deadBranches: wordsOf(slugs) };
  const answered = new Set<string>();
  for (const pattern of names.patterns) {
    for (const [slug] of slugs) {
      for (const tag of candidates(pattern, slug, questions.branchTags, sorted)) {
        const verdict = verdictOf([pattern], tag, meanings);
        if (verdict?.status === "orphaned") answered.add(tag);
      }
    }
  }
  return [...answered];
}

/** The tags that `pattern` can have made of `slug`, found without looking at each where it begins with what is known. */
function candidates(pattern: TagPattern, slug: string, tags: ReadonlySet<string>, sorted: readonly string[]): string[] {
  const [first, second] = pattern.parts;
  if (first?.kind === "branch")
    return pattern.parts.length === 1 ? (tags.has(slug) ? [slug] : []) : withPrefix(sorted, slug);
  if (first?.kind === "text" && second?.kind === "branch") return withPrefix(sorted, first.text + slug);
  if (!pattern.parts.some(({ kind }) => kind === "branch")) return [];
  return sorted.filter((tag) => tag.includes(slug));
}

function withPrefix(sorted: readonly string[], prefix: string): string[] {
  const found: string[] = [];
  for (let at = indexFrom(sorted, prefix); sorted[at]?.startsWith(prefix); at += 1) found.push(sorted[at] ?? "");
  return found;
}
