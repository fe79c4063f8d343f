import { describe, expect, test } from "vitest";
import { liveTagsOf } from "../../src/tags/live-tags.ts";
import { compileTagPatterns, TagPatternError } from "../../src/tags/patterns.ts";
import { tagStatuses } from "../../src/tags/status.ts";
import { commitOf, listsOf, pullRequestOf, refsOf, statusOf } from "./fixtures.ts";

describe("a pattern finds live refs", () => {
  const refs = refsOf({ branches: ["main", "feature/x", "feature/x-y"], tags: ["v1.2.3"] });
  const short = commitOf("main").slice(0, 7);
  test.each([
    ["{version}-alpine", "1.2.3-alpine", "Git tag v1.2.3"],
    ["{version}-alpine", "1.2.3-ALPINE", "Git tag v1.2.3"],
    ["{version}-alpine", "1.2.4-alpine", null],
    ["{branch}*", "feature-x-20261121", "branch feature/x"],
    ["{branch}*", "feature-x", "branch feature/x"],
    ["{branch}*", "feature-x-y-2", "branch feature/x-y"],
    ["{tag}-linux-*", "v1.2.3-linux-amd64", "Git tag v1.2.3"],
    ["{branch}-{sha}", `main-${short}`, "branch main, tip of branch main"],
    ["{branch}-{sha}", "main-0000000", null],
    ["{branch}-{sha}", `feature-x-y-${short}`, "branch feature/x-y, tip of branch main"],
    ["*-{branch}", "web-main", "branch main"],
    ["*{branch}", "web-feature-x-y", "branch feature/x-y"],
    ["web-{tag}", "web-v1.2.3", "Git tag v1.2.3"],
    ["{major}*", "1-alpine", "Git tag v1.2.3"],
    ["{major}*", "15-alpine", null],
    ["{version}*", "1.2.30", null],
    ["{branch}{tag}", "mainv1.2.3", "branch main, Git tag v1.2.3"],
    ["**{branch}", "web-main", "branch main"],
    ["{major}.{minor}-{sha}", `1.2-${short}`, "Git tag v1.2.3, tip of branch main"],
  ])("%s in %s: %s", (pattern, tag, expected) => {
    const { status, reason } = statusOf(tag, { refs, patterns: [pattern] });
    expect(status === "live" ? reason : null).toBe(expected);
  });
});

describe("a pattern is invalid", () => {
  test.each([
    ["", 1, "it has no placeholder"],
    ["nightly", 1, "it has no placeholder"],
    ["*", 1, "it has no placeholder"],
    ["pr-{PR}", 4, "{PR} is not a placeholder"],
    ["pr-{}", 4, "{} is not a placeholder"],
    ["pr-{pr", 4, "is not closed"],
    ["{{version}}", 1, "one brace on each side"],
    ["pr-pr}", 6, 'cannot contain "}"'],
    ["{branch}/x", 9, 'cannot contain "/"'],
    ["{branch} x", 9, 'cannot contain " "'],
    ["ü{branch}", 1, 'cannot contain "ü"'],
    ["pr{pr}0", 3, "digit"],
    ["1{pr}", 2, "digit"],
    ["{branch}*{tag}*", 15, "more than 3"],
    ["*{branch}**-{tag}-*", 13, "more than 3"],
    ["{major}.{minor}-{pr}-{sha}", 22, "more than 3"],
    [`{branch}${"x".repeat(300)}`, 257, "longer than 256"],
  ])("%s at character %i: %s", (pattern, position, problem) => {
    const compiling = (): unknown => compileTagPatterns(["{branch}", pattern]);
    expect(compiling).toThrow(TagPatternError);
    expect(compiling).toThrow(`tag pattern "${pattern}", character ${position}: `);
    expect(compiling).toThrow(problem);
  });

  test("but not one with three placeholders and `*`", () => {
    const patterns = ["*{branch}*", "{major}.{minor}-{sha}", "{branch}{tag}{sha}"];
    expect(compileTagPatterns(patterns)).toHaveLength(3);
  });
});

test("a number larger than any pull request's is no pull request", () => {
  const largest = 2 ** 31 - 1;
  const pullRequests = [largest, largest + 1].map((number) => pullRequestOf({ number }));
  expect(statusOf(`pr-${largest}`, { pullRequests })).toMatchObject({ status: "orphaned" });
  expect(statusOf(`pr-${largest + 1}`, { pullRequests })).toMatchObject({ status: "unmatched" });
});

describe("hostile patterns and tags", () => {
  const branches = Array.from({ length: 60 }, (_, index) => "a".repeat(index + 1));
  const refs = refsOf({ branches, tags: ["v1.1.1"] });
  const patterns = [
    "*{branch}*",
    "{branch}{tag}{branch}",
    "{branch}{branch}{sha}",
    "{major}*{sha}",
    "{pr}*{tag}",
    "*{sha}*",
  ];
  const tags = ["a", "1", "1-", "a-", "aB", "1.", "-", "0"].map((text) => text.repeat(128).slice(0, 128));

  test("are read in less than a second each", () => {
    const live = liveTagsOf(compileTagPatterns(patterns), refs);
    const statusOfTag = tagStatuses(live, listsOf([pullRequestOf({ number: 1, headBranch: "aa" })]), () => null);
    const start = performance.now();
    for (const tag of tags) expect(statusOfTag(tag)).toBeDefined();
    expect(performance.now() - start).toBeLessThan(tags.length * 1_000);
  });

  test("text that no registry accepts as a tag is unmatched", () => {
    for (const tag of ["a".repeat(129), "a".repeat(100_000), "", "a/b", "İa"])
      expect(statusOf(tag, { refs, patterns: ["{branch}*"] })).toMatchObject({ status: "unmatched" });
  });
});
