import type { Digest } from "../digest.ts";
import type { RepositoryPlan } from "../plan/plan.ts";

/** What is left of an image's deletions. */
interface Tree {
  left: number;
  isOpen: boolean;
  /** The trees with a deletion that follows one of this tree, because they share a manifest. */
  readonly sharedWith: Set<Tree>;
}

/**
 * The trees of a plan: each is the root manifest of an image, with what is deleted after it. A tree is open from the DELETE of its
 * root until all its deletions have an outcome. If a sweep ends then, it leaves manifests that a later run may not find.
 */
export class Trees {
  readonly #byDigest = new Map<Digest, Tree>();
  readonly #roots = new Set<Digest>();
  #open = 0;

  constructor({ decisions, deletions }: Pick<RepositoryPlan, "decisions" | "deletions">) {
    const imageOf = new Map(decisions.map(({ digest, image }) => [digest, image]));
    const byImage = new Map<Digest, Tree>();
    for (const { digest } of deletions) {
      const image = imageOf.get(digest) ?? digest;
      const tree = byImage.get(image) ?? { left: 0, isOpen: false, sharedWith: new Set() };
      tree.left += 1;
      byImage.set(image, tree);
      this.#byDigest.set(digest, tree);
      if (image === digest) this.#roots.add(digest);
    }
    for (const { digest, after } of deletions) {
      const tree = this.#byDigest.get(digest);
      for (const first of after) {
        const other = this.#byDigest.get(first);
        if (tree !== undefined && other !== tree) other?.sharedWith.add(tree);
      }
    }
  }

  /** How many trees are open. */
  get open(): number {
    return this.#open;
  }

  isRoot(digest: Digest): boolean {
    return this.#roots.has(digest);
  }

  /** Whether nothing is deleted after a root. */
  isAlone(digest: Digest): boolean {
    return this.#byDigest.get(digest)?.left === 1;
  }

  /** Whether the tree of a manifest is open. */
  isOpen(digest: Digest): boolean {
    return this.#byDigest.get(digest)?.isOpen === true;
  }

  /** Whether a root may be deleted now: if fewer than `most` trees are open, or if an open one waits for it. */
  mayBegin(root: Digest, most: number): boolean {
    const waiting = this.#byDigest.get(root)?.sharedWith ?? [];
    return this.#open < most || [...waiting].some(({ isOpen }) => isOpen);
  }

  /** Records that the DELETE of a root is sent, or that it was not carried out. */
  setOpen(digest: Digest, isOpen: boolean): void {
    const tree = this.#byDigest.get(digest);
    if (tree === undefined || tree.isOpen === isOpen) return;
    tree.isOpen = isOpen;
    this.#open += isOpen ? 1 : -1;
  }

  /** Records that a deletion has its outcome. */
  settle(digest: Digest): void {
    const tree = this.#byDigest.get(digest);
    if (tree === undefined) return;
    tree.left -= 1;
    if (tree.left === 0) this.setOpen(digest, false);
  }

  /**
   * Returns how many of the next deletions can be sent, at most `count`, without sending a part of a tree. Of an open tree, a part is
   * better than nothing.
   */
  cut(pending: readonly Digest[], count: number): number {
    if (count >= pending.length) return pending.length;
    for (let end = count; end >= 0; end -= 1) {
      const next = pending[end];
      if (next !== undefined && this.isRoot(next)) return end;
    }
    return count;
  }
}
