import { describe, expect, test } from "vitest";
import { bytesFreed } from "../../src/plan/bytes.ts";
import type { Rules } from "../../src/plan/view.ts";
import {
  contentOf,
  DAY,
  decisionsOf,
  deletedIn,
  digestOf,
  firstLook,
  HOUR,
  LISTS_ALL,
  planWorld,
  type Registry,
  type World,
} from "./world.ts";

/** An image and its signature, in one repository. */
const SIGNED: World = { signed: { tags: ["live-signed"] }, signature: { tags: ["sha256-signed.sig"] } };
const TAGGED_ONLY: Registry = { listsUntagged: false, referrersApi: false };
const WITH_REFERRERS: Registry = { listsUntagged: true, referrersApi: true };
const ZOT: Registry = { listsUntagged: false, referrersApi: true };

interface Case {
  readonly title: string;
  readonly world: World;
  readonly rules?: Partial<Rules>;
  readonly registry?: Registry;
  readonly deleted: readonly string[];
}

const CASES: readonly Case[] = [
  { title: "a living ref keeps its image", world: { a: { tags: ["live"] } }, deleted: [] },
  { title: "a dead tag makes an orphan", world: { a: { tags: ["orphaned"] } }, deleted: ["a"] },
  { title: "no known ref is not a dead ref", world: { a: { tags: ["other"] } }, deleted: [] },
  {
    title: "no known ref goes where the rules say so",
    world: { a: { tags: ["other"] } },
    rules: { unmatchedTags: "delete" },
    deleted: ["a"],
  },
  { title: "a silent tag goes with the dead ones", world: { a: { tags: ["orphaned", "neutral"] } }, deleted: ["a"] },
  { title: "silent tags alone count as unmatched", world: { a: { tags: ["neutral"] } }, deleted: [] },
  {
    title: "silent tags alone go where unmatched ones do",
    world: { a: { tags: ["neutral"] } },
    rules: { unmatchedTags: "delete" },
    deleted: ["a"],
  },
  {
    title: "a dead tag beside one that goes by absence outlasts no grace period",
    world: { young: { tags: ["orphaned", "other"], hours: 2 }, old: { tags: ["dead-2", "other-2"], hours: 24 } },
    rules: { unmatchedTags: "delete" },
    deleted: ["old"],
  },
  {
    title: "a dead tag beside one that goes by absence is not of one pull request alone",
    world: { both: { tags: ["orphaned", "other"] }, one: { tags: ["dead-2"] } },
    rules: { unmatchedTags: "delete", pullRequest: 12 },
    deleted: ["one"],
  },
  {
    title: "an unknown push time is within any grace period, but not where there is none",
    world: { a: { tags: ["other"], hours: null } },
    rules: { unmatchedTags: "delete", gracePeriodMs: 0 },
    deleted: ["a"],
  },
  {
    title: "what is attached to nothing that is there may go without a known time, but not if it has a tag of its own",
    world: {
      sig: { tags: ["sha256-gone.sig"], hours: null },
      named: { tags: ["sha256-gone.att", "other"], hours: null },
      ...SIGNED,
    },
    rules: { unmatchedTags: "delete" },
    deleted: ["sig"],
  },
  {
    title: "an unknown push time counts as newest",
    world: { timeless: { tags: ["orphaned"], hours: null }, young: { tags: ["dead-2"], hours: 1 } },
    rules: { keepCount: 1 },
    deleted: ["young"],
  },
  { title: "an unmatched tag keeps what a dead one would not", world: { a: { tags: ["orphaned", "other"] } }, deleted: [] },
  {
    title: "where the last tagged manifest cannot go, the newest stays with its closure",
    world: {
      index: { tags: ["orphaned"], children: ["child"], hours: 50 },
      child: { hours: 50 },
      sig: { subject: "index", hours: 49 },
      older: { tags: ["dead-2"], hours: 60 },
      leftover: {},
    },
    rules: { keepsLastTagged: true },
    deleted: ["leftover", "older"],
  },
  {
    title: "the index stays, and not the tagged child that is as new",
    world: { index: { tags: ["orphaned"], children: ["child"], hours: 50 }, child: { tags: ["dead-amd64"], hours: 49 } },
    rules: { keepsLastTagged: true },
    deleted: [],
  },
  {
    title: "a tagged child stays where nothing else has a tag",
    world: { index: { children: ["child", "other"] }, child: { tags: ["dead-amd64"] }, other: {} },
    rules: { keepsLastTagged: true },
    deleted: ["index", "other"],
  },
  {
    title: "where another tagged manifest stays, none is spared",
    world: { a: { tags: ["live"] }, b: { tags: ["orphaned"] } },
    rules: { keepsLastTagged: true },
    deleted: ["b"],
  },
  { title: "an untagged manifest that nothing lists goes", world: { a: {} }, deleted: ["a"] },
  { title: "and stays where the rules say so", world: { a: {} }, rules: { untagged: "keep" }, deleted: [] },
  { title: "a young untagged manifest may be a push in progress", world: { a: { hours: 2 } }, deleted: [] },
  {
    title: "a grace period of 0 gives no grace",
    world: { a: { hours: 0 } },
    rules: { gracePeriodMs: 0 },
    deleted: ["a"],
  },
  { title: "a dead tag needs no grace", world: { a: { tags: ["orphaned"], hours: 0 } }, deleted: ["a"] },
  {
    title: "an unmatched image has grace too",
    world: { a: { tags: ["x"], hours: 2 } },
    rules: { unmatchedTags: "delete" },
    deleted: [],
  },
  { title: "an unknown push time never ages out", world: { a: { hours: null } }, deleted: [] },
  {
    title: "trap 21: created 1970, so `older than` was always true",
    world: { a: { hours: 24 * 365 * 56 } },
    deleted: [],
  },
  {
    title: "trap 01: untagged is not unreferenced",
    world: { index: { tags: ["live"], children: ["amd64", "arm64"] }, amd64: {}, arm64: {}, leftover: {} },
    deleted: ["leftover"],
  },
  {
    title: "trap 02: a leaf of a nested index lives as long as the outer tag",
    world: { outer: { tags: ["live"], children: ["inner"] }, inner: { children: ["leaf"] }, leaf: {}, leftover: {} },
    deleted: ["leftover"],
  },
  {
    title: "trap 03: a child shared by a dead and a living index stays",
    world: {
      old: { tags: ["orphaned"], children: ["shared", "own"] },
      new: { tags: ["live"], children: ["shared"] },
      shared: {},
      own: {},
    },
    deleted: ["old", "own"],
  },
  {
    title: "trap 04: a child with dead tags of its own under a living index stays",
    world: { index: { tags: ["live"], children: ["amd64"] }, amd64: { tags: ["dead-amd64"] } },
    deleted: [],
  },
  { title: "trap 05: one digest, one dead and one living tag", world: { a: { tags: ["orphaned", "live"] } }, deleted: [] },
  {
    title: "trap 06: a referrer by subject lives and dies with it",
    world: {
      kept: { tags: ["live"] },
      gone: { tags: ["orphaned"] },
      keptSig: { subject: "kept" },
      goneSig: { subject: "gone", hours: 1 },
    },
    registry: WITH_REFERRERS,
    deleted: ["gone", "goneSig"],
  },
  {
    title: "trap 06: a referrer by `sha256-` tag or cosign's ending, too",
    world: {
      kept: { tags: ["live"] },
      gone: { tags: ["orphaned"] },
      a: { tags: ["sha256-kept.sig"] },
      b: { tags: ["sha256-kept"], children: ["sbom"] },
      sbom: { subject: "kept" },
      c: { tags: ["sha256-gone.att"] },
    },
    deleted: ["c", "gone"],
  },
  {
    title: "trap 06: a chain of referrers",
    world: { kept: { tags: ["live"] }, sig: { subject: "kept" }, sigOfSig: { subject: "sig" }, other: {} },
    registry: WITH_REFERRERS,
    deleted: ["other"],
  },
  {
    title: "a referrer whose subject is missing goes",
    world: { a: { tags: ["sha256-never-pushed.sig"] }, ...SIGNED },
    deleted: ["a"],
  },
  ...[LISTS_ALL, TAGGED_ONLY, ZOT].map((registry) => ({
    title: "where no signature's image is here, they may be another repository's: that proves nothing",
    world: {
      a: { tags: ["sha256-far.sig"] },
      b: { tags: ["sha256-away"], children: ["c"] },
      c: { subject: "away" },
      image: { tags: ["live"] },
    },
    registry,
    deleted: [],
  })),
  {
    title: "a signature goes with its image, though nothing is left in the repository but signatures",
    world: { image: { tags: ["orphaned"] }, own: { tags: ["sha256-image.sig"] }, b: { tags: ["sha256-far.sig"] } },
    deleted: ["b", "image", "own"],
  },
  {
    title: "a signature goes with an untagged image",
    world: { image: {}, own: { tags: ["sha256-image.sig"] } },
    deleted: ["image", "own"],
  },
  {
    title: "a referrer may be pushed before its subject: while it is young, it stays",
    world: {
      ...{ a: { tags: ["sha256-not-yet.sig"], hours: 1 }, old: { tags: ["sha256-never.sig"] } },
      ...SIGNED,
    },
    deleted: ["old"],
  },
  {
    title: "a dangling referrer is no leftover: it goes where those stay",
    world: { sig: { subject: "never" }, leftover: {}, old: { tags: ["orphaned"] } },
    rules: { untagged: "keep" },
    registry: WITH_REFERRERS,
    deleted: ["old", "sig"],
  },
  {
    title: "an entry of a type that may be an index's is read, whatever it is called",
    world: {
      outer: { tags: ["live"], children: ["unnamed", "odd"] },
      unnamed: { children: ["a"], type: "" },
      odd: { children: ["b"], type: "application/vnd.example.list.v9+json" },
      a: {},
      b: {},
      leftover: {},
    },
    deleted: ["leftover"],
  },
  {
    title: "a dangling referrer takes no place that `keep-count` has for images",
    world: { a: { tags: ["orphaned"], hours: 90 }, sig: { tags: ["sha256-never.sig"], hours: 30 }, ...SIGNED },
    rules: { keepCount: 1 },
    deleted: ["sig"],
  },
  {
    title: "trap 06: a child of what goes, attached to an image that stays in another index, stays",
    world: {
      old: { tags: ["orphaned"], children: ["image", "attestation"] },
      new: { tags: ["live"], children: ["image"] },
      image: {},
      attestation: { subject: "image" },
    },
    registry: ZOT,
    deleted: ["old"],
  },
  {
    title: "trap 07: keep-count counts roots, and keeps their closure",
    world: {
      new: { tags: ["dead-1"], children: ["n1", "n2"], hours: 30 },
      old: { tags: ["dead-2"], children: ["o1", "o2"], hours: 90 },
      n1: { hours: 31 },
      n2: { hours: 31 },
      o1: { hours: 91 },
      o2: { hours: 91 },
    },
    rules: { keepCount: 1 },
    deleted: ["o1", "o2", "old"],
  },
  {
    title: "trap 08: where a kept manifest cannot be read, nothing goes",
    world: { index: { tags: ["live"], children: ["a"], read: "unreadable" }, a: {}, b: { tags: ["orphaned"] } },
    deleted: [],
  },
  {
    title: "trap 23: a ghost ends nothing",
    world: { ghost: { tags: ["live"], read: "missing" }, b: { tags: ["orphaned"] } },
    deleted: ["b"],
  },
  {
    title: "a young child goes with a dead index",
    world: { index: { tags: ["orphaned"], children: ["a"] }, a: { hours: 1 }, push: { hours: 1 } },
    deleted: ["a", "index"],
  },
  {
    title: "children of a dead index go where untagged ones stay",
    world: { index: { tags: ["orphaned"], children: ["a"] }, a: {}, leftover: {} },
    rules: { untagged: "keep" },
    deleted: ["a", "index"],
  },
  {
    title: "a pinned digest stays with its closure",
    world: { index: { tags: ["orphaned"], children: ["a"] }, a: {}, other: { tags: ["dead-2"] } },
    rules: { pinned: new Set([digestOf("index")]) },
    deleted: ["other"],
  },
  {
    title: "a pull request's sweep takes its roots, their children, and nothing else",
    world: {
      index: { tags: ["orphaned"], children: ["a", "b"] },
      a: { hours: 1 },
      b: { hours: 1 },
      leftover: {},
      other: { tags: ["gone7-x"] },
      both: { tags: ["dead-3", "gone7-3"] },
      sig: { tags: ["sha256-index.sig"] },
      dangling: { tags: ["sha256-never.sig"] },
    },
    rules: { pullRequest: 12 },
    deleted: ["a", "b", "index", "sig"],
  },
  {
    title: "a pull request's sweep leaves a child that carries another one's tag",
    world: {
      index: { tags: ["orphaned"], children: ["own", "other"] },
      own: { tags: ["dead-amd64"] },
      other: { tags: ["gone7-amd64"] },
    },
    rules: { pullRequest: 12 },
    deleted: ["index", "own"],
  },
  {
    title: "a young child with a tag that no ref is known for has grace, though its index goes",
    world: { index: { tags: ["orphaned"], children: ["a", "b"] }, a: { tags: ["x"], hours: 2 }, b: { tags: ["y"] } },
    rules: { unmatchedTags: "delete" },
    deleted: ["b", "index"],
  },
  {
    title: "a circle that only a hostile registry has stays, and stops nothing",
    world: {
      a: { tags: ["dead-a"], children: ["b"] },
      b: { tags: ["dead-b"], children: ["a"] },
      itself: { tags: ["dead-c", "sha256-itself"] },
      c: { tags: ["orphaned"] },
    },
    registry: TAGGED_ONLY,
    deleted: ["c"],
  },
  {
    title: "a listing of tagged manifests: an untagged image to which its signature leads goes with it",
    world: { image: {}, sig: { tags: ["sha256-image.sig"] }, unseen: {} },
    registry: TAGGED_ONLY,
    deleted: ["image", "sig"],
  },
  {
    title: "a listing of tagged manifests: what could not be deleted keeps what it lists",
    world: { old: { tags: ["orphaned"], children: ["inner"] }, inner: { children: ["leaf"] }, leaf: {} },
    rules: { since: firstLook({ old: { tags: ["orphaned"] } }, { old: "goes", inner: "stays", leaf: "follows" }) },
    registry: TAGGED_ONLY,
    deleted: ["old"],
  },
  {
    title: "a listing of tagged manifests: children of what goes are found by reading",
    world: {
      old: { tags: ["orphaned"], children: ["shared", "own"] },
      new: { tags: ["live"], children: ["shared"] },
      shared: {},
      own: {},
      unseen: {},
    },
    registry: TAGGED_ONLY,
    deleted: ["old", "own"],
  },
  {
    title: "a listing of tagged manifests: a pinned untagged index keeps its children",
    world: { old: { tags: ["orphaned"], children: ["shared"] }, pinned: { children: ["shared"] }, shared: {} },
    rules: { pinned: new Set([digestOf("pinned")]) },
    registry: TAGGED_ONLY,
    deleted: ["old"],
  },
  {
    title: "a listing of tagged manifests: referrers of what goes are asked for",
    world: {
      old: { tags: ["orphaned"] },
      sig: { subject: "old" },
      sigOfSig: { subject: "sig" },
      kept: { tags: ["live"] },
      its: { subject: "kept" },
    },
    registry: ZOT,
    deleted: ["old", "sig", "sigOfSig"],
  },
  {
    title: "what was pushed or tagged since the first look stays, with what it lists",
    world: {
      fresh: { tags: ["dead-new"], children: ["a"] },
      retagged: { tags: ["orphaned", "dead-again"], children: ["b"] },
      a: {},
      b: {},
      c: { tags: ["dead-3"] },
    },
    rules: {
      since: firstLook(
        { retagged: { tags: ["orphaned"] }, a: {}, b: {}, c: { tags: ["dead-3"] } },
        { retagged: "goes", a: "follows", b: "follows", c: "goes" },
      ),
    },
    deleted: ["c"],
  },
  {
    title: "what was pushed again since the first look stays, though its tags are dead and its parent gone",
    world: { a: { tags: ["orphaned"], hours: 0 }, b: { hours: 1 }, c: { tags: ["dead-2"] } },
    rules: {
      since: firstLook(
        { a: { tags: ["orphaned"] }, b: { hours: 50 }, c: { tags: ["dead-2"] } },
        { a: "goes", b: "follows", c: "goes" },
      ),
    },
    deleted: ["c"],
  },
  {
    title: "what has another version id by the second look was deleted and pushed again: it stays",
    world: { a: { tags: ["orphaned"], versionId: 9 }, c: { tags: ["dead-2"], versionId: 2 } },
    rules: {
      since: firstLook(
        { a: { tags: ["orphaned"], versionId: 1 }, c: { tags: ["dead-2"], versionId: 2 } },
        { a: "goes", c: "goes" },
      ),
    },
    deleted: ["c"],
  },
  {
    title: "what was pushed since the first look and is not there is no ghost: nothing goes",
    world: { fresh: { tags: ["live"], children: ["a"], read: "missing" }, a: {} },
    rules: { since: firstLook({ a: {} }, { a: "goes" }) },
    deleted: [],
  },
  {
    title: "what was deleted since the first look and is there again stays",
    world: { a: { tags: ["orphaned"] }, c: { tags: ["dead-2"] } },
    rules: { since: firstLook({ a: { tags: ["orphaned"] }, c: { tags: ["dead-2"] } }, { a: "gone", c: "goes" }) },
    deleted: ["c"],
  },
  {
    title: "what was not planned to go stays at a second look with all that it needs, whatever died since",
    world: { a: { tags: ["orphaned"], children: ["child"] }, child: {}, c: { tags: ["dead-2"] } },
    rules: {
      since: firstLook({ a: { tags: ["orphaned"] }, child: {}, c: { tags: ["dead-2"] } }, { child: "goes", c: "goes" }),
    },
    deleted: ["c"],
  },
  ...(["keep", "delete"] as const).map((untagged) => ({
    title: `what belonged to what is gone by the second look follows it: untagged: ${untagged}`,
    world: {
      inner: { hours: 2, children: ["leaf"] },
      leaf: { hours: 2 },
      sig: { subject: "old", hours: 2 },
      leftover: { hours: 2 },
      newest: { tags: ["dead-9"], hours: 9 },
    },
    rules: {
      untagged,
      keepCount: 1,
      since: firstLook(
        {
          inner: { hours: 2 },
          leaf: { hours: 2 },
          sig: { hours: 2 },
          leftover: { hours: 2 },
          newest: { tags: ["dead-9"], hours: 9 },
        },
        { old: "gone", inner: "follows", leaf: "follows", sig: "follows" },
      ),
    },
    registry: WITH_REFERRERS,
    deleted: ["inner", "leaf", "sig"],
  })),
  {
    title: "a pull request's sweep finishes what it began",
    world: { amd64: {}, sig: { tags: ["sha256-old.sig"] }, tagged: { tags: ["gone7-x"] }, leftover: {} },
    rules: {
      pullRequest: 12,
      since: firstLook(
        { amd64: {}, sig: { tags: ["sha256-old.sig"] }, tagged: { tags: ["gone7-x"] }, leftover: {} },
        { old: "gone", amd64: "follows", sig: "follows", tagged: "follows" },
      ),
    },
    deleted: ["amd64", "sig"],
  },
  {
    title: "a pull request's sweep finishes what another one beside it began",
    world: { sig: { tags: ["sha256-old.sig"] } },
    rules: {
      pullRequest: 12,
      since: firstLook({ old: { tags: ["orphaned"] }, sig: { tags: ["sha256-old.sig"] } }, { old: "goes", sig: "follows" }),
    },
    deleted: ["sig"],
  },
  {
    title: "a listing of tagged manifests: a new index lists what is left of the plan, and nothing else goes",
    world: { new: { tags: ["live"], children: ["child"] }, child: {} },
    rules: { since: firstLook({}, { old: "gone", child: "follows" }) },
    registry: TAGGED_ONLY,
    deleted: [],
  },
  {
    title: "a listing of tagged manifests: what nothing leads to any more goes, as it was planned",
    world: { child: { children: ["leaf"] }, leaf: {}, root: {}, kept: { tags: ["live"] } },
    rules: { since: firstLook({}, { old: "gone", child: "follows", leaf: "follows", root: "goes" }) },
    registry: TAGGED_ONLY,
    deleted: ["child", "leaf", "root"],
  },
];

