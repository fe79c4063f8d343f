import { expect, test } from "vitest";
import { deletedIn, LISTS_ALL, planWorld, type Registry, type Setup, type World } from "./world.ts";

/** An image and its signature, in one repository. */
const SIGNED: World = { signed: { tags: ["live-signed"] }, signature: { tags: ["sha256-signed.sig"] } };
const TAGS_ONLY: Registry = { listsUntagged: false, referrersApi: false };
const TAGS_AND_REFERRERS: Registry = { listsUntagged: false, referrersApi: true };

interface Case extends Setup {
  readonly title: string;
  readonly world: World;
  readonly deleted: readonly string[];
}

const BY_TAG: readonly Case[] = [
  { title: "keeps an image whose ref is live", world: { a: { tags: ["live"] } }, deleted: [] },
  { title: "deletes an image whose ref is gone", world: { a: { tags: ["orphaned"] } }, deleted: ["a"] },
  { title: "keeps an unmatched image", world: { a: { tags: ["other"] } }, deleted: [] },
  {
    title: "deletes an unmatched image if unmatched-tags is delete",
    world: { a: { tags: ["other"] } },
    rules: { unmatchedTags: "delete" },
    deleted: ["a"],
  },
  {
    title: "deletes a neutral tag with an orphaned one",
    world: { a: { tags: ["orphaned", "neutral"] } },
    deleted: ["a"],
  },
  { title: "treats neutral tags alone as unmatched", world: { a: { tags: ["neutral"] } }, deleted: [] },
  {
    title: "deletes neutral tags alone if unmatched-tags is delete",
    world: { a: { tags: ["neutral"] } },
    rules: { unmatchedTags: "delete" },
    deleted: ["a"],
  },
  {
    title: "keeps an image with an orphaned and an unmatched tag",
    world: { a: { tags: ["orphaned", "x"] } },
    deleted: [],
  },
  {
    title: "keeps an image with an orphaned and a live tag",
    world: { a: { tags: ["orphaned", "live"] } },
    deleted: [],
  },
  { title: "deletes an untagged image that nothing refers to", world: { a: {} }, deleted: ["a"] },
  { title: "keeps it if untagged is keep", world: { a: {} }, rules: { untagged: "keep" }, deleted: [] },
  {
    title: "keeps an image in use with its closure",
    world: { index: { tags: ["orphaned"], children: ["a"] }, a: {}, other: { tags: ["orphaned-2"] } },
    inUse: ["index"],
    deleted: ["other"],
  },
  {
    title: "keeps an index whose platform is in use",
    world: { outer: { tags: ["orphaned"], children: ["index"] }, index: { children: ["a", "b"] }, a: {}, b: {}, c: {} },
    inUse: ["a"],
    deleted: ["c"],
  },
];

