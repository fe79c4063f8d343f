import { LATE_PUSH_MS, type PullRequest } from "../refs/refs.ts";

/** Evidence that a ref is gone. */
export interface Gone {
  readonly status: "orphaned";
  readonly reason: string;
  readonly pullRequest: number;
  /** Whether the pull request was merged. */
  readonly merged: boolean;
  /** When the pull request was closed, in milliseconds since the epoch; null: unknown. */
  readonly endedAt: number | null;
  /**
   * The evidence says nothing about images pushed later than this, in milliseconds since the epoch. Null: it holds for any
   * image, because a number belongs to one pull request only. A branch name can be used again.
   */
  readonly lastPush: number | null;
}

/** Returns the evidence against the number of a closed pull request. */
export function goneNumber(pullRequest: PullRequest): Gone {
  return gone(pullRequest, `pull request #${pullRequest.number} was ${endOf(pullRequest)}`, null);
}

/** Returns the evidence against one of a closed pull request's own commits. A commit belongs to it permanently. */
export function goneCommit(pullRequest: PullRequest, commit: string): Gone {
  return gone(pullRequest, `commit ${commit} of pull request #${pullRequest.number} (${endOf(pullRequest)})`, null);
}

/** Returns the evidence against the head branch of a closed pull request. */
export function goneBranch(pullRequest: PullRequest): Gone {
  const { number, closedAt, headBranch } = pullRequest;
  const reason = `branch ${headBranch} of pull request #${number} (${endOf(pullRequest)}) was deleted`;
  return gone(pullRequest, reason, closedAt === null ? null : closedAt + LATE_PUSH_MS);
}

function gone({ number, state, closedAt }: PullRequest, reason: string, lastPush: number | null): Gone {
  return { status: "orphaned", reason, pullRequest: number, merged: state === "merged", endedAt: closedAt, lastPush };
}

/** Returns `merged on 2026-11-02` (UTC). */
function endOf({ state, closedAt }: PullRequest): string {
  return closedAt === null ? state : `${state} on ${new Date(closedAt).toISOString().slice(0, 10)}`;
}
