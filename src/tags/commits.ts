import { counted } from "../format.ts";
import type { Commits } from "../refs/commits.ts";
import type { CommitGraph } from "../refs/git/commit-graph.ts";
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
 * 3. orphaned: one of a closed pull request's own commits, or a test merge of one; or the last commit of a deleted branch, if no
 *    branch or Git tag reaches it.
 *
 * @param pullRequests those whose state is known
 */
export function commitFinder(
  commits: Commits,
  refs: LiveRefs,
  pullRequests: readonly PullRequest[],
  deletedBranches: readonly DeletedBranch[] = [],
): FindCommit {
  const owners = new CommitOwners(commits, refs);
  const open = openCommits(commits, refs, pullRequests);
  const states = new Map(pullRequests.map((pullRequest) => [pullRequest.number, pullRequest]));
  const closedOwner = (id: string): Gone | undefined => {
    const found = owners.of(id).map((number) => states.get(number));
    const closed = found.flatMap((pullRequest) =>
      pullRequest === undefined || pullRequest.state === "open" ? [] : [pullRequest],
    );
    const [last] = closed.sort((a, b) => (b.closedAt ?? 0) - (a.closedAt ?? 0));
    return last === undefined || closed.length < found.length ? undefined : goneCommit(last, id.slice(0, SHORT));
  };
  const deletedTip = deletedTips(commits.graph, refs, deletedBranches);
  return (text) => {
    if (commits.unread !== null) return "unread";
    const { ids, merged } = idsOf(commits, text);
    return (
      firstOf([...ids, ...merged], (id) => open.get(id)) ??
      firstOf(ids, (id) => supersededBy(id, owners.history.get(id))) ??
      firstOf([...ids, ...merged], closedOwner) ??
      firstOf(ids, deletedTip) ??
      (ids.length > 0 ? "unexplained" : "missing")
    );
  };
}

/** Returns the pull requests whose commits include a commit of `texts`, or what it merged. */
export function ownersOfCommits(commits: Commits, refs: LiveRefs, texts: Iterable<string>): ReadonlySet<number> {
  const owners = new CommitOwners(commits, refs);
  const all = [...texts].flatMap((text) => {
    const { ids, merged } = idsOf(commits, text);
    return [...ids, ...merged];
  });
  return new Set(all.flatMap((id) => owners.of(id)));
}

/**
 * Returns the commits that begin with the digits in `text`. `merged`: the second parents of those that no ref reaches. GitHub
 * builds pull requests from such a commit, a test merge, whose second parent is the head.
 */
function idsOf({ graph, others }: Commits, text: string): { ids: readonly string[]; merged: readonly string[] } {
  const digits = text.toLowerCase();
  const other = others.get(digits);
  const ids = graph.startingWith(digits);
  if (other === undefined || other === "missing" || graph.has(other.id)) return { ids, merged: [] };
  return { ids: [...ids, other.id], merged: other.parents.slice(1, 2) };
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
  { graph, pullRequestHeads }: Commits,
  { branches }: LiveRefs,
  pullRequests: readonly PullRequest[],
): ReadonlyMap<string, Live> {
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
  for (const { number, state, headCommit, baseBranch } of pullRequests) {
    if (state !== "open") continue;
    const base = baseBranch === null ? new Set<string>() : historyOf(baseBranch);
    // Git and GitHub's API may have read different heads.
    for (const head of new Set([headCommit, pullRequestHeads.get(number) ?? headCommit])) {
      for (const id of graph.firstParents(head)) {
        if (base.has(id)) break;
        live.set(id, { status: "live", reason: `commit ${id.slice(0, SHORT)} of open pull request #${number}` });
      }
    }
  }
  return live;
}

/** Returns a function that finds the last commits of deleted branches. */
function deletedTips(
  graph: CommitGraph,
  { branches, tags }: LiveRefs,
  deletedBranches: readonly DeletedBranch[],
): (id: string) => Gone | undefined {
  if (deletedBranches.length === 0) return () => undefined;
  const reached = graph.reachedFrom([...branches, ...tags].map(({ commit }) => commit));
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
