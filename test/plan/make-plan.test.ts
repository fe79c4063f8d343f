import { describe, expect, test } from "vitest";
import { freedBytes } from "../../src/plan/freed-bytes.ts";
import type { Rules } from "../../src/plan/plan.ts";
import { decisionsOf, deletedIn, digestOf, planWorld, type Registry, type Setup, type World } from "./world.ts";

const TAGS_ONLY: Registry = { listsUntagged: false, referrersApi: false };

describe("deletes", () => {
  const orderOf = (world: World, setup: Setup = {}): readonly string[] => {
    const names = new Map(Object.keys(world).map((name) => [digestOf(name), name]));
    return planWorld(world, setup).plan.deletions.map(({ digest }) => names.get(digest) ?? "unknown");
  };

  test("each root, then its children, then its referrers, before the next root", () => {
    const world: World = {
      outer: { tags: ["orphaned"], children: ["inner"], hours: 40 },
      inner: { tags: ["orphaned-inner"], children: ["leaf"] },
      leaf: { tags: ["orphaned-leaf"] },
      sig: { tags: ["sha256-outer.sig"] },
      next: { tags: ["orphaned-next"], children: ["own"], hours: 90 },
      own: {},
    };
    for (const registry of [TAGS_ONLY, { listsUntagged: true, referrersApi: false }]) {
      const order = orderOf(world, { registry });
      const trees = [
        ["outer", "inner", "leaf", "sig"],
        ["next", "own"],
      ];
      const expected = registry.listsUntagged || order[0] === "outer" ? trees : trees.toReversed();
      expect(order).toEqual(expected.flat());
    }
  });

  test("a shared child after its last parent", () => {
    const world: World = {
      new: { tags: ["orphaned-1"], children: ["shared", "own"], hours: 40 },
      old: { tags: ["orphaned-2"], children: ["shared"], hours: 90 },
      shared: {},
      own: {},
    };
    expect(orderOf(world)).toEqual(["new", "own", "old", "shared"]);
    const step = planWorld(world).plan.deletions.at(-1);
    expect(new Set(step?.after)).toEqual(new Set([digestOf("new"), digestOf("old")]));
  });

  test("the newest root first, by version id, then by push time", () => {
    const world: World = {
      a: { tags: ["orphaned-1"], versionId: 3, hours: 90 },
      b: { tags: ["orphaned-2"], versionId: 1, hours: 30 },
      c: { tags: ["orphaned-3"], versionId: 2, hours: 60 },
    };
    expect(orderOf(world)).toEqual(["a", "c", "b"]);
    expect(orderOf({ young: { tags: ["orphaned"], hours: 1 }, older: { tags: ["orphaned-2"], hours: 9 } })).toEqual([
      "young",
      "older",
    ]);
  });

  test("an index of referrers before what it lists, and after its subject", () => {
    const world: World = {
      image: {},
      "of-image": { tags: ["sha256-image"], children: ["bundle"] },
      bundle: { children: ["sbom"], subject: "image" },
      sbom: {},
    };
    expect(orderOf(world)).toEqual(["image", "of-image", "bundle", "sbom"]);
  });
});

