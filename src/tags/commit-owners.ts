import type { Commits } from "../refs/commits.ts";
import type { CommitGraph } from "../refs/git/commit-graph.ts";
import type { LiveRefs, Ref } from "../refs/refs.ts";

/** A commit in the first-parent history of a branch or Git tag. */
export interface Ancestor {
  readonly label: "branch" | "Git tag";
  readonly name: string;
  /** How many commits the ref is ahead. */
  readonly behind: number;
}

/** A pull request that a commit may belong to. */
export interface Owner {
  readonly number: number;
  /** How many commits its head is ahead. */
  readonly behind: number;
}

/** Finds the refs that commits belong to: branches and Git tags by their first-parent history, else pull requests. */
export class CommitOwners {
  readonly history: ReadonlyMap<string, Ancestor>;
  /** Of commits outside `history`: those whose first parent it is, and the pull requests whose head it is. */
  readonly #children = new Map<string, string[]>();
  readonly #heads = new Map<string, number[]>();

  /** @param bases branches that pull requests are merged into */
  constructor({ graph, pullRequestHeads }: Commits, refs: LiveRefs, bases: ReadonlySet<string> = new Set()) {
    this.history = firstParentHistories(graph, refs, bases);
    const seen = new Set<string>();
    for (const [number, head] of pullRequestHeads) {
      push(this.#heads, head, number);
      let child: string | null = null;
      for (const id of graph.firstParents(head)) {
        if (this.history.has(id)) break;
        if (child !== null) push(this.#children, id, child);
        if (seen.has(id)) break;
        seen.add(id);
        child = id;
      }
    }
  }

  /**
   * Returns the pull requests in whose first-parent history `id` is; none for a commit of a branch or Git tag. After a forced push
   * or `git pull` on the base branch, that history has commits of the base branch too.
   */
  of(id: string): readonly Owner[] {
    const owners: Owner[] = [];
    let level: readonly string[] = this.history.has(id) ? [] : [id];
    for (let behind = 0; level.length > 0; behind += 1) {
      const numbers = level.flatMap((each) => this.#heads.get(each) ?? []);
      owners.push(...numbers.map((number) => ({ number, behind })));
      level = level.flatMap((each) => this.#children.get(each) ?? []);
    }
    return owners;
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

/**
 * A commit of several histories belongs to the first of them: main, base branches of pull requests, other branches, Git tags. A
 * branch that began at `develop` must not take its older builds, of which `keep-count` keeps the newest.
 */
function firstParentHistories(
  graph: CommitGraph,
  { branches, tags }: LiveRefs,
  bases: ReadonlySet<string>,
): ReadonlyMap<string, Ancestor> {
  const histories = new Map<string, Ancestor>();
  const add = (label: Ancestor["label"], { name, commit }: Ref): void => {
    let behind = 0;
    for (const id of graph.firstParents(commit)) {
      if (histories.has(id)) return;
      histories.set(id, { label, name, behind });
      behind += 1;
    }
  };
  const isMain = ({ name }: Ref): boolean => name === "main" || name === "master";
  for (const branch of branches.filter(isMain)) add("branch", branch);
  for (const branch of branches.filter(({ name }) => bases.has(name))) add("branch", branch);
  for (const branch of branches) add("branch", branch);
  for (const tag of tags) add("Git tag", tag);
  return histories;
}