describe("what goes", () => {
  test.each(CASES)("$title", ({ world, rules, registry, deleted }) => {
    const outcome = planWorld(world, rules, registry ?? LISTS_ALL);
    expect(deletedIn(world, outcome)).toEqual(deleted);
    expect(outcome.plan.decisions.map(({ digest }) => digest)).toHaveLength(
      new Set(outcome.plan.decisions.map(({ digest }) => digest)).size,
    );
  });
});

describe("why", () => {
  const reasonOf = (world: World, name: string, rules: Partial<Rules> = {}): string | undefined =>
    decisionsOf(world, planWorld(world, rules)).get(name)?.reason;
  const short = (name: string): string => `${digestOf(name).slice(0, 19)}…`;

  test.each<[string, World, string, Partial<Rules>, string]>([
    ["a living ref", { a: { tags: ["live"] } }, "a", {}, "branch live"],
    ["a dead ref", { a: { tags: ["orphaned"] } }, "a", {}, "pull request #12 merged 2026-11-02"],
    ["no ref", { a: { tags: ["x"] } }, "a", {}, "no known ref"],
    ["a leftover", { a: {} }, "a", {}, "untagged, and nothing that stays refers to it"],
    ["grace", { a: { hours: 2 } }, "a", {}, "pushed 2 h ago, within the grace period of 24h"],
    [
      "unknown age",
      { a: { hours: null } },
      "a",
      { gracePeriodMs: 7 * DAY },
      "push time unknown, so it never outlasts the grace period of 7d",
    ],
    ["rollback", { a: { tags: ["orphaned"] } }, "a", { keepCount: 3 }, "newest 3 orphans stay"],
    [
      "a kept child",
      { i: { tags: ["live", "live2"], children: ["a"] }, a: {}, x: {} },
      "a",
      {},
      `child of ${short("i")} (live, live2)`,
    ],
    [
      "a kept referrer",
      { a: { tags: ["live"] }, sig: { tags: ["sha256-a.sig"] }, x: {} },
      "sig",
      {},
      `referrer of ${short("a")} (live)`,
    ],
    [
      "a deleted child",
      { i: { tags: ["orphaned"], children: ["a"] }, a: { hours: 1 } },
      "a",
      {},
      `child of ${short("i")} (dead)`,
    ],
    [
      "a dangling referrer",
      { a: { tags: ["sha256-no"] }, ...SIGNED },
      "a",
      {},
      `referrer of ${short("no")}, which is gone`,
    ],
    [
      "a signature of another repository's image",
      { a: { tags: ["sha256-no.sig"] } },
      "a",
      {},
      "its image is not in this repository, nor is that of any other signature: it may be in another one",
    ],
    ["a pin", { a: { tags: ["orphaned"] } }, "a", { pinned: new Set([digestOf("a")]) }, "pinned by `protect-digests`"],
    [
      "half an hour",
      { a: { hours: 0.5 } },
      "a",
      { gracePeriodMs: 90 * 60_000 },
      "pushed 30 min ago, within the grace period of 90m",
    ],
    ["days", { a: { hours: 80 } }, "a", { gracePeriodMs: 96 * HOUR }, "pushed 3 d ago, within the grace period of 4d"],
  ])("%s", (_title, world, name, rules, reason) => {
    expect(reasonOf(world, name, rules)).toBe(reason);
  });
});

