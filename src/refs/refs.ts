/**
 * How long after a pull request was closed its builds may still push images, in milliseconds: a build may wait for a runner for
 * a day at most. It also covers the difference between the clocks of GitHub and the registry.
 */
export const LATE_PUSH_MS = 24 * 3_600_000;

/** GitHub renames a branch by creating one and deleting the other, at the same time: within this many milliseconds. */
export const RENAME_MS = 60_000;

/** A branch or a Git tag. */
export interface Ref {
  /** Without `refs/heads/` or `refs/tags/`. */
  readonly name: string;
  /** 40 or 64 hex digits in lower case; of an annotated tag, the commit it points to. */
  readonly commit: string;
}

/** All branches and Git tags of a repository. */
export interface LiveRefs {
  readonly branches: readonly Ref[];
  readonly tags: readonly Ref[];
}

/** A branch that was deleted or renamed. */
export interface DeletedBranch {
  readonly name: string;
  /** Its last commit; null: unknown. */
  readonly commit: string | null;
  /** Milliseconds since the epoch. */
  readonly deletedAt: number;
  /** It was renamed, and exists by another name. */
  readonly isRenamed?: true;
}

export interface PullRequest {
  readonly number: number;
  readonly state: "open" | "closed" | "merged";
  /** When it was closed or merged, in milliseconds since the epoch; null: it is open. */
  readonly closedAt: number | null;
  /**
   * When it began, in milliseconds since the epoch: its first own commit or its opening, whichever is earlier. A later time is
   * possible if the first commit was not read. Null: unknown.
   */
  readonly startedAt: number | null;
  readonly headBranch: string;
  /** The branch that it is merged into; null: unknown. */
  readonly baseBranch: string | null;
  /** Also true if the head repository was deleted: it may have been a fork. */
  readonly fromFork: boolean;
  readonly headCommit: string;
  /** How many commits it has that its base branch did not have; 0: unknown. */
  readonly commitCount: number;
  /** The test merge while it is open, and the merge commit once it is merged; null: GitHub returned none. */
  readonly mergeCommit: string | null;
}

/** The pull requests that were looked up. */
export interface PullRequests {
  /** The results of the lookups by number. `missing`: no pull request has this number; an issue may have it. */
  readonly byNumber: ReadonlyMap<number, PullRequest | "missing">;
  /** All open ones if they were needed; else empty. */
  readonly open: readonly PullRequest[];
  /** Closed and merged ones, as far back as the lookups needed. */
  readonly closed: readonly PullRequest[];
}

/** What image tags name that live refs do not explain. */
export interface PullRequestLookups {
  readonly numbers: ReadonlySet<number>;
  /** Image tags that may be named after the head branch of a closed pull request. */
  readonly branchTags: ReadonlySet<string>;
  /** Commits of 7 to 40 hex digits. */
  readonly commits: ReadonlySet<string>;
  /** The oldest push of `branchTags`, in milliseconds since the epoch; null: unknown. */
  readonly oldestPush: number | null;
}

/** Returns the image tags that one closed pull request proves orphaned by its head branch. */
export type OrphanedTags = (pullRequest: PullRequest) => readonly string[];
