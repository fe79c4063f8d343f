import { describe, expect, test } from "vitest";
import { LISTS_ALL, type Registry, recheckWorld, type Setup, type State, type World } from "./world.ts";

const TAGS_ONLY: Registry = { listsUntagged: false, referrersApi: false };

interface Case extends Setup {
  readonly title: string;
  /** When the plan was made. */
  readonly planned: World;
  readonly states: Readonly<Record<string, State>>;
  /** At the recheck. */
  readonly now: World;
  readonly agreed: readonly string[];
}

const CASES: readonly Case[] = [
  {
    title: "agrees on everything if nothing changed, each root first and then its children",
    planned: { a: { tags: ["orphaned"], children: ["child"] }, child: {}, b: { tags: ["orphaned-2"], hours: 2000 } },
    states: { a: "pending", child: "pending", b: "pending" },
    now: { a: { tags: ["orphaned"], children: ["child"] }, child: {}, b: { tags: ["orphaned-2"], hours: 2000 } },
    agreed: ["a", "child", "b"],
  },
  {
    title: "keeps what was pushed or tagged after the plan was made, with its children",
    planned: { retagged: { tags: ["orphaned"], children: ["b"] }, a: {}, b: {}, c: { tags: ["orphaned-3"] } },
    states: { retagged: "pending", a: "pending", b: "pending", c: "pending" },
    now: {
      fresh: { tags: ["orphaned-new"], children: ["a"] },
      retagged: { tags: ["orphaned", "orphaned-again"], children: ["b"] },
      a: {},
      b: {},
      c: { tags: ["orphaned-3"] },
    },
    agreed: ["c"],
  },
  {
    title: "keeps a child that no list showed and that got a tag after the plan was made",
    planned: { old: { tags: ["orphaned"], children: ["a", "b"] }, a: {}, b: {} },
    states: { old: "pending", a: "pending", b: "pending" },
    now: { old: { tags: ["orphaned"], children: ["a", "b"] }, a: { tags: ["orphaned-again"] }, b: {} },
    registry: TAGS_ONLY,
    agreed: ["old", "b"],
  },
  {
    title: "keeps the children of a new untagged index without a grace period",
    planned: { old: { tags: ["orphaned"], children: ["a"] }, a: {} },
    states: { old: "pending", a: "pending" },
    now: { old: { tags: ["orphaned"], children: ["a"] }, a: {}, fresh: { children: ["a"], hours: 0 } },
    rules: { gracePeriodMs: 0 },
    agreed: ["old"],
  },
  {
    title: "keeps what was pushed again, though its tags are orphaned or its parent is gone",
    planned: {
      a: { tags: ["orphaned"] },
      i: { tags: ["orphaned-i"], children: ["b"] },
      b: { hours: 50 },
      c: { tags: ["orphaned-2"] },
    },
    states: { a: "pending", i: "gone", b: "pending", c: "pending" },
    now: { a: { tags: ["orphaned"], hours: 0 }, b: { hours: 1 }, c: { tags: ["orphaned-2"] } },
    agreed: ["c"],
  },
  {
    title: "keeps what has another version id, because it was deleted and pushed again",
    planned: { a: { tags: ["orphaned"], versionId: 1 }, c: { tags: ["orphaned-2"], versionId: 2 } },
    states: { a: "pending", c: "pending" },
    now: { a: { tags: ["orphaned"], versionId: 9 }, c: { tags: ["orphaned-2"], versionId: 2 } },
    agreed: ["c"],
  },
  {
    title: "keeps what was deleted and is listed again, with its children",
    planned: { a: { tags: ["orphaned"], children: ["child"] }, child: {}, c: { tags: ["orphaned-2"] } },
    states: { a: "gone", child: "pending", c: "pending" },
    now: { a: { tags: ["orphaned"], children: ["child"] }, child: {}, c: { tags: ["orphaned-2"] } },
    agreed: ["c"],
  },
  {
    title: "keeps what was not planned, with everything it needs, also if it was orphaned since",
    planned: { a: { tags: ["live"], children: ["child"] }, child: {}, c: { tags: ["orphaned-2"] } },
    states: { child: "pending", c: "pending" },
    now: { a: { tags: ["orphaned"], children: ["child"] }, child: {}, c: { tags: ["orphaned-2"] } },
    agreed: ["c"],
  },
  {
    title: "keeps what could not be deleted, with everything it needs",
    planned: {
      old: { tags: ["orphaned"], children: ["inner"] },
      inner: { children: ["leaf"] },
      leaf: {},
      b: { tags: ["orphaned-b"] },
    },
    states: { old: "gone", inner: "failed", leaf: "pending", b: "pending" },
    now: { inner: { children: ["leaf"] }, leaf: {}, b: { tags: ["orphaned-b"] } },
    agreed: ["b"],
  },
  ...(["keep", "delete"] as const).map((untagged) => ({
    title: `deletes the young children of what is gone, with untagged: ${untagged} and keep-count`,
    planned: {
      old: { tags: ["orphaned"], children: ["inner"] },
      inner: { hours: 2, children: ["leaf"] },
      leaf: { hours: 2 },
      sig: { subject: "old", hours: 2 },
      leftover: { hours: 2 },
      newest: { tags: ["orphaned-9"], hours: 9 },
    },
    states: { old: "gone", inner: "pending", leaf: "pending", sig: "pending" } as const,
    now: {
      inner: { hours: 2, children: ["leaf"] },
      leaf: { hours: 2 },
      sig: { subject: "old", hours: 2 },
      leftover: { hours: 2 },
      newest: { tags: ["orphaned-9"], hours: 9 },
    },
    rules: { untagged, keepCount: 1 },
    agreed: ["inner", "leaf", "sig"],
  })),
  {
    title: "finishes a tree that another run began to delete",
    planned: { old: { tags: ["orphaned"] }, sig: { tags: ["sha256-old.sig"] } },
    states: { old: "pending", sig: "pending" },
    now: { sig: { tags: ["sha256-old.sig"] } },
    rules: { scope: "pull request #12" },
    agreed: ["sig"],
  },
  {
    title: "finishes a tree in the scope of a pull request",
    planned: {
      old: { tags: ["orphaned"], children: ["amd64"] },
      amd64: {},
      sig: { tags: ["sha256-old.sig"] },
      tagged: { tags: ["gone7-x"] },
      leftover: {},
    },
    states: { old: "gone", amd64: "pending", sig: "pending" },
    now: { amd64: {}, sig: { tags: ["sha256-old.sig"] }, tagged: { tags: ["gone7-x"] }, leftover: {} },
    rules: { scope: "pull request #12" },
    agreed: ["amd64", "sig"],
  },
  ...[LISTS_ALL, TAGS_ONLY].map((registry) => ({
    title: "keeps the children of a deleted index that a new live index lists",
    planned: { old: { tags: ["orphaned"], children: ["child", "other"] }, child: {}, other: {} },
    states: { old: "gone", child: "pending", other: "pending" } as const,
    now: { new: { tags: ["live"], children: ["child"] }, child: {}, other: {} },
    registry,
    agreed: ["other"],
  })),
  {
    title: "(list of tags) deletes what lost its tag, and the children of what is gone",
    planned: {
      old: { tags: ["orphaned"], children: ["child"] },
      child: { children: ["leaf"] },
      leaf: {},
      root: { tags: ["orphaned-root"] },
      kept: { tags: ["live"] },
    },
    states: { old: "gone", child: "pending", leaf: "pending", root: "pending" },
    now: { child: { children: ["leaf"] }, leaf: {}, root: {}, kept: { tags: ["live"] } },
    registry: TAGS_ONLY,
    agreed: ["child", "leaf", "root"],
  },
];

