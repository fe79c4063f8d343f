import type { PullRequest, PullRequestQuestions } from "./refs.ts";

/** Which of the questions one closed pull request answers. */
export type AnswersOf = (pullRequest: PullRequest) => {
  readonly branchTags: Iterable<string>;
  readonly commits: Iterable<string>;
};

/** The questions that are still open, while pull requests are read. */
export class Unanswered {
  readonly #branchTags: Set<string>;
  readonly #commits: Set<string>;
  readonly #lengths: readonly number[];
  readonly #answersOf: AnswersOf;
  #foundBranchTag = false;

  constructor({ branchTags, commits }: PullRequestQuestions, answersOf: AnswersOf) {
    this.#branchTags = new Set(branchTags);
    this.#commits = new Set(commits);
    this.#lengths = [...new Set([...commits].map(({ length }) => length))];
    this.#answersOf = answersOf;
  }

  get isEmpty(): boolean {
    return this.#branchTags.size === 0 && this.#commits.size === 0;
  }

  get asksForCommits(): boolean {
    return this.#commits.size > 0;
  }

  /** Whether evidence was found that an image tag is a gone branch's. */
  get foundBranchTag(): boolean {
    return this.#foundBranchTag;
  }

  settle(pullRequest: PullRequest): void {
    const { branchTags, commits } = this.#answersOf(pullRequest);
    for (const tag of branchTags) {
      this.#branchTags.delete(tag);
      this.#foundBranchTag = true;
    }
    // The head of one that was closed may be that of another that was merged, and then it is not dead: only the
    // merged one ends the search.
    if (pullRequest.state === "merged") for (const commit of commits) this.#commits.delete(commit);
  }

  settleLiving({ headCommit, mergeCommit }: PullRequest): void {
    for (const commit of [headCommit, mergeCommit ?? ""]) {
      for (const length of this.#lengths) this.#commits.delete(commit.slice(0, length));
    }
  }
}
