import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PullRequest, PullRequestQuestions } from "../../src/refs/refs.ts";
import { compileTagPatterns, namesOf } from "../../src/tags/live-tags.ts";
import { answeredBy, questionsOf } from "../../src/tags/lookups.ts";
import { statusesOf } from "../../src/tags/status.ts";
import { allKnown, commitOf, defaultPatterns, pullRequestOf, refsOf } from "./names.ts";

const PUSHED = Date.UTC(2026, 9, 1);
const REFS = refsOf({ branches: ["main", "feature/x"], tags: ["v1.2.3"] });

function namesBy(patterns: readonly string[] = defaultPatterns, refs = REFS) {
  return namesOf(compileTagPatterns(patterns), refs);
}

function asked(tags: readonly string[], patterns?: readonly string[]): PullRequestQuestions {
  return questionsOf(
    tags.map((tag) => ({ tag, pushedAt: PUSHED })),
    namesBy(patterns),
    (tag) => (tag === "latest" ? "latest" : null),
  );
}

function sorted(set: ReadonlySet<number | string>): unknown[] {
  return [...set].sort();
}

describe("what the living refs leave open", () => {
  const short = commitOf("nobody").slice(0, 7);
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
  ])("of %s: numbers %j, branch tags %j, commits %j", (tag, numbers, branchTags, commits) => {
    const questions = asked([tag]);
    expect([sorted(questions.numbers), sorted(questions.branchTags), sorted(questions.commits)]).toEqual([
      numbers,
      branchTags,
      commits,
    ]);
  });

  test("by patterns with several placeholders", () => {
    const patterns = ["{branch}-{sha}", "*-pr-{pr}-*"];
    expect(sorted(asked([`main-${short}`], patterns).branchTags)).toEqual([]);
    expect(sorted(asked([`main-${short}`], patterns).commits)).toEqual([short]);
    expect(sorted(asked([`gone-${short}`], patterns).branchTags)).toEqual([`gone-${short}`]);
    expect(sorted(asked(["x-pr-2-pr-30-y"], patterns).numbers)).toEqual([2, 30]);
    expect(sorted(asked(["feature-y"], ["pr-{pr}"]).branchTags)).toEqual([]);
  });
});

describe("how far back closed pull requests matter", () => {
  const oldest = (...pushes: readonly [string, number | null][]): number | null =>
    questionsOf(
      pushes.map(([tag, pushedAt]) => ({ tag, pushedAt })),
      namesBy(),
      () => null,
    ).oldestPush;

  test("to the oldest push among the tags in question", () => {
    expect(oldest(["gone", PUSHED], ["gone-too", PUSHED - 1], ["main", 5], ["pr-1", 5])).toBe(PUSHED - 1);
  });

  test("without a bound where a push is unknown, or before there were images", () => {
    expect(oldest(["gone", PUSHED], ["gone-too", null])).toBeNull();
    expect(oldest(["gone", PUSHED], ["gone-too", 0])).toBeNull();
    expect(oldest(["gone", PUSHED], ["gone-too", Date.UTC(1980, 0, 1)])).toBeNull();
  });

  test("not at all where no branch is in question", () => {
    expect(oldest(["main", PUSHED], ["pr-1", PUSHED], [`sha-${commitOf("nobody").slice(0, 7)}`, PUSHED])).toBeNull();
  });
});

describe("what a closed pull request settles", () => {
  const tags = ["topic-12", "topic-12-alpine", "x-topic-12", "main-x", "sha-abc1234", "feature-x-2"];
  const patterns = [...defaultPatterns, "{branch}-alpine", "x-{branch}"];
  const settled = (told: Partial<PullRequest>, by: readonly string[] = patterns) =>
    answeredBy(asked(tags, by), namesBy(by))(pullRequestOf({ number: 12, ...told })).toSorted();

  test.each<[string, Partial<PullRequest>, readonly string[]]>([
    ["closed: its branch's tags", {}, ["topic-12", "topic-12-alpine", "x-topic-12"]],
    ["merged: the same", { state: "merged" }, ["topic-12", "topic-12-alpine", "x-topic-12"]],
    ["from a fork: nothing", { fromFork: true }, []],
    ["its branch lives: nothing", { headBranch: "feature/x" }, []],
    ["open: nothing", { state: "open" }, []],
  ])("%s", (_, told, branchTags) => {
    expect(settled(told)).toEqual(branchTags);
  });

  test("tags found by patterns that begin with anything", () => {
    expect(settled({}, ["*{branch}*"])).toEqual(["topic-12", "topic-12-alpine", "x-topic-12"]);
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
  const tag = fc
    .array(fc.constantFrom("a", "b", "-", "fix", "x", "pr-2", commitOf("fix").slice(0, 7), commitOf("A").slice(0, 9)), {
      minLength: 1,
      maxLength: 5,
    })
    .map((pieces) => pieces.join(""));
  const patterns = fc.uniqueArray(
    fc.constantFrom(
      "{branch}",
      "{branch}-x",
      "x-{branch}",
      "{branch}*",
      "*{branch}",
      "{branch}-{sha}",
      "sha-{sha}",
      "{sha}",
      "pr-{pr}",
    ),
    { minLength: 1, maxLength: 4 },
  );

  test("a pull request settles a branch tag exactly where it alone proves the tag dead", () => {
    fc.assert(
      fc.property(
        patterns,
        fc.uniqueArray(branch, { maxLength: 3 }),
        fc.uniqueArray(tag, { maxLength: 12 }),
        pullRequest,
        (by, branches, tags, one) => {
          const names = namesBy(by, refsOf({ branches }));
          const questions = questionsOf(
            tags.map((each) => ({ tag: each, pushedAt: null })),
            names,
            () => null,
          );
          const answers = answeredBy(questions, names)(one);
          const statusOf = statusesOf(names, { byNumber: new Map(), open: [], closed: [one] }, () => null);
          const dead = [...questions.branchTags].filter((each) => statusOf(each).status === "orphaned");
          expect(answers.toSorted()).toEqual(dead.toSorted());
        },
      ),
      { numRuns: 500 },
    );
  });

  test("whatever kills a tag was asked for", () => {
    fc.assert(
      fc.property(
        patterns,
        fc.uniqueArray(branch, { maxLength: 3 }),
        fc.uniqueArray(tag, { maxLength: 12 }),
        fc.array(pullRequest),
        (by, branches, tags, all) => {
          const names = namesBy(by, refsOf({ branches }));
          const statusOf = statusesOf(names, allKnown(all), () => null);
          for (const each of tags.filter((text) => statusOf(text).status === "orphaned")) {
            const questions = questionsOf([{ tag: each, pushedAt: null }], names, () => null);
            expect(questions.numbers.size + questions.branchTags.size + questions.commits.size).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