describe("what is asked for", () => {
  const MIXED: World = {
    index: { tags: ["live"], children: ["a", "inner"] },
    inner: { children: ["b"] },
    a: {},
    b: {},
    plain: { tags: ["live-2"] },
    dead: { tags: ["orphaned"] },
    leftover: {},
  };

  test("nothing, where there is nothing to delete", () => {
    const { read, timed } = planWorld({ index: { tags: ["live"], children: ["a"] }, young: { hours: 1 } });
    expect([read, timed]).toEqual([[], []]);
  });

  test("the roots that stay and the indexes below them, and not one image that an index lists", () => {
    expect(planWorld(MIXED).read.toSorted()).toEqual(["index", "inner", "plain"]);
  });

  test("the candidates too, where a subject can be found in no other way", () => {
    expect(planWorld(MIXED, {}, WITH_REFERRERS).read.toSorted()).toEqual([
      "orphaned",
      "index",
      "inner",
      "leftover",
      "plain",
    ]);
  });

  test("what only roots count among: tagged candidates first, and not one image that they list", () => {
    const world: World = {
      new: { tags: ["dead-1"], children: ["n"], hours: 30 },
      old: { tags: ["dead-2"], children: ["o"], hours: 90 },
      n: { hours: 29 },
      o: { hours: 89 },
    };
    expect(planWorld(world, { keepCount: 1 }).read.toSorted()).toEqual(["new", "old"]);
  });

  test("no time of what may yet prove to belong to another", () => {
    const world: World = {
      new: { tags: ["dead-1"], children: ["n"] },
      old: { tags: ["dead-2"], children: ["o"] },
      n: { tags: ["dead-n"] },
      o: { tags: ["dead-o"] },
    };
    expect(planWorld(world, { keepCount: 1 }, TAGGED_ONLY).timed.toSorted()).toEqual(["new", "old"]);
  });

  test("no image at a second look that hides it, and nothing that the first look read", () => {
    const world: World = { inner: { children: ["leaf"] }, leaf: {}, live: { tags: ["live"] } };
    const since = firstLook({ live: { tags: ["live"] } }, { old: "gone", inner: "follows", leaf: "follows" }, (name) =>
      name === "leaf" ? "image" : "index",
    );
    const contents = new Map(["inner", "live"].map((name) => [digestOf(name), contentOf(world[name] ?? {}, world)]));
    const { read, plan } = planWorld(world, { since: { ...since, contents } }, TAGGED_ONLY);
    expect(read).toEqual([]);
    expect(plan.waves).toEqual([[digestOf("inner")], [digestOf("leaf")]]);
  });

  test("no subject where a sweep of a pull request leaves what is attached to nothing", () => {
    const world: World = { dead: { tags: ["orphaned"] }, sig: { tags: ["sha256-never.sig"] }, live: { tags: ["live"] } };
    expect(planWorld(world).read).toContain("unknown");
    expect(planWorld(world, { pullRequest: 12 }).read).not.toContain("unknown");
  });

  test("of what a deleted branch names the time, and of nothing that another tag keeps", () => {
    const world: World = {
      old: { tags: ["branch-old"], hours: 61 },
      late: { tags: ["branch-late"], hours: 59 },
      both: { tags: ["branch-2", "dead-2"], hours: 59 },
      timeless: { tags: ["branch-3"], hours: null },
      kept: { tags: ["branch-4", "live"], hours: 59 },
      number: { tags: ["orphaned"], hours: 1 },
    };
    const { plan, timed } = planWorld(world, {}, TAGGED_ONLY);
    expect(timed.toSorted()).toEqual(["both", "late", "old", "timeless"]);
    const reasons = new Map(plan.decisions.map(({ digest, decision, reason }) => [digest, `${decision}: ${reason}`]));
    const late = "keep: no known ref: pushed 25 h after pull request #12 ended";
    expect(["late", "both"].map((name) => reasons.get(digestOf(name)))).toEqual([late, late]);
    for (const name of ["old", "timeless", "number"]) expect(reasons.get(digestOf(name))).toMatch(/^delete/);
    expect(planWorld(world).plan.decisions.filter(({ decision }) => decision === "delete")).toHaveLength(3);
  });

  test("a tag that a deleted branch names is stale only where the push is known to be as old", () => {
    const world: World = {
      a: { tags: ["live-1", "branch-1"], hours: 61 },
      b: { tags: ["live-2", "branch-2"], hours: 59 },
      c: { tags: ["live-3", "branch-3"], hours: null },
      d: { tags: ["live-4", "dead-4"], hours: null },
    };
    const stale = planWorld(world).plan.decisions.flatMap(({ staleTags }) => staleTags.map(({ tag }) => tag));
    expect(stale.toSorted()).toEqual(["branch-1", "dead-4"]);
  });

  test("no time where neither an order nor an age is needed", () => {
    const world: World = { a: { tags: ["orphaned"] }, b: { tags: ["dead-2"] }, c: { tags: ["live"] } };
    expect(planWorld(world, {}, TAGGED_ONLY).timed).toEqual([]);
    expect(planWorld(world, { keepCount: 2 }, TAGGED_ONLY).timed).toEqual([]);
    expect(planWorld(world, { keepCount: 1 }, TAGGED_ONLY).timed.toSorted()).toEqual(["a", "b"]);
  });
});

