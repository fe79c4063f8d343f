import { counted } from "../format.ts";
import type { Commits } from "../refs/commits.ts";
import type { CommitGraph } from "../refs/git/commit-graph.ts";
import type { Commit } from "../refs/git/pack.ts";
import type { DeletedBranch, LiveRefs, PullRequest } from "../refs/refs.ts";
import { type Ancestor, CommitOwners } from "./commit-owners.ts";
import { type Gone, goneCommit, goneTip } from "./gone.ts";
import type { Live } from "./live-tags.ts";

/** An older commit of a branch or a Git tag that exists. */
export interface Superseded {
  readonly status: "superseded";
  readonly reason: string;
  /** Such as `branch main`. */
  readonly of: string;
  /** Its digits are decimal, so it may be no commit: then the tag is unmatched, too. */
  readonly mayBeNumber?: true;
}

/**
 * Nothing explains a commit.
 *
 * - `missing`: GitHub does not know it.
 * - `unexplained`: it exists.
 * - `unread`: the commits could not be read.
 */
export type UnknownCommit = "missing" | "unexplained" | "unread";

/** Finds what a commit is, by its first 7 or more hex digits. */
export type FindCommit = (text: string) => Live | Superseded | Gone | UnknownCommit;

const SHORT = 7;

/**
 * Returns a function that finds what a commit is. The first that applies to any commit with these digits:
 *
 * 1. live: one of an open pull request's own commits, or a test merge of one.
 * 2. superseded: in the first-parent history of a branch or Git tag.
 * 3. orphaned: one of a closed pull request's own commits, or a test merge of one, unless its head branch still exists; or the last
 *    commit of a deleted branch, if no branch, Git tag or open pull request reaches it.
 *
 * @param pullRequests those whose state is known
 */
export function commitFinder(
  commits: Commits,
  refs: LiveRefs,
  pullRequests: readonly PullRequest[],
  deletedBranches: readonly DeletedBranch[] = [],
): FindCommit {
  const bases = new Set(pullRequests.flatMap(({ baseBranch }) => baseBranch ?? []));
  const owners = new CommitOwners(commits, refs, bases);
  const open = openCommits(commits, refs, pullRequests);
  const openHeads = pullRequests.filter(({ state }) => state === "open").flatMap((each) => headsOf(each, commits));
  const exists = new Set(refs.branches.map(({ name }) => name));
  const closedOwner = closedOwners(owners, exists, pullRequests);
  const stillDeleted = deletedBranches.filter(({ name }) => !exists.has(name));
  const deletedTip = deletedTips(commits.graph, [...tipsOf(refs), ...openHeads], stillDeleted);
  return (text) => {
    if (commits.unread !== null) return "unread";
    const { ids, merge } = idsOf(commits, text);
    const merged = merge?.parents.slice(1, 2) ?? [];
    return (
      firstOf([...ids, ...merged], (id) => open.get(id)) ??
      firstOf(ids, (id) => supersededBy(id, owners.history.get(id))) ??
      firstOf(ids, (id) => closedOwner(id, null)) ??
      firstOf(merged, (id) => closedOwner(id, merge)) ??
      firstOf(ids, deletedTip) ??
      (ids.length > 0 ? "unexplained" : "missing")
    );
  };
}

/** Returns the pull requests whose commits include a commit of `texts`, or what it merged. */
export function ownersOfCommits(commits: Commits, refs: LiveRefs, texts: Iterable<string>): ReadonlySet<number> {
  const owners = new CommitOwners(commits, refs);
  const all = [...texts].flatMap((text) => {
    const { ids, merge } = idsOf(commits, text);
    return [...ids, ...(merge?.parents.slice(1, 2) ?? [])];
  });
  return new Set(all.flatMap((id) => owners.of(id)).map(({ number }) => number));
}

/**
 * Returns the commits that begin with the digits in `text`. `merge`: the one that no ref reaches; null: none. GitHub builds pull
 * requests from such a commit, a test merge: its first parent is a commit of the base branch, the second one is the head.
 */
function idsOf({ graph, others }: Commits, text: string): { ids: readonly string[]; merge: Commit | null } {
  const digits = text.toLowerCase();
  const other = others.get(digits);
  const ids = graph.startingWith(digits);
  if (other === undefined || other === "missing" || graph.has(other.id)) return { ids, merge: null };
  return { ids: [...ids, other.id], merge: other };
}

