import { type DeletedBranch, LATE_PUSH_MS, type PullRequest } from "../refs/refs.ts";

/** Evidence that a ref is gone. */
export interface Gone {
  readonly status: "orphaned";
  readonly reason: string;
  /** What ended, such as `pull request #12` or `branch feature`. */
  readonly of: string;
  /** Whether the pull request was merged. */
  readonly merged: boolean;
  /** When the pull request was closed, in milliseconds since the epoch; null: unknown. */
  readonly endedAt: number | null;
  /**
   * The evidence says nothing about images pushed later than this, in milliseconds since the epoch. Null: it holds for any
   * image, because a number belongs to one pull request only. A branch name can be used again.
   */
  readonly lastPush: number | null;
  /** The same for images pushed before this; null: unknown. */
  readonly firstPush: number | null;
}

/** Returns the evidence against the number of a closed pull request. */
export function goneNumber(pullRequest: PullRequest): Gone {
  return gone(pullRequest, `pull request #${pullRequest.number} was ${endOf(pullRequest)}`);
}

/** Returns the evidence against one of a closed pull request's own commits. A commit belongs to it permanently. */
export function goneCommit(pullRequest: PullRequest, commit: string): Gone {
  return gone(pullRequest, `commit ${commit} of pull request #${pullRequest.number} (${endOf(pullRequest)})`);
}

/** Returns the evidence against the head branch of a closed pull request. */
export function goneBranch(pullRequest: PullRequest): Gone {
  const { number, closedAt, headBranch } = pullRequest;
  const reason = `branch ${headBranch} of pull request #${number} (${endOf(pullRequest)}) was deleted`;
  const lastPush = closedAt === null ? null : closedAt + LATE_PUSH_MS;
  return { ...gone(pullRequest, reason), lastPush, firstPush: pullRequest.startedAt };
}

/** Returns the evidence of a branch that was deleted. */
export function goneDeletedBranch({ name, deletedAt }: DeletedBranch): Gone {
  const reason = `branch ${name} was deleted on ${dayOf(deletedAt)}`;
  const lastPush = deletedAt + LATE_PUSH_MS;
  return {
    status: "orphaned",
    reason,
    of: branchName(name),
    merged: false,
    endedAt: deletedAt,
    lastPush,
    firstPush: null,
  };
}

/** Returns the evidence of the last commit of a branch that was deleted. */
export function goneTip(branch: DeletedBranch, commit: string): Gone {
  const { name, deletedAt } = branch;
  const reason = `commit ${commit} of branch ${name}, which was deleted on ${dayOf(deletedAt)}`;
  return { ...goneDeletedBranch(branch), reason, lastPush: null };
}

/** Returns the name of a branch in `Gone.of`. */
export function branchName(name: string): string {
  return `branch ${name}`;
}

/** Returns the name of a pull request in `Gone.of`. */
export function pullRequestName(number: number): string {
  return `pull request #${number}`;
}

function gone({ number, state, closedAt }: PullRequest, reason: string): Gone {
  const of = pullRequestName(number);
  return {
    status: "orphaned",
    reason,
    of,
    merged: state === "merged",
    endedAt: closedAt,
    lastPush: null,
    firstPush: null,
  };
}

/** Returns `merged on 2026-11-02` (UTC). */
function endOf({ state, closedAt }: PullRequest): string {
  return closedAt === null ? state : `${state} on ${dayOf(closedAt)}`;
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
