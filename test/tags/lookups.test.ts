import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PullRequest, PullRequestLookups } from "../../src/refs/refs.ts";
import { type LiveTags, liveTagsOf } from "../../src/tags/live-tags.ts";
import { orphanedTags, pullRequestLookups } from "../../src/tags/lookups.ts";
import { compileTagPatterns } from "../../src/tags/patterns.ts";
import { tagStatuses } from "../../src/tags/status.ts";
import { commitOf, defaultPatterns, listsOf, pullRequestOf, refsOf } from "./fixtures.ts";

const PUSHED = Date.UTC(2026, 9, 1);
const REFS = refsOf({ branches: ["main", "feature/x"], tags: ["v1.2.3"] });

function liveBy(patterns: readonly string[] = defaultPatterns, refs = REFS): LiveTags {
  return liveTagsOf(compileTagPatterns(patterns), refs);
}

function lookupsFor(tags: readonly string[], patterns?: readonly string[]): PullRequestLookups {
  const pushed = tags.map((tag) => ({ tag, pushedAt: PUSHED }));
  return pullRequestLookups(pushed, liveBy(patterns), (tag) => (tag === "latest" ? "latest" : null));
}

function sorted(set: ReadonlySet<number | string>): unknown[] {
  return [...set].sort();
}

describe("pull requests are looked up if live refs do not decide", () => {
  const short = commitOf("unknown").slice(0, 7);
  test.each<[string, readonly number[], readonly string[], readonly string[]]>([
    ["latest", [], [], []],
    [`sha256-${"a".repeat(64)}.sig`, [], [], []],
    ["main", [], [], []],
    ["1.2", [], [], []],
    [`sha-${commitOf("main").slice(0, 7)}`, [], [], []],
    ["pr-12", [12], [], []],
    ["PR-12", [12], [], []],
    ["pr-12-alpine", [12], [], []],
    ["pr-012", [], ["pr-012"], []],
    [`sha-${short}`, [], [], [short]],
    [short, [], [], [short]],
    ["feature-y", [], ["feature-y"], []],
    ["web-v1.2.3", [], ["web-v1.2.3"], []],
    [`gh-readonly-queue-pr-2-x-pr-104-${short}`, [104], [], [short]],
  ])("%s: numbers %j, branch tags %j, commits %j", (tag, numbers, branchTags, commits) => {
    const lookups = lookupsFor([tag]);
    expect([sorted(lookups.numbers), sorted(lookups.branchTags), sorted(lookups.commits)]).toEqual([
      numbers,
      branchTags,
      commits,
    ]);
  });

  test("by patterns with several placeholders", () => {
    const patterns = ["{branch}-{sha}", "*-pr-{pr}-*"];
    expect(sorted(lookupsFor([`main-${short}`], patterns).branchTags)).toEqual([]);
    expect(sorted(lookupsFor([`main-${short}`], patterns).commits)).toEqual([short]);
    expect(sorted(lookupsFor([`gone-${short}`], patterns).branchTags)).toEqual([`gone-${short}`]);
    expect(sorted(lookupsFor(["x-pr-2-pr-30-y"], patterns).numbers)).toEqual([2, 30]);
    expect(sorted(lookupsFor(["feature-y"], ["pr-{pr}"]).branchTags)).toEqual([]);
  });
});

describe("closed pull requests are read back", () => {
  const oldest = (...pushes: readonly [string, number | null][]): number | null => {
    const pushed = pushes.map(([tag, pushedAt]) => ({ tag, pushedAt }));
    return pullRequestLookups(pushed, liveBy(), () => null).oldestPush;
  };

  test("to the oldest push of a branch tag", () => {
    expect(oldest(["gone", PUSHED], ["gone-too", PUSHED - 1], ["main", 5], ["pr-1", 5])).toBe(PUSHED - 1);
  });

  test("to the oldest push of a tag that several repositories have", () => {
    expect(oldest(["gone", PUSHED - 1], ["gone", PUSHED])).toBe(PUSHED - 1);
  });

  test("without a limit if a push time is unknown or before 2013", () => {
    expect(oldest(["gone", PUSHED], ["gone-too", null])).toBeNull();
    expect(oldest(["gone", PUSHED], ["gone-too", 0])).toBeNull();
    expect(oldest(["gone", PUSHED], ["gone-too", Date.UTC(1980, 0, 1)])).toBeNull();
  });

  test("not at all if no tag may name a branch", () => {
    expect(oldest(["main", PUSHED], ["pr-1", PUSHED], [`sha-${commitOf("unknown").slice(0, 7)}`, PUSHED])).toBeNull();
  });
});

