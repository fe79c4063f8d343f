import { createHash } from "node:crypto";
import { DEFAULTS } from "../../src/inputs/defaults.ts";
import type { LiveRefs, PullRequest, PullRequests, Ref } from "../../src/refs/refs.ts";
import { liveTagsOf } from "../../src/tags/live-tags.ts";
import { compileTagPatterns } from "../../src/tags/patterns.ts";
import { type TagStatus, tagStatuses } from "../../src/tags/status.ts";

/** The default of the input `tag-patterns`. */
export const defaultPatterns = DEFAULTS["tag-patterns"].split("\n");

export const UNMATCHED = "unmatched: matches no branch, Git tag, commit or pull request";

/** What exists in Git and on GitHub, and the inputs. */
export interface World {
  /** Default: the branch `main`. */
  readonly refs?: LiveRefs;
  readonly pullRequests?: readonly PullRequest[];
  /** Overrides the lists that `pullRequests` would give. */
  readonly lists?: Partial<PullRequests>;
  readonly patterns?: readonly string[];
  /** The only protected tag. */
  readonly protect?: string;
}

export function statusOf(tag: string, world: World = {}): TagStatus {
  const live = liveTagsOf(
    compileTagPatterns(world.patterns ?? defaultPatterns),
    world.refs ?? refsOf({ branches: ["main"] }),
  );
  const lists = { ...listsOf(world.pullRequests ?? []), ...world.lists };
  return tagStatuses(live, lists, (each) => (each === world.protect ? each : null))(tag);
}

/** Returns the status and its reason as one text. */
export function explain(tag: string, world: World = {}): string {
  const { status, reason } = statusOf(tag, world);
  return `${status}: ${reason}`;
}

/** Returns a commit of its own for each `text`. */
export function commitOf(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

/** Returns refs of these names, each at a commit of its own. */
export function refsOf(names: { branches?: readonly string[]; tags?: readonly string[] }): LiveRefs {
  const ref = (name: string): Ref => ({ name, commit: commitOf(name) });
  return { branches: (names.branches ?? []).map(ref), tags: (names.tags ?? []).map(ref) };
}

/** Returns a pull request of this repository, by default closed without a merge on 2026-11-02. */
export function pullRequestOf(fields: Partial<PullRequest> & { readonly number: number }): PullRequest {
  const state = fields.state ?? "closed";
  return {
    state,
    closedAt: state === "open" ? null : Date.UTC(2026, 10, 2, 23, 59),
    headBranch: `topic-${fields.number}`,
    startedAt: Date.UTC(2026, 9, 1),
    baseBranch: "main",
    fromFork: false,
    headCommit: commitOf(`head of ${fields.number}`),
    commitCount: 1,
    mergeCommit: null,
    ...fields,
  };
}

export function open(number: number, fields: Partial<PullRequest> = {}): PullRequest {
  return pullRequestOf({ number, state: "open", ...fields });
}

export function closed(number: number, fields: Partial<PullRequest> = {}): PullRequest {
  return pullRequestOf({ number, ...fields });
}

export function merged(number: number, fields: Partial<PullRequest> = {}): PullRequest {
  return pullRequestOf({ number, state: "merged", mergeCommit: commitOf(`merge of ${number}`), ...fields });
}

/** Returns the lists of a repository with exactly these pull requests, all looked up. */
export function listsOf(pullRequests: readonly PullRequest[]): PullRequests {
  return {
    byNumber: new Map(pullRequests.map((pullRequest) => [pullRequest.number, pullRequest])),
    open: pullRequests.filter(({ state }) => state === "open"),
    closed: pullRequests.filter(({ state }) => state !== "open"),
  };
}