test.each(CASES)("$title", ({ planned, states, now, agreed, ...setup }) => {
  const rechecked = recheckWorld({ world: planned }, states, now, setup);
  const inTreeOrder = agreed.length > 1 && agreed[0] === "a";
  expect(inTreeOrder ? rechecked.agreed : rechecked.agreed.toSorted()).toEqual(
    inTreeOrder ? agreed : agreed.toSorted(),
  );
});

describe("the reason to keep a planned manifest", () => {
  const planned: World = { a: { tags: ["orphaned"], children: ["child"] }, child: {} };
  const reasonsOf = (now: World): readonly (string | undefined)[] => {
    const { agreement, plan } = recheckWorld({ world: planned }, { a: "pending", child: "pending" }, now);
    expect(agreement.deletions).toEqual([]);
    return plan.decisions.map(({ digest }) => agreement.reasonToKeep(digest));
  };

  test("is the tag that it got, and its parent", () => {
    expect(reasonsOf({ a: { tags: ["orphaned", "orphaned-2"], children: ["child"] }, child: {} })).toEqual([
      "it was tagged after the plan was made",
      expect.stringMatching(/^child of sha256:\w{12} \(orphaned, orphaned-2\)$/),
    ]);
  });

  test("is the recheck's own reason if its ref exists again", () => {
    expect(reasonsOf({ a: { tags: ["live"], children: ["child"] }, child: {} })).toEqual([
      "branch live",
      expect.stringMatching(/^child of sha256:\w{12} \(live\)$/),
    ]);
  });
});

test("reads nothing again that was read for the plan", () => {
  const world: World = { inner: { children: ["leaf"] }, leaf: {}, live: { tags: ["live"] } };
  const planned: World = { old: { tags: ["orphaned"], children: ["inner"] }, ...world };
  const states = { old: "gone", inner: "pending", leaf: "pending" } as const;
  const { read, agreed } = recheckWorld({ world: planned }, states, world, { registry: TAGS_ONLY });
  expect(read).toEqual([]);
  expect(agreed).toEqual(["inner", "leaf"]);
});