describe("in which order", () => {
  test("trap 09: parents before children, subjects before referrers: an interruption leaves no tag that cannot be pulled", () => {
    const world: World = {
      outer: { tags: ["orphaned"], children: ["inner"] },
      inner: { tags: ["dead-inner"], children: ["leaf"] },
      leaf: { tags: ["dead-leaf"] },
      sig: { tags: ["sha256-outer.sig"] },
    };
    const { plan } = planWorld(world, {}, TAGGED_ONLY);
    expect(plan.waves[0]).toEqual([digestOf("outer")]);
    expect(new Set(plan.waves[1])).toEqual(new Set([digestOf("inner"), digestOf("sig")]));
    expect(plan.waves[2]).toEqual([digestOf("leaf")]);
  });

  test.each([
    { roots: 200, sizes: [200, 200] },
    { roots: 600, sizes: [256, 256 + 256, 88 + 256, 88] },
    { roots: 8_000, sizes: [500, ...Array.from({ length: 15 }, () => 1_000), 500] },
    { roots: 8_008, sizes: [501, ...Array.from({ length: 14 }, () => 1_002), 501 + 493, 493] },
  ])(
    "where no listing shows what an interruption leaves, it leaves the parts of a few of $roots indexes",
    ({ roots, sizes }) => {
      const world: World = Object.fromEntries(
        Array.from({ length: roots }, (_, index) => [
          [`index-${index}`, { tags: [`dead-${index}`], children: [`part-${index}`] }] as const,
          [`part-${index}`, {}] as const,
        ]).flat(),
      );
      const { plan } = planWorld(world, {}, TAGGED_ONLY);
      expect(plan.waves.map((wave) => wave.length)).toEqual(sizes);
      const alone = Array.from({ length: roots }, () => 1);
      expect(planWorld(world).plan.waves.map((wave) => wave.length)).toEqual([...alone, roots]);
    },
  );

  test("there the newest roots go first, and what is attached to one of them is no root", () => {
    const world: World = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [
        [`image-${index}`, { tags: [`dead-${index}`], versionId: index }] as const,
        [`sig-${index}`, { tags: [`sha256-image-${index}.sig`] }] as const,
      ]).flat(),
    );
    const { waves } = planWorld(world, {}, TAGGED_ONLY).plan;
    expect(waves.map((wave) => wave.length)).toEqual([256, 44 + 256, 44]);
    expect(waves[0]).toEqual(Array.from({ length: 256 }, (_, index) => digestOf(`image-${299 - index}`)));
  });

  test("an index of referrers is read, and goes before what it lists", () => {
    const world: World = {
      image: {},
      "of-image": { tags: ["sha256-image"], children: ["bundle"] },
      bundle: { children: ["sbom"], subject: "image" },
      sbom: {},
    };
    const { plan, read } = planWorld(world);
    expect(read.toSorted()).toEqual(["bundle", "of-image"]);
    expect(plan.waves).toEqual(["image", "of-image", "bundle", "sbom"].map((name) => [digestOf(name)]));
  });

  test("an image that was read for another reason still waits for an index that was not", () => {
    const blobs = [{ name: "layer", bytes: 1 }];
    const world: World = {
      index: { tags: ["orphaned"], blobs: [], children: ["sig"] },
      sig: { tags: ["sha256-never.sig"], blobs },
      ...SIGNED,
    };
    const { plan, read } = planWorld(world);
    expect(read).not.toContain("index");
    expect(plan.waves).toEqual([[digestOf("index")], [digestOf("sig")]]);
  });

  test("the highest version id first, whatever the times say", () => {
    const world: World = {
      a: { tags: ["dead-1"], versionId: 3, hours: 90 },
      b: { tags: ["dead-2"], versionId: 1, hours: 30 },
      c: { tags: ["dead-3"], versionId: 2, hours: 60 },
    };
    expect(planWorld(world).plan.waves).toEqual(["a", "c", "b"].map((name) => [digestOf(name)]));
  });

  test("whose time is not known first: it may list any other", () => {
    const world: World = { young: { tags: ["orphaned"], hours: 1 }, timeless: { tags: ["dead-2"], hours: null } };
    expect(planWorld(world).plan.waves).toEqual([[digestOf("timeless")], [digestOf("young")]]);
  });

  test("where it is not: tagged before untagged, those without blobs before images, and newest first, one by one", () => {
    const blobs = [{ name: "layer", bytes: 1 }];
    const world: World = {
      untagged: { blobs },
      arm64: { tags: ["dead-arm64"], blobs, hours: 99 },
      amd64: { tags: ["dead-amd64"], blobs, hours: 98 },
      newer: { tags: ["dead-2"], hours: 50 },
      index: { tags: ["orphaned"], hours: 60 },
    };
    const { plan, read } = planWorld(world);
    expect(read).toEqual([]);
    expect(plan.waves).toEqual([
      [digestOf("newer")],
      [digestOf("index")],
      ["amd64", "arm64"].map(digestOf),
      [digestOf("untagged")],
    ]);
  });
});

