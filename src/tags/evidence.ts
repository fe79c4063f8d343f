import type { PullRequest, PullRequests } from "../refs/refs.ts";
import { type LiveNames, livingCommit, meaningsOfRefs } from "./live-tags.ts";
import type { Dead, Finding, Meanings } from "./meanings.ts";
import { branchSlugs, provingSlugs } from "./slugs.ts";
import { firstWithPrefix, foldCase, wordsOf } from "./words.ts";

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
    commit: commitsOf(names, open),
  };
}

/** The slugs of a head branch that is gone, each as evidence. */
export function deadSlugs(pullRequest: PullRequest): [string, Dead][] {
  const { number, headBranch, state, closedAt } = pullRequest;
  const reason = `branch ${headBranch} of ${state} pull request #${number} is deleted`;
  const dead: Dead = { standing: "dead", by: "branch", reason, pullRequest: number, endedAt: closedAt };
  return provingSlugs(headBranch).map((slug) => [slug, dead]);
}

/** A fork's branch is another repository's: closing its pull request says nothing of a branch of that name here. */
export function isBranchGone({ state, fromFork, headBranch }: PullRequest, names: LiveNames): boolean {
  return state !== "open" && !fromFork && !names.branchNames.has(headBranch);
}

/** Newest end first, so that the reason shown is the latest one. One that is open in any answer is open. */
function eachOnce({ byNumber, open, closed }: PullRequests): PullRequest[] {
  const answered = [...byNumber.values()].filter((answer) => answer !== "missing");
  const ended = [...closed, ...answered].filter(({ state }) => state !== "open");
  const living = [...open, ...answered].filter(({ state }) => state === "open");
  const once = new Map([...ended, ...living].map((pullRequest) => [pullRequest.number, pullRequest]));
  return [...once.values()].sort((a, b) => (b.closedAt ?? 0) - (a.closedAt ?? 0) || b.number - a.number);
}

function byNumber({ number, state, closedAt }: PullRequest): Finding {
  if (state === "open") return { standing: "alive", reason: `pull request #${number} is open` };
  return {
    standing: "dead",
    by: "number",
    reason: `pull request #${number} ${state}${onDay(closedAt)}`,
    pullRequest: number,
    endedAt: closedAt,
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

/**
 * A commit protects, and is evidence of no death: the head of a pull request that was closed without a merge may be in the history
 * of a living branch all the same (pushed by hand, merged by another pull request, of a branch that has another name now).
 */
function commitsOf(names: LiveNames, open: readonly PullRequest[]): (commit: string) => Finding {
  const commits = wordsOf(open.flatMap((pullRequest) => openCommits(pullRequest)));
  return (commit) => livingCommit(names, commit) ?? firstWithPrefix(commits, commit) ?? { standing: "unknown", commit };
}

function openCommits({ number, headCommit, mergeCommit }: PullRequest): [string, Finding][] {
  const which = `of pull request #${number}, which is open`;
  const head: [string, Finding] = [headCommit, { standing: "alive", reason: `head ${which}` }];
  return mergeCommit === null ? [head] : [head, [mergeCommit, { standing: "alive", reason: `merge commit ${which}` }]];
}

/** ` 2026-11-02` in UTC; nothing where the time is not known. */
function onDay(time: number | null): string {
  return time === null ? "" : ` ${new Date(time).toISOString().slice(0, 10)}`;
}