const LIMITS: readonly Case[] = [
  {
    title: "applies the grace period to an image with an orphaned and an unmatched tag",
    world: { young: { tags: ["orphaned", "x"], hours: 2 }, old: { tags: ["orphaned-2", "x-2"], hours: 24 } },
    rules: { unmatchedTags: "delete" },
    deleted: ["old"],
  },
  {
    title: "keeps an image that belongs to a pull request and to an unmatched tag, in the scope of the pull request",
    world: { both: { tags: ["orphaned", "other"] }, one: { tags: ["orphaned-2"] } },
    rules: { unmatchedTags: "delete", pullRequest: 12 },
    deleted: ["one"],
  },
  {
    title: "ignores an unknown push time without a grace period",
    world: { a: { tags: ["other"], hours: null } },
    rules: { unmatchedTags: "delete", gracePeriodMs: 0 },
    deleted: ["a"],
  },
  {
    title: "deletes a signature without an image of any age, unless it has another tag",
    world: {
      sig: { tags: ["sha256-gone.sig"], hours: null },
      named: { tags: ["sha256-gone.att", "other"], hours: null },
      ...SIGNED,
    },
    rules: { unmatchedTags: "delete" },
    deleted: ["sig"],
  },
  {
    title: "counts an unknown push time as newest",
    world: { timeless: { tags: ["orphaned"], hours: null }, young: { tags: ["orphaned-2"], hours: 1 } },
    rules: { keepCount: 1 },
    deleted: ["young"],
  },
  {
    title: "keeps the newest tagged image with its closure if the registry keeps the last tagged one",
    world: {
      index: { tags: ["orphaned"], children: ["child"], hours: 50 },
      child: { hours: 50 },
      sig: { subject: "index", hours: 49 },
      older: { tags: ["orphaned-2"], hours: 60 },
      leftover: {},
    },
    rules: { keepsLastTagged: true },
    deleted: ["leftover", "older"],
  },
  {
    title: "keeps the index as the last tagged image, not its tagged child",
    world: {
      index: { tags: ["orphaned"], children: ["child"], hours: 50 },
      child: { tags: ["orphaned-amd64"], hours: 49 },
    },
    rules: { keepsLastTagged: true },
    deleted: [],
  },
  {
    title: "keeps a tagged child as the last tagged image if nothing else has a tag",
    world: { index: { children: ["child", "other"] }, child: { tags: ["orphaned-amd64"] }, other: {} },
    rules: { keepsLastTagged: true },
    deleted: ["index", "other"],
  },
  {
    title: "keeps no last tagged image if another tagged one is kept",
    world: { a: { tags: ["live"] }, b: { tags: ["orphaned"] } },
    rules: { keepsLastTagged: true },
    deleted: ["b"],
  },
  { title: "keeps a young untagged image, which may be a push in progress", world: { a: { hours: 2 } }, deleted: [] },
  {
    title: "deletes a young untagged image without a grace period",
    world: { a: { hours: 0 } },
    rules: { gracePeriodMs: 0 },
    deleted: ["a"],
  },
  { title: "deletes a young orphaned image", world: { a: { tags: ["orphaned"], hours: 0 } }, deleted: ["a"] },
  { title: "keeps an image whose pull request was merged just now", world: { a: { tags: ["merged"] } }, deleted: [] },
  {
    title: "deletes an image whose pull request was merged just now without a grace period",
    world: { a: { tags: ["merged"] } },
    rules: { gracePeriodMs: 0 },
    deleted: ["a"],
  },
  {
    title: "deletes an image whose pull request was merged just now in its own scope",
    world: { a: { tags: ["merged"] } },
    rules: { pullRequest: 13 },
    deleted: ["a"],
  },
  {
    title: "applies the grace period to unmatched images",
    world: { a: { tags: ["x"], hours: 2 } },
    rules: { unmatchedTags: "delete" },
    deleted: [],
  },
  { title: "never lets an unknown push time age", world: { a: { hours: null } }, deleted: [] },
  { title: "treats a push time of 1970 as unknown", world: { a: { hours: 24 * 365 * 56 } }, deleted: [] },
  {
    title: "counts only roots for keep-count, and keeps their closure",
    world: {
      new: { tags: ["orphaned-1"], children: ["n1", "n2"], hours: 30 },
      old: { tags: ["orphaned-2"], children: ["o1", "o2"], hours: 90 },
      n1: { hours: 31 },
      n2: { hours: 31 },
      o1: { hours: 91 },
      o2: { hours: 91 },
    },
    rules: { keepCount: 1 },
    deleted: ["o1", "o2", "old"],
  },
  {
    title: "keeps the platforms of live indexes apart from keep-count",
    world: {
      index: { tags: ["live"], children: ["a"] },
      a: { hours: 1 },
      b: { tags: ["orphaned"], hours: 40 },
      c: { tags: ["orphaned-2"], hours: 90 },
    },
    rules: { keepCount: 1 },
    deleted: ["c"],
  },
  {
    title: "deletes the children of an orphaned index if untagged is keep",
    world: { index: { tags: ["orphaned"], children: ["a"] }, a: {}, leftover: {} },
    rules: { untagged: "keep" },
    deleted: ["a", "index"],
  },
  {
    title: "deletes a young child with its orphaned index",
    world: { index: { tags: ["orphaned"], children: ["a"] }, a: { hours: 1 }, push: { hours: 1 } },
    deleted: ["a", "index"],
  },
  {
    title: "keeps a young unmatched child, though its index is deleted",
    world: { index: { tags: ["orphaned"], children: ["a", "b"] }, a: { tags: ["x"], hours: 2 }, b: { tags: ["y"] } },
    rules: { unmatchedTags: "delete" },
    deleted: ["b", "index"],
  },
  {
    title: "deletes only the pull request's images in its scope, with their children and referrers",
    world: {
      index: { tags: ["orphaned"], children: ["a", "b"] },
      a: { hours: 1 },
      b: { hours: 1 },
      leftover: {},
      other: { tags: ["gone7-x"] },
      both: { tags: ["orphaned-3", "gone7-3"] },
      sig: { tags: ["sha256-index.sig"] },
      dangling: { tags: ["sha256-never.sig"] },
    },
    rules: { pullRequest: 12 },
    deleted: ["a", "b", "index", "sig"],
  },
  {
    title: "keeps a child with another pull request's tag in the scope of a pull request",
    world: {
      index: { tags: ["orphaned"], children: ["own", "other"] },
      own: { tags: ["orphaned-amd64"] },
      other: { tags: ["gone7-amd64"] },
    },
    rules: { pullRequest: 12 },
    deleted: ["index", "own"],
  },
];

