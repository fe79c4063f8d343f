import { describe, expect, test } from "vitest";
import { freedBytes } from "../../src/plan/freed-bytes.ts";
import type { Rules } from "../../src/plan/plan.ts";
import {
  DAY,
  decisionsOf,
  deletedIn,
  digestOf,
  HOUR,
  planWorld,
  type Registry,
  type Setup,
  UNMATCHED,
  type World,
} from "./world.ts";

const SIGNED: World = { signed: { tags: ["live-signed"] }, signature: { tags: ["sha256-signed.sig"] } };
const TAGS_ONLY: Registry = { listsUntagged: false, referrersApi: false };

describe("the reason and status", () => {
  const short = (name: string): string => digestOf(name).slice(0, 19);

  test.each<[string, World, string, Setup, string]>([
    ["a live ref", { a: { tags: ["live"] } }, "a", {}, "live: branch live"],
    [
      "a closed pull request",
      { a: { tags: ["orphaned"] } },
      "a",
      {},
      "orphaned: pull request #12 was closed on 2026-11-02",
    ],
    ["no ref", { a: { tags: ["x"] } }, "a", {}, `unmatched: ${UNMATCHED}`],
    ["no tag", { a: {} }, "a", {}, "untagged: untagged and unreferenced"],
    ["the grace period", { a: { hours: 2 } }, "a", {}, "untagged: pushed 2 h ago (grace period of 24h)"],
    [
      "an unknown push time",
      { a: { hours: null } },
      "a",
      { rules: { gracePeriodMs: 7 * DAY } },
      "untagged: its push time is unknown (grace period of 7d)",
    ],
    [
      "a pull request that was merged just now",
      { a: { tags: ["merged"] } },
      "a",
      {},
      "orphaned: pull request #13 was merged 2 h ago (grace period of 24h)",
    ],
    [
      "keep-count",
      { a: { tags: ["orphaned"] } },
      "a",
      { rules: { keepCount: 3 } },
      "orphaned: one of the newest 3 images that would be deleted (keep-count)",
    ],
    [
      "untagged: keep",
      { a: {} },
      "a",
      { rules: { untagged: "keep" } },
      "untagged: untagged images are kept (untagged: keep)",
    ],
    [
      "the scope of a pull request",
      { a: { tags: ["gone7-a"] } },
      "a",
      { rules: { pullRequest: 12 } },
      "orphaned: does not belong to pull request #12 (the scheduled run handles it)",
    ],
    [
      "a kept parent",
      { i: { tags: ["live", "live2"], children: ["a"] }, a: {}, x: {} },
      "a",
      {},
      `child: child of ${short("i")} (live, live2)`,
    ],
    [
      "a kept subject",
      { a: { tags: ["live"] }, sig: { tags: ["sha256-a.sig"] }, x: {} },
      "sig",
      {},
      `referrer: referrer of ${short("a")} (live)`,
    ],
    [
      "a deleted parent",
      { i: { tags: ["orphaned"], children: ["a"] }, a: { hours: 1 } },
      "a",
      {},
      `child: child of ${short("i")} (orphaned)`,
    ],
    [
      "a missing subject",
      { a: { tags: ["sha256-no"] }, ...SIGNED },
      "a",
      {},
      `referrer: referrer of ${short("no")}, which does not exist`,
    ],
    [
      "a signature whose image may be in another repository",
      { a: { tags: ["sha256-no.sig"] }, b: { tags: ["orphaned"] } },
      "a",
      {},
      "undecided: its image is not in this repository, nor is that of any other signature (they may be in another repository)",
    ],
    ["use", { a: { tags: ["orphaned"] } }, "a", { inUse: ["a"] }, "in-use: in use"],
    [
      "a push half an hour ago",
      { a: { hours: 0.5 } },
      "a",
      { rules: { gracePeriodMs: 90 * 60_000 } },
      "untagged: pushed 30 min ago (grace period of 90m)",
    ],
    [
      "a push days ago",
      { a: { hours: 80 } },
      "a",
      { rules: { gracePeriodMs: 96 * HOUR } },
      "untagged: pushed 3 days ago (grace period of 4d)",
    ],
    [
      "an unreadable manifest",
      { a: { tags: ["orphaned"] }, b: { tags: ["live"], read: "unreadable" } },
      "a",
      {},
      `undecided: ${short("b")} (live) could not be read and may refer to it`,
    ],
  ])("name %s", (_title, world, name, setup, expected) => {
    const decision = decisionsOf(world, planWorld(world, setup)).get(name);
    expect(`${decision?.status}: ${decision?.reason}`).toBe(expected);
  });
});