/**
 * Returns a function that finds the pull request that was closed last, if all pull requests with the commit are closed. One whose
 * head branch exists proves nothing: its commits may be former builds of that branch.
 */
function closedOwners(
  owners: CommitOwners,
  branches: ReadonlySet<string>,
  pullRequests: readonly PullRequest[],
): (id: string, merge: Commit | null) => Gone | undefined {
  const known = new Map(pullRequests.map((pullRequest) => [pullRequest.number, pullRequest]));
  const isGone = ({ state, fromFork, headBranch }: PullRequest): boolean =>
    state !== "open" && (fromFork || !branches.has(headBranch));
  return (id, merge) => {
    // A merge of something else is no test merge, nor is the commit with which the pull request was merged.
    if (merge !== null && !owners.history.has(merge.parents[0] ?? "")) return undefined;
    const found = owners
      .of(id)
      .map(({ number, behind }) => ({ behind, pullRequest: known.get(number) }))
      .filter(({ behind, pullRequest }) => pullRequest === undefined || behind < pullRequest.commitCount)
      .flatMap(({ pullRequest }) => pullRequest ?? "unknown");
    const gone = found.filter((each) => each !== "unknown" && isGone(each) && each.mergeCommit !== merge?.id);
    const [last] = gone.filter((each) => each !== "unknown").sort((a, b) => (b.closedAt ?? 0) - (a.closedAt ?? 0));
    return last === undefined || gone.length < found.length ? undefined : goneCommit(last, id.slice(0, SHORT));
  };
}

function firstOf<T>(ids: readonly string[], find: (id: string) => T | undefined): T | undefined {
  for (const id of ids) {
    const found = find(id);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The own commits of open pull requests: the head, its first parent, and so on, up to a commit of the base branch. */
function openCommits(
  commits: Commits,
  { branches }: LiveRefs,
  pullRequests: readonly PullRequest[],
): ReadonlyMap<string, Live> {
  const { graph } = commits;
  const live = new Map<string, Live>();
  const histories = new Map<string, ReadonlySet<string>>();
  const historyOf = (branch: string): ReadonlySet<string> => {
    const known = histories.get(branch);
    if (known !== undefined) return known;
    const tip = branches.find(({ name }) => name === branch)?.commit;
    const history = new Set(tip === undefined ? [] : graph.firstParents(tip));
    histories.set(branch, history);
    return history;
  };
  for (const pullRequest of pullRequests) {
    const { number, state, baseBranch } = pullRequest;
    if (state !== "open") continue;
    const base = baseBranch === null ? new Set<string>() : historyOf(baseBranch);
    for (const head of headsOf(pullRequest, commits)) {
      for (const id of graph.firstParents(head)) {
        if (base.has(id)) break;
        live.set(id, { status: "live", reason: `commit ${id.slice(0, SHORT)} of open pull request #${number}` });
      }
    }
  }
  return live;
}

/** Returns the heads of a pull request: Git and GitHub's API may have read different ones. */
function headsOf({ number, headCommit }: PullRequest, { pullRequestHeads }: Commits): readonly string[] {
  return [...new Set([headCommit, pullRequestHeads.get(number) ?? headCommit])];
}

function tipsOf({ branches, tags }: LiveRefs): readonly string[] {
  return [...branches, ...tags].map(({ commit }) => commit);
}

/** Returns a function that finds the last commits of deleted branches that the commits `live` do not reach. */
function deletedTips(
  graph: CommitGraph,
  live: readonly string[],
  deletedBranches: readonly DeletedBranch[],
): (id: string) => Gone | undefined {
  if (deletedBranches.length === 0) return () => undefined;
  const reached = graph.reachedFrom(live);
  const tips = new Map(deletedBranches.map((branch) => [branch.commit, branch]));
  return (id) => {
    const branch = reached.has(id) ? undefined : tips.get(id);
    return branch && goneTip(branch, id.slice(0, SHORT));
  };
}

function supersededBy(id: string, ancestor: Ancestor | undefined): Superseded | undefined {
  if (ancestor === undefined) return undefined;
  const { label, name, behind } = ancestor;
  const distance = behind === 0 ? "the tip of" : `${counted(behind, "commit")} behind`;
  return {
    status: "superseded",
    reason: `commit ${id.slice(0, SHORT)} is ${distance} ${name}`,
    of: `${label} ${name}`,
  };
}
