import { LATE_PUSH_MS, type PullRequest, type PullRequests } from "../refs/refs.ts";
import {
  type FindLive,
  findCommit,
  findIn,
  findInAnyCase,
  type Live,
  type LiveEntry,
  type LiveTags,
} from "./live-tags.ts";
import { branchSlugs, provingSlugs } from "./slugs.ts";

/** Evidence that a ref is gone. */
export interface Gone {
  readonly status: "orphaned";
  readonly reason: string;
  readonly pullRequest: number;
  /** Whether the pull request was merged. */
  readonly merged: boolean;
  /** When the pull request was closed, in milliseconds since the epoch; null: unknown. */
  readonly endedAt: number | null;
  /**
   * The evidence says nothing about images pushed later than this, in milliseconds since the epoch. Null: it holds for any
   * image, because a number belongs to one pull request only. A branch name can be used again.
   */
  readonly lastPush: number | null;
}

/** The live tags, and what the pull requests add to them. */
export interface KnownRefs extends LiveTags {
  /** Finds the evidence against a branch, spelled exactly. A branch that exists is found by `branch` first. */
  readonly goneBranch: (text: string) => Gone | undefined;
  /** Undefined: no such pull request is known. */
  readonly pullRequest: (number: number) => Live | Gone | undefined;
}

/** Adds pull requests to the live tags. One that no list has is unknown, and proves nothing. */
export function knownRefs(live: LiveTags, pullRequests: PullRequests): KnownRefs {
  const all = eachOnce(pullRequests);
  const open = all.filter(({ state }) => state === "open");
  const numbers = new Map(all.map((pullRequest) => [pullRequest.number, byNumber(pullRequest)]));
  const goneBranches = new Map<string, Gone>();
  for (const pullRequest of all.toReversed()) {
    if (!isBranchEvidence(pullRequest)) continue;
    for (const slug of provingSlugs(pullRequest.headBranch)) goneBranches.set(slug, byBranch(pullRequest));
  }
  return {
    ...live,
    branch: either(live.branch, findInAnyCase(open.flatMap(headBranches))),
    // The commits of closed pull requests are no evidence: a live branch may contain them.
    commit: either(live.commit, findCommit(open.flatMap(commits))),
    goneBranch: findIn(goneBranches),
    pullRequest: (number) => numbers.get(number),
  };
}

/** Whether a pull request can prove that its head branch is gone. A fork's branch is in another repository. */
export function isBranchEvidence({ state, fromFork }: PullRequest): boolean {
  return state !== "open" && !fromFork;
}

/** Returns each pull request once, the last to end first. It is open if any list says so: later entries win. */
function eachOnce({ byNumber, open, closed }: PullRequests): PullRequest[] {
  const all = [...closed, ...byNumber.values(), ...open].filter((each) => each !== "missing");
  const once = new Map(all.map((pullRequest) => [pullRequest.number, pullRequest]));
  return [...once.values()].sort((a, b) => (b.closedAt ?? 0) - (a.closedAt ?? 0) || b.number - a.number);
}

function byNumber(pullRequest: PullRequest): Live | Gone {
  const { number, state } = pullRequest;
  if (state === "open") return { status: "live", reason: `pull request #${number} is open` };
  return gone(pullRequest, `pull request #${number} was ${endOf(pullRequest)}`, null);
}

function byBranch(pullRequest: PullRequest): Gone {
  const { number, closedAt, headBranch } = pullRequest;
  const reason = `branch ${headBranch} of pull request #${number} (${endOf(pullRequest)}) was deleted`;
  return gone(pullRequest, reason, closedAt === null ? null : closedAt + LATE_PUSH_MS);
}

function gone({ number, state, closedAt }: PullRequest, reason: string, lastPush: number | null): Gone {
  return { status: "orphaned", reason, pullRequest: number, merged: state === "merged", endedAt: closedAt, lastPush };
}

/** Returns `merged on 2026-11-02` (UTC). */
function endOf({ state, closedAt }: PullRequest): string {
  return closedAt === null ? state : `${state} on ${new Date(closedAt).toISOString().slice(0, 10)}`;
}

/** The head branches of forks too: builds that name images after `github.head_ref` give them these tags. */
function headBranches({ number, headBranch }: PullRequest): LiveEntry[] {
  const live: Live = { status: "live", reason: `head branch ${headBranch} of open pull request #${number}` };
  return branchSlugs(headBranch).map((slug) => [slug, live]);
}

function commits({ number, headCommit, mergeCommit }: PullRequest): LiveEntry[] {
  const entry = (commit: string, name: string): LiveEntry => [
    commit,
    { status: "live", reason: `${name} of open pull request #${number}` },
  ];
  const head = entry(headCommit, "head commit");
  return mergeCommit === null ? [head] : [head, entry(mergeCommit, "test merge")];
}

function either(first: FindLive, second: FindLive): FindLive {
  return (text) => first(text) ?? second(text);
}
