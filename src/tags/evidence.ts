import { type Commits, NO_COMMITS } from "../refs/commits.ts";
import type { DeletedBranch, PullRequest, PullRequests } from "../refs/refs.ts";
import { commitFinder, type FindCommit } from "./commits.ts";
import { type Gone, goneBranch, goneDeletedBranch, goneNumber } from "./gone.ts";
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

/** The live tags, and what the pull requests add to them. */
export interface KnownRefs extends LiveTags {
  /** Finds the evidence against a branch, spelled exactly. A branch that exists is found by `branch` first. */
  readonly goneBranch: (text: string) => Gone | undefined;
  /** Undefined: no such pull request is known. */
  readonly pullRequest: (number: number) => Live | Gone | undefined;
  /** Finds a commit that is neither a tip nor a head. */
  readonly olderCommit: FindCommit;
}

/** Evidence from other sources than pull requests. */
export interface FurtherEvidence {
  readonly commits?: Commits;
  readonly deletedBranches?: readonly DeletedBranch[];
}

/** Adds evidence to the live tags. What no list has is unknown, and proves nothing. */
export function knownRefs(
  live: LiveTags,
  pullRequests: PullRequests,
  { commits = NO_COMMITS, deletedBranches = [] }: FurtherEvidence = {},
): KnownRefs {
  const all = eachOnce(pullRequests);
  const open = all.filter(({ state }) => state === "open");
  const numbers = new Map(all.map((pullRequest) => [pullRequest.number, byNumber(pullRequest)]));
  const branches = [
    ...deletedBranches.map((branch) => ({ name: branch.name, gone: goneDeletedBranch(branch) })),
    ...all.filter(isBranchEvidence).map((each) => ({ name: each.headBranch, gone: goneBranch(each) })),
  ];
  return {
    ...live,
    branch: either(live.branch, findInAnyCase(open.flatMap(headBranches))),
    commit: either(live.commit, findCommit(open.flatMap(headCommits))),
    olderCommit: commits === NO_COMMITS ? () => "missing" : commitFinder(commits, live.refs, all, deletedBranches),
    goneBranch: findIn(latestBySlug(branches)),
    pullRequest: (number) => numbers.get(number),
  };
}

/** The evidence that holds for the latest pushes, by the image tags of the branch. */
function latestBySlug(branches: readonly { readonly name: string; readonly gone: Gone }[]): ReadonlyMap<string, Gone> {
  const latest = new Map<string, Gone>();
  for (const { name, gone } of branches) {
    for (const slug of provingSlugs(name)) {
      const known = latest.get(slug);
      if (known === undefined || (gone.lastPush ?? 0) > (known.lastPush ?? 0)) latest.set(slug, gone);
    }
  }
  return latest;
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
  return state === "open" ? { status: "live", reason: `pull request #${number} is open` } : goneNumber(pullRequest);
}

/** The head branches of forks too: builds that name images after `github.head_ref` give them these tags. */
function headBranches({ number, headBranch }: PullRequest): LiveEntry[] {
  const live: Live = { status: "live", reason: `head branch ${headBranch} of open pull request #${number}` };
  return branchSlugs(headBranch).map((slug) => [slug, live]);
}

function headCommits({ number, headCommit, mergeCommit }: PullRequest): LiveEntry[] {
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
