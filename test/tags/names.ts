import { createHash } from "node:crypto";
import type { LiveRefs, PullRequest, PullRequests, Ref } from "../../src/refs/refs.ts";

/** The default of the input `tag-patterns`. */
export const defaultPatterns = [
  "{branch}",
  "{tag}",
  "{version}",
  "v{version}",
  "{major}.{minor}",
  "v{major}.{minor}",
  "{major}",
  "v{major}",
  "pr-{pr}",
  "pr-{pr}-*",
  "sha-{sha}",
  "{sha}",
  "gh-readonly-queue-*-pr-{pr}-{sha}",
] as const;

/** A commit of its own for each `text`. */
export function commitOf(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

/** Refs of these names, each at a commit of its own. */
export function refsOf(names: { branches?: readonly string[]; tags?: readonly string[] }): LiveRefs {
  const ref = (name: string): Ref => ({ name, commit: commitOf(name) });
  return { branches: (names.branches ?? []).map(ref), tags: (names.tags ?? []).map(ref) };
}

/** A pull request of this repository, closed without a merge on 2026-11-02 unless told otherwise. */
export function pullRequestOf(told: Partial<PullRequest> & { readonly number: number }): PullRequest {
  const state = told.state ?? "closed";
  return {
    state,
    closedAt: state === "open" ? null : Date.UTC(2026, 10, 2, 23, 59),
    headBranch: `topic-${told.number}`,
    fromFork: false,
    headCommit: commitOf(`head of ${told.number}`),
    mergeCommit: null,
    ...told,
  };
}

/** What is known when these pull requests, and no others, exist and every question was asked. */
export function allKnown(pullRequests: readonly PullRequest[]): PullRequests {
  return {
    byNumber: new Map(pullRequests.map((pullRequest) => [pullRequest.number, pullRequest])),
    open: pullRequests.filter(({ state }) => state === "open"),
    closed: pullRequests.filter(({ state }) => state !== "open"),
  };
}
