import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectedTags, mayBeHidden } from "../../src/tags/expected-tags.ts";
import { liveTagsOf } from "../../src/tags/live-tags.ts";
import { compileTagPatterns } from "../../src/tags/patterns.ts";
import { tagStatuses } from "../../src/tags/status.ts";
import { commitOf, defaultPatterns, listsOf, open, pullRequestOf, refsOf } from "./fixtures.ts";

const PLAIN = defaultPatterns.filter((pattern) => !pattern.includes("{sha}"));

function expected(names: Parameters<typeof refsOf>[0], patterns = PLAIN, pullRequests = [open(0)].slice(1)) {
  const live = liveTagsOf(compileTagPatterns(patterns), refsOf(names));
  return [...new Set(expectedTags(live, pullRequests))].sort();
}

describe("the tags of existing refs are", () => {
  test("the slugs of a branch, also in lower case", () => {
    expect(expected({ branches: ["feature/X"] })).toEqual(["feature-X", "feature-x"]);
  });

  test("the versions of a Git tag", () => {
    const tags = ["1", "1.2", "1.2.3", "v1", "v1-2-3", "v1.2", "v1.2.3"].sort();
    expect(expected({ tags: ["v1.2.3"] })).toEqual(tags);
  });

  test("the number and the head branch of an open pull request", () => {
    const byNumber = ["10-merge", "pr-10", "pr10", "pull-10", "pull-10-merge", "refs-pull-10-merge"];
    expect(expected({}, PLAIN, [open(10, { headBranch: "fix/it" })])).toEqual([...byNumber, "fix-it"].sort());
  });

  test("the last path segments of branches and open pull requests", () => {
    const pullRequests = [open(10, { headBranch: "fix/11" })];
    expect(expected({ branches: ["a/b"] }, ["pr-{branch:last}"], pullRequests)).toEqual(["pr-11", "pr-b"]);
  });

  test("the first 7 digits of a tip, and all of them", () => {
    const commit = commitOf("main");
    expect(expected({ branches: ["main"] }, ["sha-{sha}"])).toEqual(
      [`sha-${commit}`, `sha-${commit.slice(0, 7)}`].sort(),
    );
  });

  test("by a pattern with several placeholders, those that one ref fills", () => {
    const [main, next] = ["main", "next"].map((name) => `${name}-${commitOf(name).slice(0, 7)}`);
    const tags = expected({ branches: ["main", "next"] }, ["{branch}-{sha}"]);
    expect(tags.filter((tag) => tag.length === 12)).toEqual([main, next]);
  });

  test("none by a pattern with `*`", () => {
    expect(expected({ branches: ["main"] }, ["{branch}*", "*-{branch}"])).toEqual([]);
  });
});

test("every tag that an existing ref is expected to give is live", () => {
  const name = fc.constantFrom("main", "a/b", "A.b", "pr-2", "v1.2.3", "v2.0.0-rc1", "1.4.0", "it's", "Ünï/x", "x_1");
  const pullRequest = fc
    .record({ number: fc.integer({ min: 1, max: 30 }), state: fc.constant("open" as const), headBranch: name })
    .map(pullRequestOf);
  const world = fc.record({
    branches: fc.uniqueArray(name, { maxLength: 4 }),
    tags: fc.uniqueArray(name, { maxLength: 4 }),
    open: fc.uniqueArray(pullRequest, { maxLength: 4, selector: ({ number }) => number }),
    patterns: fc.constantFrom(
      defaultPatterns,
      ["{branch}-{sha}", "x-{branch:last}"],
      ["{tag}-x", "pr{pr}.{sha}", "{major}_{minor}"],
    ),
  });
  fc.assert(
    fc.property(world, ({ branches, tags, open: pullRequests, patterns }) => {
      const live = liveTagsOf(compileTagPatterns(patterns), refsOf({ branches, tags }));
      const statusOf = tagStatuses(live, listsOf(pullRequests), () => null);
      for (const tag of expectedTags(live, pullRequests)) expect([tag, statusOf(tag).status]).toEqual([tag, "live"]);
    }),
    { numRuns: 300 },
  );
});

describe("a list may hide", () => {
  test.each([
    {
      listed: ["v1"],
      tags: ["v10", "v10.0.0", "v2"],
      hidden: ["v10", "v10.0.0"],
      why: "tags that begin with a listed one",
    },
    { listed: ["main"], tags: ["main-2", "main"], hidden: ["main-2"], why: "a branch that begins with another" },
    { listed: ["pr-1", "pr-12"], tags: ["pr-10"], hidden: [], why: "none, if a listed tag shows another one" },
    {
      listed: ["v1", "v1.0"],
      tags: ["v10"],
      hidden: ["v10"],
      why: "tags that sort after it, if it shows those before",
    },
    {
      listed: ["v1", "v10"],
      tags: ["v1.0"],
      hidden: ["v1.0"],
      why: "tags that sort before it, if it shows those after",
    },
    { listed: ["v1", "v12", "v"], tags: ["v10"], hidden: [], why: "none, if each listed start shows another one" },
    { listed: ["v1", "v1.2", "v1.2.3"], tags: ["v1.2.4"], hidden: [], why: "none below a start that shows another" },
    { listed: [], tags: ["v10"], hidden: [], why: "none, if it is empty" },
  ])("$why", ({ listed, tags, hidden }) => {
    expect([...mayBeHidden(new Set(listed), tags)]).toEqual(hidden);
  });
});
