import { describe, expect, test } from "vitest";
import type { PullRequest } from "../../src/refs/refs.ts";
import { closed, commitOf, explain, merged, open, refsOf, UNMATCHED } from "./fixtures.ts";

describe("a live ref wins over a gone one", () => {
  test("if another slug of the live branch is spelled like the gone one", () => {
    const world = {
      refs: refsOf({ branches: ["feature/foo"] }),
      pullRequests: [closed(1, { headBranch: "feature-foo" })],
    };
    expect(explain("feature-foo", world)).toBe("live: branch feature/foo");
  });

  test("if a live branch is called pr-2-x and pull request #2 was merged", () => {
    const world = { refs: refsOf({ branches: ["pr-2-x"] }), pullRequests: [merged(2)] };
    expect(explain("pr-2-x", world)).toBe("live: branch pr-2-x");
    expect(explain("pr-2-y", world)).toBe("orphaned: pull request #2 was merged on 2026-11-02");
  });

  test("if several branches give the same tag", () => {
    const world = {
      refs: refsOf({ branches: ["a+b"] }),
      pullRequests: [closed(1, { headBranch: "a/b" }), merged(2, { headBranch: "a-b" })],
    };
    expect(explain("a-b", world)).toBe("live: branch a+b");
    expect(explain("A-B", world)).toBe("live: branch a+b");
  });

  test("if two commits begin alike", () => {
    const tip = commitOf("main");
    const other = tip.slice(0, 7) + "0".repeat(33);
    const pullRequests = [closed(3, { headCommit: other })];
    expect(explain(`sha-${tip.slice(0, 7)}`, { pullRequests })).toBe("live: tip of branch main");
  });

  test("if the branch exists again", () => {
    const world = { refs: refsOf({ branches: ["topic-5"] }), pullRequests: [closed(5)] };
    expect(explain("topic-5", world)).toBe("live: branch topic-5");
  });
});

describe("a tag that may belong to a live ref is unmatched", () => {
  const branchPr12 = refsOf({ branches: ["pr-12"] });

  test("if it begins with a live branch's name, although no pattern says so", () => {
    const world = { refs: branchPr12, pullRequests: [closed(12)] };
    expect(explain("pr-12-arm64", world)).toBe(UNMATCHED);
    expect(explain("pr-12", world)).toBe("live: branch pr-12");
  });

  test("if it begins with the name of an open pull request's branch", () => {
    const pullRequests = [closed(12), open(40, { headBranch: "pr-12-fix", fromFork: true })];
    expect(explain("pr-12-fix-arm64", { pullRequests })).toBe(UNMATCHED);
    expect(explain("pr-12-other", { pullRequests })).toBe(UNMATCHED);
    expect(explain("pr-13-fixes", { pullRequests: [closed(13), ...pullRequests] })).toMatch(/^orphaned/);
  });

  test("but not if the live name ends before the gone one, or inside a word", () => {
    const pullRequests = [closed(12)];
    expect(explain("pr-12-arm64", { refs: refsOf({ branches: ["pr"] }), pullRequests })).toMatch(/^orphaned/);
    expect(explain("pr-12-arm64", { refs: refsOf({ branches: ["pr-12-a"] }), pullRequests })).toMatch(/^orphaned/);
  });

  test("if one reading is live and another one orphaned", () => {
    const world = { patterns: ["{branch}*-{sha}"], pullRequests: [closed(1, { headBranch: "main-x" })] };
    expect(explain("main-x-abc1234", world)).toBe(UNMATCHED);
  });

  test("if another pattern finds a live ref in what looks like a commit", () => {
    expect(explain("main-abc1234", { patterns: ["*-{sha}", "{branch}-{sha}"] })).toBe(UNMATCHED);
    expect(explain("x-abc1234", { patterns: ["*-{sha}", "{branch}-{sha}"] })).toMatch(/^neutral/);
  });
});

describe("several placeholders", () => {
  const tip = commitOf("main").slice(0, 7);
  const unknown = commitOf("head of 12").slice(0, 7);
  const patterns = ["{branch}-{sha}", "{branch}-pr-{pr}", "pr-{pr}-{sha}", "{branch}_{branch}"];
  const branchGone = "orphaned: branch topic-12 of pull request #12 (closed on 2026-11-02) was deleted";
  test.each<[string, string, readonly PullRequest[]]>([
    [`main-${tip}`, "live: branch main, tip of branch main", []],
    ["main_main", "live: branch main", []],
    ["main-abc1234", UNMATCHED, []],
    [`main-${unknown}`, UNMATCHED, [closed(12)]],
    [`topic-12-${unknown}`, branchGone, [closed(12)]],
    [`topic-12-${tip}`, "live: tip of branch main", [closed(12)]],
    [`other-${unknown}`, UNMATCHED, [closed(12)]],
    ["main-pr-12", UNMATCHED, [closed(12)]],
    ["main-pr-12", "live: branch main, pull request #12 is open", [open(12)]],
    ["other-pr-12", "orphaned: pull request #12 was closed on 2026-11-02", [closed(12)]],
    ["other-pr-12", UNMATCHED, [open(12)]],
    ["pr-12-abc1234", UNMATCHED, [open(12)]],
    ["pr-12-abc1234", "orphaned: pull request #12 was merged on 2026-11-02", [merged(12)]],
    [`pr-12-${tip}`, "live: tip of branch main", [merged(12)]],
  ])("%s is %s", (tag, expected, pullRequests) => {
    expect(explain(tag, { patterns, pullRequests })).toBe(expected);
  });
});
