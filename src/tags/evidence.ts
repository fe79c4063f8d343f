import { type Commits, NO_COMMITS } from "../refs/commits.ts";
import { type DeletedBranch, type PullRequest, type PullRequests, RENAME_MS } from "../refs/refs.ts";
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
  usesLastSegment,
} from "./live-tags.ts";
import { branchSlugs, lastSegment, provingSlugs, pullRequestSlugs } from "./slugs.ts";

/** The live tags, and what the pull requests add to them. */
export interface KnownRefs extends LiveTags {
  /** Finds the evidence against a branch, spelled exactly. A branch that exists is found by `branch` first. */
  readonly goneBranch: (text: string) => Gone | undefined;
  /** The same by the last path segment of a branch. */
  readonly goneLastSegment: (text: string) => Gone | undefined;
  /** Whether a text is the last path segment, or a number, in the name of an open pull request's head branch. */
  readonly isPartOfOpenHead: (text: string) => boolean;
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
  const renamed = deletedBranches.filter(({ isRenamed }) => isRenamed);
  const deleted = deletedBranches.filter(({ isRenamed }) => !isRenamed);
  const branches = [
    ...deleted.map((branch) => ({ name: branch.name, gone: goneDeletedBranch(branch) })),
    ...all
      .filter((each) => isBranchEvidence(each) && !isRenamedAfter(each, renamed))
      .map((each) => ({ name: each.headBranch, gone: goneBranch(each) })),
  ];
  const bySegment = usesLastSegment(live.patterns);
  return {
    ...live,
    branch: either(live.branch, findInAnyCase(open.flatMap(openNames))),
    lastSegment: bySegment ? either(live.lastSegment, findInAnyCase(open.flatMap(lastSegments))) : live.lastSegment,
    commit: either(live.commit, findCommit(open.flatMap(headCommits))),
    olderCommit: commits === NO_COMMITS ? () => "missing" : commitFinder(commits, live.refs, all, deleted),
    goneBranch: findIn(latest(branches, provingSlugs)),
    goneLastSegment: findIn(latest(bySegment ? branches : [], (name) => provingSlugs(lastSegment(name)))),
    isPartOfOpenHead: partsOf(open.map(({ headBranch }) => headBranch)),
    pullRequest: (number) => numbers.get(number),
  };
}

/** Whether the head branch of a closed pull request was renamed, not deleted. Renaming it may be what closed the pull request. */
function isRenamedAfter({ headBranch, closedAt }: PullRequest, renamed: readonly DeletedBranch[]): boolean {
  return renamed.some(({ name, deletedAt }) => name === headBranch && deletedAt + RENAME_MS >= (closedAt ?? 0));
}

/** A branch that no longer exists, with the evidence. */
interface GoneBranch {
  readonly name: string;
  readonly gone: Gone;
}

/** Returns the evidence that holds for the latest pushes, by the image tags of the branches. */
function latest(branches: readonly GoneBranch[], slugsOf: (name: string) => readonly string[]): Map<string, Gone> {
  const bySlug = new Map<string, Gone>();
  const inOrder = branches.toReversed().sort((a, b) => (a.gone.lastPush ?? 0) - (b.gone.lastPush ?? 0));
  for (const { name, gone } of inOrder) {
    for (const slug of slugsOf(name)) bySlug.set(slug, continued(bySlug.get(slug), gone));
  }
  return bySlug;
}

/** Returns `last`, from the beginning of `before` if the branch existed all the time between them. */
function continued(before: Gone | undefined, last: Gone): Gone {
  const from = before?.firstPush ?? null;
  if (from === null || (last.firstPush !== null && last.firstPush > (before?.lastPush ?? 0))) return last;
  return { ...last, firstPush: Math.min(from, last.firstPush ?? from) };
}

/**
 * Builds also name images after parts of a branch. So the tag `pr-11` may belong to the open pull request 13 from the branch
 * `fix/11`, although number 11 was closed.
 */
function partsOf(branches: readonly string[]): (text: string) => boolean {
  const segments = new Set(
    branches.flatMap((name) => branchSlugs(lastSegment(name))).map((slug) => slug.toLowerCase()),
  );
  const numbers = new Set(branches.flatMap((name) => name.match(/\d+/g) ?? []).map(Number));
  return (text) => segments.has(text.toLowerCase()) || (/^\d+$/.test(text) && numbers.has(Number(text)));
}

/** Whether a pull request can prove that its head branch is gone. A fork's branch is in another repository. */
export function isBranchEvidence({ state, closedAt, fromFork }: PullRequest): boolean {
  return state !== "open" && closedAt !== null && !fromFork;
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
function openNames({ number, headBranch }: PullRequest): LiveEntry[] {
  const byNumber: Live = { status: "live", reason: `pull request #${number} is open` };
  return [
    ...branchSlugs(headBranch).map((slug): LiveEntry => [slug, headOf(number, headBranch)]),
    ...pullRequestSlugs(number).map((slug): LiveEntry => [slug, byNumber]),
  ];
}

function lastSegments({ number, headBranch }: PullRequest): LiveEntry[] {
  return branchSlugs(lastSegment(headBranch)).map((slug) => [slug, headOf(number, headBranch)]);
}

function headOf(number: number, headBranch: string): Live {
  return { status: "live", reason: `head branch ${headBranch} of open pull request #${number}` };
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