const RELATIONS: readonly Case[] = [
  {
    title: "keeps the untagged platforms of a live index",
    world: { index: { tags: ["live"], children: ["amd64", "arm64"] }, amd64: {}, arm64: {}, leftover: {} },
    deleted: ["leftover"],
  },
  {
    title: "keeps the leaf of a nested live index",
    world: { outer: { tags: ["live"], children: ["inner"] }, inner: { children: ["leaf"] }, leaf: {}, leftover: {} },
    deleted: ["leftover"],
  },
  {
    title: "keeps a child that an orphaned and a live index share",
    world: {
      old: { tags: ["orphaned"], children: ["shared", "own"] },
      new: { tags: ["live"], children: ["shared"] },
      shared: {},
      own: {},
    },
    deleted: ["old", "own"],
  },
  {
    title: "keeps a child with an orphaned tag of its own under a live index",
    world: { index: { tags: ["live"], children: ["amd64"] }, amd64: { tags: ["orphaned-amd64"] } },
    deleted: [],
  },
  ...[LISTS_ALL, TAGS_AND_REFERRERS].map((registry) => ({
    title: "keeps and deletes a referrer with its subject",
    world: {
      kept: { tags: ["live"] },
      gone: { tags: ["orphaned"] },
      keptSig: { subject: "kept" },
      goneSig: { subject: "gone", hours: 1 },
    },
    registry,
    deleted: ["gone", "goneSig"],
  })),
  {
    title: "keeps and deletes a signature with the image that its tag names",
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
    title: "keeps the signature of a signature of a live image",
    world: { kept: { tags: ["live"] }, sig: { subject: "kept" }, sigOfSig: { subject: "sig" }, other: {} },
    deleted: ["other"],
  },
  {
    title: "deletes a signature whose image does not exist",
    world: { a: { tags: ["sha256-never-pushed.sig"] }, ...SIGNED },
    deleted: ["a"],
  },
  ...[LISTS_ALL, TAGS_ONLY, TAGS_AND_REFERRERS].map((registry) => ({
    title: "keeps signatures if no signature has its image in this repository",
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
    title: "deletes signatures with the last image of a repository",
    world: { image: { tags: ["orphaned"] }, own: { tags: ["sha256-image.sig"] }, b: { tags: ["sha256-far.sig"] } },
    deleted: ["b", "image", "own"],
  },
  {
    title: "deletes a signature with its untagged image",
    world: { image: {}, own: { tags: ["sha256-image.sig"] } },
    deleted: ["image", "own"],
  },
  {
    title: "keeps a young referrer, which may be pushed before its subject",
    world: { a: { tags: ["sha256-not-yet.sig"], hours: 1 }, old: { tags: ["sha256-never.sig"] }, ...SIGNED },
    deleted: ["old"],
  },
  {
    title: "deletes a referrer without a subject, though untagged is keep",
    world: { sig: { subject: "never" }, leftover: {}, old: { tags: ["orphaned"] } },
    rules: { untagged: "keep" },
    deleted: ["old", "sig"],
  },
  {
    title: "keeps the children of indexes that their parent lists with an unknown media type",
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
    title: "does not count a referrer without a subject for keep-count",
    world: { a: { tags: ["orphaned"], hours: 90 }, sig: { tags: ["sha256-never.sig"], hours: 30 }, ...SIGNED },
    rules: { keepCount: 1 },
    deleted: ["sig"],
  },
  {
    title: "keeps an attestation of an image that a live index lists too",
    world: {
      old: { tags: ["orphaned"], children: ["image", "attestation"] },
      new: { tags: ["live"], children: ["image"] },
      image: {},
      attestation: { subject: "image" },
    },
    registry: TAGS_AND_REFERRERS,
    deleted: ["old"],
  },
  {
    title: "keeps the children of an untagged index that is attached to a live image",
    world: {
      image: { tags: ["live"] },
      bom: { subject: "image", children: ["part"] },
      part: { tags: ["orphaned"] },
      x: {},
    },
    deleted: ["x"],
  },
  {
    title: "deletes nothing if a kept manifest cannot be read",
    world: { index: { tags: ["live"], children: ["a"], read: "unreadable" }, a: {}, b: { tags: ["orphaned"] } },
    deleted: [],
  },
  {
    title: "deletes nothing if an orphaned manifest cannot be read",
    world: { index: { tags: ["orphaned"], children: ["a"], read: "unreadable" }, a: {}, b: { tags: ["orphaned-2"] } },
    deleted: [],
  },
  {
    title: "ignores a listed manifest that does not exist",
    world: { ghost: { tags: ["live"], read: "missing" }, b: { tags: ["orphaned"] } },
    deleted: ["b"],
  },
  {
    title: "keeps a circle of references",
    world: {
      a: { tags: ["orphaned-a"], children: ["b"] },
      b: { tags: ["orphaned-b"], children: ["a"] },
      itself: { tags: ["orphaned-c", "sha256-itself"] },
      c: { tags: ["orphaned"] },
    },
    registry: TAGS_ONLY,
    deleted: ["c"],
  },
];

const LISTS_TAGS_ONLY: readonly Case[] = [
  {
    title: "deletes an untagged image with the signature that leads to it",
    world: { image: {}, sig: { tags: ["sha256-image.sig"] }, unseen: {} },
    deleted: ["image", "sig"],
  },
  {
    title: "finds the children of an orphaned index by reading it",
    world: {
      old: { tags: ["orphaned"], children: ["shared", "own"] },
      new: { tags: ["live"], children: ["shared"] },
      shared: {},
      own: {},
      unseen: {},
    },
    deleted: ["old", "own"],
  },
  {
    title: "deletes no child that does not exist",
    world: { old: { tags: ["orphaned"], children: ["own", "never"] }, own: {} },
    deleted: ["old", "own"],
  },
  {
    title: "keeps the children of an untagged index in use",
    world: { old: { tags: ["orphaned"], children: ["shared"] }, used: { children: ["shared"] }, shared: {} },
    inUse: ["used"],
    deleted: ["old"],
  },
  {
    title: "finds referrers by the referrers API",
    world: {
      old: { tags: ["orphaned"] },
      sig: { subject: "old" },
      sigOfSig: { subject: "sig" },
      kept: { tags: ["live"] },
      its: { subject: "kept" },
    },
    registry: TAGS_AND_REFERRERS,
    deleted: ["old", "sig", "sigOfSig"],
  },
].map((each) => ({ registry: TAGS_ONLY, ...each, title: `(list of tags) ${each.title}` }));

test.each([...BY_TAG, ...LIMITS, ...RELATIONS, ...LISTS_TAGS_ONLY])("$title", ({ world, deleted, ...setup }) => {
  const planned = planWorld(world, setup);
  expect(deletedIn(world, planned)).toEqual(deleted);
  const digests = planned.plan.decisions.map(({ digest }) => digest);
  expect(new Set(digests).size).toBe(digests.length);
});
