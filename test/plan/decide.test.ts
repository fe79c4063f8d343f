import { testCases } from "./decide-cases.ts";

testCases([
  { title: "keeps an image whose ref is live", world: { a: { tags: ["live"] } }, deleted: [] },
  { title: "keeps an image with a protected tag", world: { a: { tags: ["orphaned", "protected"] } }, deleted: [] },
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
]);