describe("reads", () => {
  test("nothing if the list shows that nothing can be deleted", () => {
    const { read } = planWorld({ index: { tags: ["live"], children: ["a"] }, young: { hours: 1 } });
    expect(read).toEqual([]);
  });

  test("nothing if keep-count keeps everything", () => {
    const world: World = { a: { tags: ["orphaned"] }, b: { tags: ["orphaned-2"] } };
    expect(planWorld(world, { rules: { keepCount: 2 } }).read).toEqual([]);
  });

  test("everything but the images that a kept index lists, each once", () => {
    const world: World = {
      index: { tags: ["live"], children: ["a", "inner"] },
      inner: { children: ["b"] },
      a: {},
      b: {},
      plain: { tags: ["live-2"] },
      old: { tags: ["orphaned"], children: ["o"] },
      o: {},
      leftover: {},
      sbom: { subject: "plain" },
    };
    expect(planWorld(world).read.toSorted()).toEqual(["index", "inner", "leftover", "o", "old", "plain", "sbom"]);
  });

  test("a subject that no list shows, but not in the scope of a pull request", () => {
    const world: World = { a: { tags: ["orphaned"] }, sig: { tags: ["sha256-never.sig"] }, live: { tags: ["live"] } };
    expect(planWorld(world).read).toContain("unknown");
    expect(planWorld(world, { rules: { pullRequest: 12 } }).read).not.toContain("unknown");
  });

  test("the creation time of a root, not of its children, for keep-count", () => {
    const world: World = {
      new: { tags: ["orphaned-1"], children: ["n"] },
      old: { tags: ["orphaned-2"], children: ["o"] },
      n: { tags: ["orphaned-n"] },
      o: { tags: ["orphaned-o"] },
    };
    const { timed } = planWorld(world, { rules: { keepCount: 1 }, registry: TAGS_ONLY });
    expect(timed.toSorted()).toEqual(["new", "old"]);
  });

  test("the creation time of an image whose branch was deleted, unless another tag keeps it", () => {
    const world: World = {
      old: { tags: ["branch-old"], hours: 61 },
      late: { tags: ["branch-late"], hours: 59 },
      both: { tags: ["branch-2", "orphaned-2"], hours: 59 },
      timeless: { tags: ["branch-3"], hours: null },
      kept: { tags: ["branch-4", "live"], hours: 59 },
      number: { tags: ["orphaned"], hours: 1 },
    };
    const planned = planWorld(world, { registry: TAGS_ONLY });
    expect(planned.timed.toSorted()).toEqual(["both", "late", "old", "timeless"]);
    const decisions = decisionsOf(world, planned);
    for (const name of ["late", "both"]) {
      const reason = "matches no ref: it was pushed 25 h after pull request #12 was closed";
      expect(decisions.get(name)).toMatchObject({ decision: "keep", reason });
    }
    expect(deletedIn(world, planned)).toEqual(["number", "old", "timeless"]);
    expect(deletedIn(world, planWorld(world))).toEqual(["number", "old", "timeless"]);
  });

  test("no creation time if no order and no age decides", () => {
    const world: World = { a: { tags: ["orphaned"] }, b: { tags: ["orphaned-2"] }, c: { tags: ["live"] } };
    const timed = (rules: Partial<Rules>): readonly string[] => planWorld(world, { rules, registry: TAGS_ONLY }).timed;
    expect(timed({})).toEqual([]);
    expect(timed({ keepCount: 2 })).toEqual([]);
    expect(timed({ keepCount: 1 }).toSorted()).toEqual(["a", "b"]);
  });
});

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
    expect(staleIn(world, { rules: { keepCount: 1, pullRequest: 12 } })).toEqual(["orphaned"]);
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
    ["not as stale in the scope of a pull request", { unmatchedTags: "delete", pullRequest: 12 }, []],
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
