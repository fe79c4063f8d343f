import type { Commit } from "./pack.ts";

/** The commits that were read of a Git repository. Immutable: `with` returns a larger graph. */
export class CommitGraph {
  readonly #parents: ReadonlyMap<string, readonly string[]>;
  /** Sorted, for the search by a prefix. */
  readonly #ids: readonly string[];

  constructor(commits: Iterable<Commit> = []) {
    this.#parents = new Map([...commits].map(({ id, parents }) => [id, parents]));
    this.#ids = [...this.#parents.keys()].sort();
  }

  with(commits: readonly Commit[]): CommitGraph {
    if (commits.length === 0) return this;
    const known = [...this.#parents].map(([id, parents]) => ({ id, parents }));
    return new CommitGraph([...known, ...commits]);
  }

  has(id: string): boolean {
    return this.#parents.has(id);
  }

  /** Returns the commits whose ids begin with `prefix`, in lower case. */
  startingWith(prefix: string): readonly string[] {
    let from = 0;
    let to = this.#ids.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#ids[middle] ?? "") < prefix) from = middle + 1;
      else to = middle;
    }
    let end = from;
    while (this.#ids[end]?.startsWith(prefix)) end += 1;
    return this.#ids.slice(from, end);
  }

  /** Yields a commit, its first parent, the first parent of that one, and so on. A commit that was not read ends it. */
  *firstParents(id: string): Generator<string, void, void> {
    for (let at: string | undefined = id; at !== undefined; ) {
      const parents: readonly string[] | undefined = this.#parents.get(at);
      if (parents === undefined) return;
      yield at;
      at = parents[0];
    }
  }

  /** Returns all commits that these reach, themselves included. */
  reachedFrom(tips: readonly string[]): ReadonlySet<string> {
    const reached = new Set(tips);
    for (const id of reached) for (const parent of this.#parents.get(id) ?? []) reached.add(parent);
    return reached;
  }
}