describe("reports", () => {
  test("a kept index with a missing child as broken, and deletes the rest", () => {
    const world: World = { index: { tags: ["live"], children: ["a", "lost"] }, a: {}, old: { tags: ["orphaned"] } };
    const planned = planWorld(world);
    expect(planned.plan.broken).toEqual([{ digest: digestOf("index"), missing: [digestOf("lost")] }]);
    expect(deletedIn(world, planned)).toEqual(["old"]);
  });

  test("the root of each manifest as its image", () => {
    const world: World = {
      index: { tags: ["orphaned"], children: ["inner"] },
      inner: { children: ["leaf"] },
      leaf: {},
      sig: { tags: ["sha256-index.sig"] },
      kept: { tags: ["live"], children: ["k"] },
      k: {},
    };
    const images = [...decisionsOf(world, planWorld(world))].map(([name, { image }]) => [name, image]);
    expect(Object.fromEntries(images)).toEqual({
      ...Object.fromEntries(["index", "inner", "leaf", "sig"].map((name) => [name, digestOf("index")])),
      ...Object.fromEntries(["kept", "k"].map((name) => [name, digestOf("kept")])),
    });
  });

  const staleIn = (world: World, setup: Setup = {}): readonly string[] =>
    planWorld(world, setup)
      .plan.decisions.flatMap(({ staleTags }) => staleTags.map(({ tag }) => tag))
      .toSorted();

  test("tags of gone refs on live images as stale, but not those of a child or of an image that keep-count keeps", () => {
    const world: World = {
      a: { tags: ["live", "orphaned", "gone7-a"] },
      index: { tags: ["live-2"], children: ["child"] },
      child: { tags: ["orphaned-amd64"] },
      counted: { tags: ["orphaned-9"] },
    };
    expect(staleIn(world, { rules: { keepCount: 1 } })).toEqual(["gone7-a", "orphaned"]);
    expect(staleIn(world, { rules: { keepCount: 1, scope: "pull request #12" } })).toEqual(["orphaned"]);
  });

  test("a tag of a deleted branch as stale only if its push time is known to be early enough", () => {
    const world: World = {
      a: { tags: ["live-1", "branch-1"], hours: 61 },
      b: { tags: ["live-2", "branch-2"], hours: 59 },
      c: { tags: ["live-3", "branch-3"], hours: null },
      d: { tags: ["live-4", "orphaned-4"], hours: null },
    };
    expect(staleIn(world)).toEqual(["branch-1", "orphaned-4"]);
  });

  test.each<[string, Partial<Rules>, readonly string[]]>([
    ["not as stale by default", {}, []],
    ["as stale if unmatched-tags is delete", { unmatchedTags: "delete" }, ["old-x"]],
    ["not as stale in the scope of a pull request", { unmatchedTags: "delete", scope: "pull request #12" }, []],
    ["as stale at once without a grace period", { unmatchedTags: "delete", gracePeriodMs: 0 }, ["old-x", "young-x"]],
  ])("unmatched tags of live images %s", (_title, rules, stale) => {
    const world: World = {
      old: { tags: ["live-1", "old-x"] },
      young: { tags: ["live-2", "young-x"], hours: 2 },
      timeless: { tags: ["live-3", "timeless-x"], hours: null },
    };
    expect(staleIn(world, { rules })).toEqual(stale);
  });

  test("the size of a manifest with its blobs", () => {
    const world: World = { a: { tags: ["orphaned"], blobs: [{ name: "a", bytes: 10 }] } };
    expect(planWorld(world).plan.decisions.map(({ sizeBytes }) => sizeBytes)).toEqual([510]);
  });

  test("the bytes of blobs that nothing kept uses, each once", () => {
    const base = { name: "base", bytes: 1000 };
    const world: World = {
      kept: { tags: ["live"], blobs: [base] },
      a: { tags: ["orphaned"], blobs: [base, { name: "a", bytes: 10 }, { name: "ab", bytes: 5 }] },
      b: { tags: ["orphaned-2"], blobs: [base, { name: "ab", bytes: 5 }] },
    };
    expect(freedBytes([planWorld(world).plan.blobs])).toEqual({ bytes: 15, exact: true });
    const index: World = { ...world, index: { tags: ["live-2"], children: ["platform"] }, platform: {} };
    expect(freedBytes([planWorld(index).plan.blobs])).toEqual({ bytes: 15, exact: false });
  });

  test("a blob that several repositories share once, and not at all if one of them keeps it", () => {
    const [base, own] = [
      { name: "base", bytes: 1000 },
      { name: "own", bytes: 10 },
    ];
    const deleted = planWorld({ a: { tags: ["orphaned"], blobs: [base, own] } }).plan.blobs;
    const kept = planWorld({ a: { tags: ["live"], blobs: [base] } }).plan.blobs;
    expect(freedBytes([deleted, deleted])?.bytes).toBe(1010);
    expect(freedBytes([deleted, kept])?.bytes).toBe(10);
  });
});
