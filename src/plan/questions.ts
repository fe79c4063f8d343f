import { Mark, type Step } from "../git/frontier.ts";
import type { Meanings } from "../git/meanings.ts";
import { findingsOf, readings } from "../git/reading.ts";
import type { PullRequest, PullRequestQuestions } from "../git/refs.ts";
import { type LiveNames, meaningsOfRefs } from "../git/tag-names.ts";
import type { TagPattern } from "../git/tag-patterns.ts";
import { indexFrom, wordsOf } from "../git/words.ts";
import { deadSlugs, isBranchGone, isHeadDead, mergedCommits, provesNothing } from "./evidence.ts";
import { decidedByText, type ProtectedBy, verdictOf } from "./fate.ts";
import { FIRST_IMAGES } from "./orphans.ts";

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
    if (!open.branch && open.commits.length === 0) continue;
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
  const verdict = verdictOf(names.patterns, tag, (pattern, text) => {
    const ends = readings(pattern, text, meanings);
    if (ends.length > 0) read.push({ pattern, ends });
    return ends;
  });
  if (verdict?.fate === "alive") return null;
  const findings = findingsOf(read.flatMap(({ ends }) => ends));
  const numbers = findings.flatMap((finding) => (finding.standing === "unknown" ? (finding.number ?? []) : []));
  const commits = findings.flatMap((finding) => (finding.standing === "unknown" ? (finding.commit ?? []) : []));
  // A tag that names a number or a commit alone is asked by that: a branch of the same name is too rare to read the
  // whole history of pull requests for, and not asking keeps the tag.
  const named = numbers.length > 0 || verdict?.fate === "silent";
  return { numbers, commits, branch: !named && read.some(({ pattern, ends }) => mayDieByBranch(pattern, ends)) };
}

function mayDieByBranch(pattern: TagPattern, ends: readonly Step[]): boolean {
  return pattern.parts.some(({ kind }) => kind === "branch") && ends.every(({ marks }) => (marks & Mark.living) === 0);
}

/** The questions that one pull request settles: no further one needs to be read for them. */
export interface Answers {
  readonly branchTags: readonly string[];
  readonly commits: readonly string[];
}

/** Finds for each closed pull request which of `questions` it settles; an open one settles none. */
export function answeredBy(questions: PullRequestQuestions, names: LiveNames): (pullRequest: PullRequest) => Answers {
  const lengths = [...new Set([...questions.commits].map((commit) => commit.length))];
  const sorted = [...questions.branchTags].sort();
  return (pullRequest) => {
    // A merged one settles its commits too: they stay silent, whatever another pull request of the same head says.
    const settled = isHeadDead(pullRequest, names) ? [pullRequest.headCommit] : mergedCommits(pullRequest);
    const commits = settled.flatMap((commit) => lengths.map((length) => commit.slice(0, length)));
    return {
      branchTags: isBranchGone(pullRequest, names) ? tagsOf(pullRequest, questions, sorted, names) : [],
      commits: [...new Set(commits)].filter(
        (commit) => questions.commits.has(commit) && (pullRequest.state === "merged" || !provesNothing(commit)),
      ),
    };
  };
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
        const verdict = verdictOf([pattern], tag, (each, text) => readings(each, text, meanings));
        if (verdict?.fate === "dead") answered.add(tag);
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