describe("what is told besides", () => {
  test("a kept index with an entry that is missing is broken, and stops nothing", () => {
    const world: World = { index: { tags: ["live"], children: ["a", "lost"] }, a: {}, old: { tags: ["orphaned"] } };
    const outcome = planWorld(world);
    expect(outcome.plan.broken).toEqual([{ digest: digestOf("index"), missing: [digestOf("lost")] }]);
    expect(deletedIn(world, outcome)).toEqual(["old"]);
  });

  test("dead tags of what another tag keeps are stale, those of a child or a rollback are not", () => {
    const world: World = {
      a: { tags: ["live", "orphaned", "gone7-a"] },
      index: { tags: ["live-2"], children: ["child"] },
      child: { tags: ["dead-amd64"] },
      rollback: { tags: ["dead-9"] },
    };
    const stale = (rules: Partial<Rules>): unknown =>
      planWorld(world, { keepCount: 1, ...rules }).plan.decisions.flatMap((d) => d.staleTags.map(({ tag }) => tag));
    expect(stale({})).toEqual(["orphaned", "gone7-a"]);
    expect(stale({ pullRequest: 12 })).toEqual(["orphaned"]);
  });

  test.each<[string, Partial<Rules>, readonly string[]]>([
    ["stay where unmatched tags do", {}, []],
    ["are stale where they go", { unmatchedTags: "delete" }, ["old-x"]],
    ["are left by a sweep of a pull request", { unmatchedTags: "delete", pullRequest: 12 }, []],
    ["are stale at once without grace", { unmatchedTags: "delete", gracePeriodMs: 0 }, ["old-x", "young-x"]],
  ])("tags of a living image that no ref is known for %s", (_title, rules, stale) => {
    const world: World = {
      old: { tags: ["live-1", "old-x"] },
      young: { tags: ["live-2", "young-x"], hours: 2 },
      timeless: { tags: ["live-3", "timeless-x"], hours: null },
    };
    const { decisions } = planWorld(world, rules).plan;
    expect(decisions.flatMap(({ staleTags }) => staleTags.map(({ tag }) => tag)).sort()).toEqual(stale);
  });

  test("the size of a manifest that was read is its own and that of its blobs", () => {
    const world: World = { a: { tags: ["orphaned"], blobs: [{ name: "a", bytes: 10 }] } };
    expect(planWorld(world, {}, TAGGED_ONLY).plan.decisions.map(({ sizeBytes }) => sizeBytes)).toEqual([510]);
  });

  test("bytes are those of blobs that nothing kept uses, each once", () => {
    const base = { name: "base", bytes: 1000 };
    const world: World = {
      kept: { tags: ["live"], blobs: [base] },
      a: { tags: ["orphaned"], blobs: [base, { name: "a", bytes: 10 }, { name: "ab", bytes: 5 }] },
      b: { tags: ["dead-2"], blobs: [base, { name: "ab", bytes: 5 }] },
    };
    const bytesOf = (of: World): number | null => bytesFreed([planWorld(of).plan.blobs]);
    expect(bytesOf(world)).toBe(15);
    expect(bytesOf({ ...world, c: { tags: ["dead-3"] } })).toBeNull();
    expect(bytesOf({ ...world, c: { tags: ["dead-3"], blobs: [{ name: "c", bytes: null }] } })).toBeNull();
  });

  test("a blob that several repositories share counts once, and not at all where one of them keeps it", () => {
    const [base, own] = [
      { name: "base", bytes: 1000 },
      { name: "own", bytes: 10 },
    ];
    const gone = planWorld({ a: { tags: ["orphaned"], blobs: [base, own] } }).plan.blobs;
    const kept = planWorld({ a: { tags: ["live"], blobs: [base] } }).plan.blobs;
    expect(bytesFreed([gone, gone])).toBe(1010);
    expect(bytesFreed([gone, kept])).toBe(10);
  });
});
