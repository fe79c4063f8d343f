import type { Dead, Finding, Meanings } from "../git/meanings.ts";
import type { PullRequest, PullRequests } from "../git/refs.ts";
import { branchSlugs } from "../git/slugs.ts";
import { type LiveNames, livingCommit, meaningsOfRefs } from "../git/tag-names.ts";
import { firstWithPrefix, foldCase, type Words, wordsOf } from "../git/words.ts";

/** What placeholders stand for once the pull requests have answered. */
export function meaningsOf(names: LiveNames, pullRequests: PullRequests): Meanings {
  const all = eachOnce(pullRequests);
  const numbers = new Map(all.map((pullRequest) => [pullRequest.number, byNumber(pullRequest)]));
  const open = all.filter(({ state }) => state === "open");
  const gone = all.filter((pullRequest) => isBranchGone(pullRequest, names));
  return {
    ...meaningsOfRefs(names),
    branches: withOpenBranches(names, open),
    deadBranches: wordsOf(gone.flatMap((pullRequest) => deadSlugs(pullRequest))),
    pullRequest: (number) => numbers.get(number) ?? { standing: "unknown", number },
    commit: commitsOf(names, all),
  };
}

/** The slugs of a head branch that is gone, each as evidence. */
export function deadSlugs(pullRequest: PullRequest): [string, Dead][] {
  const { number, headBranch, state } = pullRequest;
  const reason = `branch ${headBranch} of ${state} pull request #${number} is deleted`;
  const dead: Dead = { standing: "dead", by: "branch", reason, pullRequest: number };
  return branchSlugs(headBranch).map((slug) => [slug, dead]);
}

/** A fork's branch is another repository's: closing its pull request says nothing of a branch of that name here. */
export function isBranchGone({ state, fromFork, headBranch }: PullRequest, names: LiveNames): boolean {
  return state !== "open" && !fromFork && !names.branchNames.has(headBranch);
}

/**
 * Whether the head of a pull request proves images of that commit dead: it was closed without a merge, and it is no fork's, as
 * anybody can open one there from a commit of this repository's own history, and close it. Not while a branch of the
 * head's name lives here: the commit may be of that branch's history (a closed pull request from `main` into `release`).
 */
export function isHeadDead({ state, fromFork, headBranch }: PullRequest, names: LiveNames): boolean {
  return state === "closed" && !fromFork && !names.branchNames.has(headBranch);
}

/** The commits of a merged pull request: the base branch's own, or what production may run. They prove nothing dead. */
export function mergedCommits({ state, headCommit, mergeCommit }: PullRequest): string[] {
  return state === "merged" ? [headCommit, ...(mergeCommit === null ? [] : [mergeCommit])] : [];
}

/** Newest end first, so that the reason shown is the latest one. One that is open in any answer is open. */
function eachOnce({ byNumber, open, closed }: PullRequests): PullRequest[] {
  const answered = [...byNumber.values()].filter((answer) => answer !== "missing");
  const all = [...closed, ...answered].filter(({ state }) => state !== "open");
  const living = [...open, ...answered].filter(({ state }) => state === "open");
  const once = new Map([...all, ...living].map((pullRequest) => [pullRequest.number, pullRequest]));
  return [...once.values()].sort((a, b) => (b.closedAt ?? 0) - (a.closedAt ?? 0) || b.number - a.number);
}

function byNumber({ number, state, closedAt }: PullRequest): Finding {
  if (state === "open") return { standing: "alive", reason: `pull request #${number} is open` };
  return {
    standing: "dead",
    by: "number",
    reason: `pull request #${number} ${state}${onDay(closedAt)}`,
    pullRequest: number,
  };
}

/**
 * The head branches of open pull requests beside the living ones: a fork's too, as builds that name images after
 * `github.head_ref` give it this tag, and `patch-1` is the name of many.
 */
function withOpenBranches(names: LiveNames, open: readonly PullRequest[]): Meanings["branches"] {
  if (open.length === 0) return names.branches;
  const exact = new Map(names.branches.exact);
  const folded = new Map(names.branches.folded.meanings);
  for (const { number, headBranch } of open) {
    const alive = {
      standing: "alive",
      reason: `branch ${headBranch} of pull request #${number}, which is open`,
    } as const;
    for (const slug of branchSlugs(headBranch)) {
      if (!exact.has(slug)) exact.set(slug, alive);
      if (!folded.has(foldCase(slug))) folded.set(foldCase(slug), alive);
    }
  }
  return { exact, folded: wordsOf(folded) };
}

function commitsOf(names: LiveNames, all: readonly PullRequest[]): (commit: string) => Finding {
  const open = wordsOf(all.flatMap((pullRequest) => openCommits(pullRequest)));
  const merged: Words<true> = wordsOf(all.flatMap(mergedCommits).map((commit) => [commit, true]));
  const dead = wordsOf(all.filter((pullRequest) => isHeadDead(pullRequest, names)).map(deadHead));
  return (commit) => {
    const alive = livingCommit(names, commit) ?? firstWithPrefix(open, commit);
    if (alive) return alive;
    const proven = provesNothing(commit) || firstWithPrefix(merged, commit) ? null : firstWithPrefix(dead, commit);
    return proven ?? { standing: "unknown", commit };
  };
}

/**
 * Decimal digits alone may be a date or a build's number that happens to begin a commit (`2026112` is the beginning of one commit
 * in 268 million, and of thirty days): they protect, and are evidence of no death.
 */
export function provesNothing(commit: string): boolean {
  return /^\d+$/.test(commit);
}

function openCommits({ number, state, headCommit, mergeCommit }: PullRequest): [string, Finding][] {
  if (state !== "open") return [];
  const which = `of pull request #${number}, which is open`;
  const head: [string, Finding] = [headCommit, { standing: "alive", reason: `head ${which}` }];
  return mergeCommit === null ? [head] : [head, [mergeCommit, { standing: "alive", reason: `merge commit ${which}` }]];
}

function deadHead({ number, headCommit, closedAt }: PullRequest): [string, Dead] {
  const reason = `head of pull request #${number}, closed without a merge${onDay(closedAt)}`;
  return [headCommit, { standing: "dead", by: "commit", reason, pullRequest: number }];
}

/** ` 2026-11-02` in UTC; nothing where the time is not known. */
function onDay(time: number | null): string {
  return time === null ? "" : ` ${new Date(time).toISOString().slice(0, 10)}`;
}
