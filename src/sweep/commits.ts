import { Fault } from "../fault.ts";
import type { HttpClient } from "../http/http.ts";
import { type Commits, NO_COMMITS } from "../refs/commits.ts";
import { CommitGraph } from "../refs/git/commit-graph.ts";
import { fetchCommits } from "../refs/git/fetch-commits.ts";
import { listPullRequestHeads } from "../refs/git/ls-refs.ts";
import { findCommits } from "../refs/github/commits.ts";
import type { LiveRefs, PullRequest } from "../refs/refs.ts";
import type { Settings } from "../settings.ts";

/** What commits are read with. */
export interface CommitSources {
  readonly http: HttpClient;
  readonly settings: Pick<Settings, "github">;
}

/**
 * Reads the commits that image tags name, with as few requests as possible: the pull requests' heads, the commits that branches,
 * Git tags and open pull requests reach, those of closed pull requests if some tag names another commit, and from GitHub's API
 * those that no ref reaches. An error is part of the result: then no commit proves anything.
 *
 * @param texts the first 7 or more hex digits of commits
 * @throws HttpError `interrupted`
 */
export async function readCommits(
  { http, settings }: CommitSources,
  refs: LiveRefs,
  open: readonly PullRequest[],
  texts: ReadonlySet<string>,
): Promise<Commits> {
  if (texts.size === 0) return NO_COMMITS;
  const repository = gitRepository(settings);
  return orUnread(NO_COMMITS, async () => {
    const pullRequestHeads = await listPullRequestHeads(http, repository);
    const openHeads = open.flatMap(({ number }) => pullRequestHeads.get(number) ?? []);
    const live = unique([...refs.branches, ...refs.tags].map(({ commit }) => commit).concat(openHeads));
    let graph = new CommitGraph(await fetchCommits(http, repository, live));
    const digits = [...texts].map((text) => text.toLowerCase());
    const isUnknown = (text: string): boolean => graph.startingWith(text).length === 0;
    if (digits.some(isUnknown)) {
      const heads = unique([...pullRequestHeads.values()]).filter((head) => !graph.has(head));
      graph = graph.with(await fetchCommits(http, repository, heads, live));
    }
    const others = await findCommits(http, settings.github, unique(digits.filter(isUnknown)));
    return { graph, pullRequestHeads, others, unread: null };
  });
}

/** Reads the commits that branches, Git tags and open pull requests have gained since. Throws HttpError `interrupted`. */
export async function readNewCommits(
  { http, settings }: CommitSources,
  before: Commits,
  refs: LiveRefs,
  open: readonly PullRequest[],
): Promise<Commits> {
  if (before === NO_COMMITS || before.unread !== null) return before;
  const tips = [...refs.branches, ...refs.tags].map(({ commit }) => commit);
  const heads = open.map(({ headCommit }) => headCommit);
  const added = unique([...tips, ...heads]).filter((commit) => !before.graph.has(commit));
  const known = unique(tips).filter((commit) => before.graph.has(commit));
  return orUnread(before, async () => {
    const commits = await fetchCommits(http, gitRepository(settings), added, known);
    return { ...before, graph: before.graph.with(commits) };
  });
}

async function orUnread(before: Commits, read: () => Promise<Commits>): Promise<Commits> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Fault) return { ...before, unread: error };
    throw error;
  }
}

/** Returns the Git repository whose refs decide. */
export function gitRepository({ github }: Pick<Settings, "github">): { readonly url: URL; readonly token: string } {
  return { url: new URL(`${github.repository}.git`, github.serverUrl), token: github.token };
}

function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}