describe("the tags that one pull request orphans by its branch", () => {
  const tags = ["topic-12", "topic-12-alpine", "x-topic-12", "main-x", "sha-abc1234", "feature-x-2"];
  const patterns = [...defaultPatterns, "{branch}-alpine", "x-{branch}"];
  const orphaned = (fields: Partial<PullRequest>, by: readonly string[] = patterns) =>
    orphanedTags(lookupsFor(tags, by), liveBy(by))(pullRequestOf({ number: 12, ...fields })).toSorted();

  test.each<[string, Partial<PullRequest>, readonly string[]]>([
    ["closed: its branch's tags", {}, ["topic-12", "topic-12-alpine", "x-topic-12"]],
    ["merged: the same", { state: "merged" }, ["topic-12", "topic-12-alpine", "x-topic-12"]],
    ["from a fork: none", { fromFork: true }, []],
    ["its branch exists: none", { headBranch: "feature/x" }, []],
    ["open: none", { state: "open" }, []],
  ])("%s", (_, fields, expected) => {
    expect(orphaned(fields)).toEqual(expected);
  });

  test.each([
    ["*{branch}*", ["topic-12", "topic-12-alpine", "x-topic-12"]],
    ["*-{branch}", ["x-topic-12"]],
    ["x{branch}", []],
    ["{branch}-{branch}", ["topic-12-alpine", "x-topic-12"]],
  ])("by the pattern %s: %j", (pattern, expected) => {
    expect(orphaned({}, [pattern])).toEqual(expected);
  });

  test("by the second of two placeholders", () => {
    const by = ["{branch}_{branch}"];
    const lookups = lookupsFor(["x_topic-12", "x_topic-13"], by);
    expect(orphanedTags(lookups, liveBy(by))(pullRequestOf({ number: 12 }))).toEqual(["x_topic-12"]);
  });
});

describe("properties", () => {
  const branch = fc.constantFrom("main", "a/b", "a-b", "fix", "fix/a", "pr-2", "A");
  const pullRequest = fc
    .record({
      number: fc.integer({ min: 1, max: 6 }),
      state: fc.constantFrom("closed", "merged"),
      headBranch: branch,
      fromFork: fc.boolean(),
      headCommit: branch.map(commitOf),
    })
    .map(pullRequestOf);
  const pieces = ["a", "b", "-", "fix", "x", "pr-2", commitOf("fix").slice(0, 7), commitOf("A").slice(0, 9)];
  const tag = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 5 }).map((chosen) => chosen.join(""));
  const all = ["{branch}", "{branch}-x", "x-{branch}", "{branch}*", "*{branch}", "{branch}-{sha}", "{branch}{branch}"];
  const patterns = fc.uniqueArray(fc.constantFrom(...all, "sha-{sha}", "{sha}", "pr-{pr}"), {
    minLength: 1,
    maxLength: 4,
  });

  test("a pull request orphans a branch tag exactly if it proves it without any other", () => {
    fc.assert(
      fc.property(
        patterns,
        fc.uniqueArray(branch, { maxLength: 3 }),
        fc.uniqueArray(tag, { maxLength: 12 }),
        pullRequest,
        (by, branches, tags, one) => {
          const live = liveBy(by, refsOf({ branches }));
          const lookups = pullRequestLookups(
            tags.map((each) => ({ tag: each, pushedAt: null })),
            live,
            () => null,
          );
          const statusOf = tagStatuses(live, { byNumber: new Map(), open: [], closed: [one] }, () => null);
          const expected = [...lookups.branchTags].filter((each) => statusOf(each).status === "orphaned");
          expect(orphanedTags(lookups, live)(one).toSorted()).toEqual(expected.toSorted());
        },
      ),
      { numRuns: 500 },
    );
  });

  test("every orphaned tag is looked up", () => {
    fc.assert(
      fc.property(
        patterns,
        fc.uniqueArray(branch, { maxLength: 3 }),
        fc.uniqueArray(tag, { maxLength: 12 }),
        fc.array(pullRequest),
        (by, branches, tags, pullRequests) => {
          const live = liveBy(by, refsOf({ branches }));
          const statusOf = tagStatuses(live, listsOf(pullRequests), () => null);
          for (const each of tags.filter((text) => statusOf(text).status === "orphaned")) {
            const lookups = pullRequestLookups([{ tag: each, pushedAt: null }], live, () => null);
            expect(lookups.numbers.size + lookups.branchTags.size + lookups.commits.size).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
