import fc from "fast-check";
import { expect, test } from "vitest";
import { liveTagsOf } from "../../src/tags/live-tags.ts";
import { compileTagPatterns } from "../../src/tags/patterns.ts";
import { branchSlugs } from "../../src/tags/slugs.ts";
import { tagStatuses } from "../../src/tags/status.ts";
import { commitOf, defaultPatterns, listsOf, pullRequestOf, refsOf, statusOf } from "./fixtures.ts";
import { oracle } from "./oracle.ts";

const texts = (pieces: readonly string[], maxLength: number) =>
  fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength }).map((chosen) => chosen.join(""));

test("a naive implementation gives every tag the same status", () => {
  const pieces = [
    "{branch}",
    "{branch:last}",
    "{tag}",
    "{pr}",
    "{sha}",
    "*",
    "-",
    "x",
    "pr-",
    "{version}",
    "{major}.{minor}",
  ];
  const pattern = texts(pieces, 5).filter((text) => {
    const wildcards = text.match(/\{[\w:]+\}|\*+/g) ?? [];
    return text.includes("{") && wildcards.length <= 3;
  });
  const name = fc.constantFrom(
    "x",
    "a",
    "A",
    "a-x",
    "a/x",
    "x-pr",
    "x/12",
    "3/a",
    "v1.2.3",
    "1.4.0",
    "v2.0.0-rc1",
    "12",
  );
  const pullRequest = fc.record({
    number: fc.integer({ min: 1, max: 13 }),
    state: fc.constantFrom("open", "closed", "merged"),
    headBranch: name,
    fromFork: fc.boolean(),
    headCommit: fc.constantFrom("a", "ab", "12").map((text) => text.repeat(40).slice(0, 40)),
  });
  const world = fc.record({
    branches: fc.uniqueArray(name, { maxLength: 4 }),
    tags: fc.uniqueArray(name, { maxLength: 4 }),
    pullRequests: fc.uniqueArray(pullRequest, { maxLength: 4, selector: ({ number }) => number }),
  });
  const tagPieces = [
    "x",
    "a",
    "A",
    "-",
    "pr-",
    "pr",
    "pull-",
    "-merge",
    "12",
    "1",
    "3",
    "1.2.3",
    "1.2",
    "aaaaaaa",
    "abababab",
    "1212121",
    "v1.4",
    "0",
  ];
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 1, maxLength: 3 }),
      world,
      fc.array(texts(tagPieces, 6), { maxLength: 12 }),
      (patterns, names, tags) => {
        const pullRequests = names.pullRequests.map(pullRequestOf);
        const refs = refsOf(names);
        const live = liveTagsOf(compileTagPatterns(patterns), refs);
        const statusOfTag = tagStatuses(live, listsOf(pullRequests), () => null);
        for (const tag of tags) {
          const expected = { tag, status: oracle(tag, patterns, refs, pullRequests) };
          expect({ tag, status: statusOfTag(tag).status }).toEqual(expected);
        }
      },
    ),
    { numRuns: 800 },
  );
});

const name = fc.constantFrom(
  "main",
  "a/b",
  "a-b",
  "A.b",
  "pr-2",
  "pr-2-x",
  "v1.2.3",
  "v1.3.0",
  "v2.0.0-rc1",
  "topic-3",
  "fix/3",
  "fix/a-b",
  "1",
);
const pullRequest = fc
  .record({
    number: fc.integer({ min: 1, max: 6 }),
    state: fc.constantFrom("open", "closed", "merged"),
    headBranch: name,
    fromFork: fc.boolean(),
    headCommit: name.map(commitOf),
  })
  .map(pullRequestOf);
const tag = fc.oneof(
  name.map((text) => branchSlugs(text)[0] ?? text),
  fc
    .tuple(fc.constantFrom("pr-", "PR-"), fc.integer({ min: 1, max: 7 }), fc.constantFrom("", "-x", "0"))
    .map((pieces) => pieces.join("")),
  fc.tuple(fc.constantFrom("sha-", ""), name).map(([prefix, text]) => prefix + commitOf(text).slice(0, 8)),
  fc.tuple(name, name).map(([branch, commit]) => `${branchSlugs(branch)[0]}-${commitOf(commit).slice(0, 7)}`),
  fc.constantFrom("1.2", "1", "v1", "1.2.3", "unknown"),
);
const world = fc.record({
  branches: fc.uniqueArray(name, { maxLength: 4 }),
  tags: fc.uniqueArray(name, { maxLength: 4 }),
  pullRequests: fc.uniqueArray(pullRequest, { maxLength: 5, selector: ({ number }) => number }),
  patterns: fc.constantFrom(
    defaultPatterns,
    [...defaultPatterns, "{branch}-{sha}", "{branch}*"],
    ["{branch}*", "*{pr}*"],
    [...defaultPatterns, "pr-{branch:last}"],
  ),
});

test("one more live ref keeps live tags live and orphans no tag", () => {
  fc.assert(
    fc.property(
      world,
      name,
      fc.constantFrom("branches", "tags"),
      fc.array(tag, { maxLength: 15 }),
      (names, added, kind, tags) => {
        const before = { ...names, refs: refsOf(names) };
        const after = { ...names, refs: refsOf({ ...names, [kind]: [...names[kind], added] }) };
        for (const each of tags) {
          const [was, is] = [statusOf(each, before).status, statusOf(each, after).status];
          if (was === "live") expect({ each, is }).toEqual({ each, is: "live" });
          if (is === "orphaned") expect({ each, was }).toEqual({ each, was: "orphaned" });
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("the order of refs and pull requests does not matter", () => {
  fc.assert(
    fc.property(world, fc.array(tag, { maxLength: 10 }), (names, tags) => {
      const reversed = {
        ...names,
        pullRequests: names.pullRequests.toReversed(),
        refs: refsOf({ branches: names.branches.toReversed(), tags: names.tags.toReversed() }),
      };
      for (const each of tags)
        expect(statusOf(each, { ...names, refs: refsOf(names) })).toEqual(statusOf(each, reversed));
    }),
    { numRuns: 300 },
  );
});
