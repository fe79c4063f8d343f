import { describe, expect, test } from "vitest";
import { liveTagsOf } from "../../src/tags/live-tags.ts";
import { pullRequestLookups } from "../../src/tags/lookups.ts";
import { compileTagPatterns } from "../../src/tags/patterns.ts";
import { closed, defaultPatterns, explain, open, refsOf, UNMATCHED } from "./fixtures.ts";

describe("the name of an open head branch", () => {
  const head = (headBranch: string) => [closed(11), open(13, { headBranch, fromFork: true })];

  test.each(["fix/11", "11", "fix-11-login", "v11.2", "a/11/b", "GH_0011"])(
    "%s keeps pr-11, although #11 is closed",
    (branch) => {
      expect(explain("pr-11", { pullRequests: head(branch) })).toBe(UNMATCHED);
      expect(explain("pr-11-amd64", { pullRequests: head(branch) })).toBe(UNMATCHED);
    },
  );

  test.each(["fix/111", "fix/login", "eleven"])("%s does not keep pr-11", (branch) => {
    expect(explain("pr-11", { pullRequests: head(branch) })).toMatch(/^orphaned/);
  });

  test("keeps the tag of a deleted branch that is spelled like its last path segment", () => {
    const pullRequests = [closed(11, { headBranch: "login" }), open(13, { headBranch: "feature/Login" })];
    expect(explain("login", { pullRequests })).toBe(UNMATCHED);
    expect(explain("login", { pullRequests: pullRequests.slice(0, 1) })).toMatch(/^orphaned/);
  });
});

describe("{branch:last}", () => {
  const patterns = [...defaultPatterns, "pr-{branch:last}"];
  const gone = closed(12, { headBranch: "fix/login" });

  test("is the last path segment of a branch", () => {
    const refs = refsOf({ branches: ["feature/a_B", "plain"] });
    for (const tag of ["pr-a_B", "pr-a-b", "PR-A_B"])
      expect(explain(tag, { refs, patterns })).toBe("live: branch feature/a_B");
    expect(explain("pr-plain", { refs, patterns })).toBe("live: branch plain");
    expect(explain("pr-feature-a_B", { refs, patterns })).toBe(UNMATCHED);
  });

  test("names an open pull request's head branch, before a closed number", () => {
    const pullRequests = [closed(11), open(13, { headBranch: "fix/11" })];
    expect(explain("pr-11", { pullRequests, patterns })).toBe("live: head branch fix/11 of open pull request #13");
  });

  test("is orphaned with the branch, unless another one has the same last path segment", () => {
    const reason = "orphaned: branch fix/login of pull request #12 (closed on 2026-11-02) was deleted";
    expect(explain("pr-login", { patterns, pullRequests: [gone] })).toBe(reason);
    expect(explain("pr-login", { pullRequests: [gone] })).toBe(UNMATCHED);
    const other = refsOf({ branches: ["feat/login"] });
    expect(explain("pr-login", { patterns, pullRequests: [gone], refs: other })).toBe("live: branch feat/login");
  });
});

describe("a tag with the form of a version", () => {
  test.each(["1.2.0", "v1.2", "1.2.0-rc.1", "7", "v7", "1.2.3b2", "20261121", "1.2.0_amd64"])(
    "%s is not orphaned by a branch",
    (name) => {
      const pullRequests = [closed(12, { headBranch: name })];
      for (const patterns of [defaultPatterns, ["{branch}*"], ["{branch:last}"]]) {
        expect(explain(name, { pullRequests, patterns })).toBe(UNMATCHED);
      }
      const live = liveTagsOf(compileTagPatterns(defaultPatterns), refsOf({}));
      const { branchTags } = pullRequestLookups([{ tag: name, pushedAt: null }], live, () => null);
      expect([...branchTags]).toEqual([]);
    },
  );

  test.each(["12-fix-login", "release-1.2", "1.x", "v2-next", "node18"])("%s has none", (headBranch) => {
    expect(explain(headBranch, { pullRequests: [closed(12, { headBranch })] })).toMatch(/^orphaned/);
  });
});

describe("a pull request by its number", () => {
  test.each(["12-merge", "pull-12", "pull-12-merge", "refs-pull-12-merge", "pr12", "PR-12"])(
    "%s is live while it is open, by the default patterns",
    (tag) => {
      expect(explain(tag, { pullRequests: [open(12)] })).toBe("live: pull request #12 is open");
    },
  );

  test.each([
    ["12-merge", "{pr}-merge"],
    ["pull-12", "pull-{pr}"],
    ["pr12", "pr{pr}"],
    ["PR-12", "PR-{pr}"],
    ["SNAPSHOT-PR-12-7", "SNAPSHOT-PR-{pr}-*"],
  ])("%s is orphaned by the pattern %s once it is closed", (tag, pattern) => {
    const reason = "pull request #12 was closed on 2026-11-02";
    expect(explain(tag, { patterns: [pattern], pullRequests: [closed(12)] })).toBe(`orphaned: ${reason}`);
    expect(explain(tag, { patterns: [pattern], pullRequests: [open(12)] })).toMatch(/^live/);
  });

  test("is not orphaned by another number", () => {
    expect(explain("pr123", { patterns: ["pr{pr}"], pullRequests: [closed(12)] })).toBe(UNMATCHED);
  });
});
