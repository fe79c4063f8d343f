import type { Fault } from "../fault.ts";
import { CommitGraph } from "./git/commit-graph.ts";
import type { Commit } from "./git/pack.ts";

/** What was read of the commits that image tags name. */
export interface Commits {
  /** All commits that branches, Git tags and open pull requests reach, and those of the pull requests that were fetched. */
  readonly graph: CommitGraph;
  /** The head commit of each pull request, from `refs/pull/N/head`; empty: they were not needed. */
  readonly pullRequestHeads: ReadonlyMap<number, string>;
  /** The commits of tags that the graph does not have, by their text in lower case. `missing`: GitHub does not know it. */
  readonly others: ReadonlyMap<string, Commit | "missing">;
  /** Why the commits could not be read; null: they were read, or no tag names one. */
  readonly unread: Fault | null;
}

/** If no image tag names a commit that the refs do not explain. */
export const NO_COMMITS: Commits = {
  graph: new CommitGraph(),
  pullRequestHeads: new Map(),
  others: new Map(),
  unread: null,
};
