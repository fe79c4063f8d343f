import { type Case, testCases } from "./decide-cases.ts";
import type { Registry } from "./world.ts";

const TAGS_ONLY: Registry = { listsUntagged: false, referrersApi: false };
const TAGS_AND_REFERRERS: Registry = { listsUntagged: false, referrersApi: true };

const CASES: readonly Case[] = [
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
];

testCases(CASES.map((each) => ({ registry: TAGS_ONLY, ...each, title: `(list of tags) ${each.title}` })));
