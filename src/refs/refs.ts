/**
 * A build goes on after its pull request was closed, may have waited for a runner before (a day at most), and pushes then:
 * the image is younger than the closing. It also covers what GitHub's clock and the registry's differ by. In milliseconds.
 */
export const LATE_PUSH_MS = 24 * 3_600_000;

/** GitHub numbers pull requests with GraphQL's `Int`. */
export const LARGEST_PULL_REQUEST = 2 ** 31 - 1;

/** A branch or a Git tag, with the commit that it stands for (a tag's is peeled). */
export interface Ref {
  /** Without `refs/heads/` or `refs/tags/`. */
  readonly name: string;
  /** 40 or 64 lower-case hex digits. */
  readonly commit: string;
}

/** Every branch and Git tag that exists. */
export interface LiveRefs {
  readonly branches: readonly Ref[];
  readonly tags: readonly Ref[];
}

export interface PullRequest {
  readonly number: number;
  readonly state: "open" | "closed" | "merged";
  /** When it was closed or merged, in milliseconds since the epoch; null while open. */
  readonly closedAt: number | null;
  readonly headBranch: string;
  /** True also where the head repository is gone: such a branch was never proven to be this repository's. */
  readonly fromFork: boolean;
  readonly headCommit: string;
  /** The temporary merge commit while open, the merge's own commit once merged; null where GitHub tells none. */
  readonly mergeCommit: string | null;
}

/** What is known of pull requests: as much as the questions that were asked need. */
export interface PullRequests {
  /** Answers to questions by number; `missing`: no pull request has that number (an issue may). */
  readonly byNumber: ReadonlyMap<number, PullRequest | "missing">;
  /** All open ones, where a commit or a branch tag was asked for; else empty. */
  readonly open: readonly PullRequest[];
  /** Closed and merged ones, newest first, as far back as a question after a branch needed them. */
  readonly closed: readonly PullRequest[];
}

/** What the image tags of a registry leave open once the living refs have spoken. */
export interface PullRequestLookups {
  /** Numbers that image tags name. */
  readonly numbers: ReadonlySet<number>;
  /** Image tags that may come from the head branch of a closed pull request. */
  readonly branchTags: ReadonlySet<string>;
  /** Abbreviated or full commits (hex, 7 to 40 digits) that image tags name and no branch tip or Git tag has. */
  readonly commits: ReadonlySet<string>;
  /** The oldest push of `branchTags`, in milliseconds since the epoch; null: unknown, no bound. */
  readonly oldestPush: number | null;
}
