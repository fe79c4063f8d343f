import { describe, expect, test } from "vitest";
import type { Digest } from "../../src/digest.ts";
import type { Decision } from "../../src/plan/plan.ts";
import { Trees } from "../../src/sweep/trees.ts";

const digest = (name: string): Digest => `sha256:${name}`;

/** The trees of images, each with the names of its manifests: the root first. */
function treesOf(...images: readonly (readonly string[])[]): Trees {
  const decisions = images.flatMap(([root = "", ...rest]) =>
    [root, ...rest].map((name) => ({ digest: digest(name), image: digest(root) }) as Decision),
  );
  return new Trees({ decisions, deletions: decisions.map((decision) => ({ digest: decision.digest, after: [] })) });
}

describe("cut", () => {
  const trees = treesOf(["a", "a1", "a2"], ["b"], ["c", "c1"]);
  const all = ["a", "a1", "a2", "b", "c", "c1"].map(digest);

  test.each([
    [0, 0],
    [1, 0],
    [2, 0],
    [3, 3],
    [4, 4],
    [5, 4],
    [6, 6],
    [9, 6],
  ])("of %i deletions sends %i, so that no tree is sent in part", (count, sent) => {
    expect(trees.cut(all, count)).toBe(sent);
  });

  test("sends a part of a tree that is open", () => {
    const left = all.slice(1);
    expect([0, 1, 2, 3, 4].map((count) => trees.cut(left, count))).toEqual([0, 1, 2, 3, 3]);
  });
});

describe("a tree", () => {
  test("is open from the DELETE of its root until all its deletions have an outcome", () => {
    const trees = treesOf(["a", "a1", "a2"], ["b"]);
    trees.setOpen(digest("a"), true);
    expect([trees.open, trees.isOpen(digest("a2")), trees.isOpen(digest("b"))]).toEqual([1, true, false]);
    trees.settle(digest("a"));
    trees.settle(digest("a1"));
    expect(trees.open).toBe(1);
    trees.settle(digest("a2"));
    expect([trees.open, trees.isOpen(digest("a2"))]).toEqual([0, false]);
  });

  test("begins although others are open, if one of these waits for it", () => {
    const decisions = ["a", "b", "c", "shared"].map(
      (name) => ({ digest: digest(name), image: digest(name === "shared" ? "b" : name) }) as Decision,
    );
    const deletions = decisions.map((decision) => ({
      digest: decision.digest,
      after: decision.digest === digest("shared") ? [digest("a"), digest("b")] : [],
    }));
    const trees = new Trees({ decisions, deletions });
    const mayBegin = (): readonly boolean[] => ["a", "b", "c"].map((name) => trees.mayBegin(digest(name), 1));
    expect(mayBegin()).toEqual([true, true, true]);
    trees.setOpen(digest("c"), true);
    expect(mayBegin()).toEqual([false, false, false]);
    trees.setOpen(digest("c"), false);
    trees.setOpen(digest("b"), true);
    expect(mayBegin()).toEqual([true, false, false]);
  });

  test("is not open if its root was not deleted", () => {
    const trees = treesOf(["a", "a1"]);
    trees.setOpen(digest("a"), true);
    trees.setOpen(digest("a"), false);
    trees.setOpen(digest("a"), false);
    expect(trees.open).toBe(0);
  });
});
