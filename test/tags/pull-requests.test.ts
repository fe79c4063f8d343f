import { describe, expect, test } from "vitest";
import type { PullRequest } from "../../src/refs/refs.ts";
import { closed, commitOf, explain, merged, open, refsOf, statusOf, UNMATCHED } from "./fixtures.ts";

describe("a pull request's number", () => {
  test("is followed by no digit, so pr-2 never matches pr-267", () => {
    expect(explain("pr-267", { pullRequests: [closed(2), closed(26)] })).toBe(UNMATCHED);
    expect(explain("pr-267-alpine", { pullRequests: [closed(2), closed(26)] })).toBe(UNMATCHED);
    expect(explain("pr-267", { pullRequests: [closed(2), open(267)] })).toBe("live: pull request #267 is open");
    const pullRequests = [closed(2), open(267)];
    expect(explain("pr-2", { pullRequests })).toBe("orphaned: pull request #2 was closed on 2026-11-02");
  });

  test("is followed by no digit in pr{pr} either", () => {
    const world = { pullRequests: [closed(2)], patterns: ["pr{pr}", "pr{pr}*"] };
    expect(explain("pr2", { pullRequests: [closed(2)] })).toBe(UNMATCHED);
    expect(explain("pr267", world)).toBe(UNMATCHED);
    expect(explain("pr2x", world)).toMatch(/^orphaned/);
    expect(explain("12-x", { ...world, patterns: ["*{pr}-x"] })).toBe(UNMATCHED);
  });

  test.each(["pr-12", "pr-12-alpine", "pr-12-head", "pr-12-", "PR-12"])("keeps %s while it is open", (tag) => {
    expect(explain(tag, { pullRequests: [open(12)] })).toBe("live: pull request #12 is open");
  });

  test.each(["pr-12", "pr-12-alpine", "pr-12-head", "pr-12-linux-amd64"])("orphans %s once it is closed", (tag) => {
    expect(explain(tag, { pullRequests: [closed(12)] })).toBe("orphaned: pull request #12 was closed on 2026-11-02");
  });

  test.each(["pr-012", "pr-12x", "pr-0", "pr-", "pr--12", "PR-12", "Pr-12-alpine", "feature-pr-12", "pr-99999999999"])(
    "of a closed pull request #12 does not orphan %s",
    (tag) => {
      expect(statusOf(tag, { pullRequests: [closed(12)] }).status).toBe("unmatched");
    },
  );

  test("that does not exist, or was not looked up, proves nothing", () => {
    expect(explain("pr-12", { lists: { byNumber: new Map([[12, "missing"]]) } })).toBe(UNMATCHED);
    expect(explain("pr-12")).toBe(UNMATCHED);
  });

  test("is live if any list has it open", () => {
    expect(explain("pr-12", { lists: { byNumber: new Map([[12, closed(12)]]), open: [open(12)] } })).toMatch(/^live/);
    expect(explain("pr-12", { lists: { byNumber: new Map([[12, open(12)]]), closed: [closed(12)] } })).toMatch(/^live/);
  });

  test("is found in a merge queue's tag", () => {
    const branch = `gh-readonly-queue/main/pr-104-${commitOf("queue")}`;
    const tag = `gh-readonly-queue-main-pr-104-${commitOf("queue")}`;
    expect(explain(tag, { pullRequests: [merged(104)] })).toBe("orphaned: pull request #104 was merged on 2026-11-02");
    expect(explain(tag, { pullRequests: [open(104)] })).toBe(UNMATCHED);
    expect(explain(tag, { pullRequests: [merged(104)], refs: refsOf({ branches: [branch] }) })).toMatch(/^live/);
    const nested = `gh-readonly-queue-pr-2-x-pr-104-${commitOf("queue")}`;
    expect(statusOf(nested, { pullRequests: [closed(2)] }).status).toBe("unmatched");
  });
});

describe("a deleted branch", () => {
  test.each<[string, string, PullRequest]>([
    [
      "feature-x",
      "orphaned: branch feature/x of pull request #12 (closed on 2026-11-02) was deleted",
      closed(12, { headBranch: "feature/x" }),
    ],
    [
      "feature-x",
      "orphaned: branch feature/x of pull request #12 (merged on 2026-11-02) was deleted",
      merged(12, { headBranch: "feature/x" }),
    ],
    [
      "feature-x",
      "orphaned: branch Feature/X of pull request #12 (closed on 2026-11-02) was deleted",
      closed(12, { headBranch: "Feature/X" }),
    ],
    ["feature-x", UNMATCHED, closed(12, { headBranch: "feature/x", closedAt: null })],
    ["FEATURE-X", UNMATCHED, closed(12, { headBranch: "feature/x" })],
    ["feature-x", UNMATCHED, closed(12, { headBranch: "feature/x", fromFork: true })],
    ["feature-x", "live: head branch feature/x of open pull request #12", open(12, { headBranch: "feature/x" })],
    ["feature-xy", UNMATCHED, closed(12, { headBranch: "feature/x" })],
  ])("%s is %s", (tag, expected, pullRequest) => {
    expect(explain(tag, { pullRequests: [pullRequest] })).toBe(expected);
  });

  test("of a fork orphans nothing, whether this repository has such a branch or not", () => {
    const pullRequests = [closed(7, { headBranch: "main", fromFork: true })];
    expect(explain("main", { pullRequests })).toBe("live: branch main");
    expect(explain("main", { pullRequests, refs: refsOf({ branches: ["trunk"] }) })).toBe(UNMATCHED);
  });

  test("orphans nothing while a fork's open pull request has a branch of that name", () => {
    const pullRequests = [closed(7, { headBranch: "patch-1" }), open(8, { headBranch: "patch-1", fromFork: true })];
    expect(explain("patch-1", { pullRequests })).toBe("live: head branch patch-1 of open pull request #8");
  });

  test("is reported with the pull request that was closed last", () => {
    const pullRequests = [
      closed(3, { headBranch: "x", closedAt: 1 }),
      closed(9, { headBranch: "x", closedAt: 3 }),
      closed(5, { headBranch: "x", closedAt: 2 }),
    ];
    expect(statusOf("x", { pullRequests })).toMatchObject({ status: "orphaned", of: "pull request #9" });
  });

  test("is reported only if the tag names no number", () => {
    const pullRequests = [closed(50, { headBranch: "pr-12" }), closed(12)];
    expect(statusOf("pr-12", { pullRequests })).toMatchObject({ status: "orphaned", of: "pull request #12" });
    const [branch] = pullRequests;
    expect(statusOf("pr-12", { pullRequests: branch ? [branch] : [] })).toMatchObject({ of: "pull request #50" });
  });

  test("with the longest name is reported", () => {
    const pullRequests = [closed(1, { headBranch: "fix" }), closed(2, { headBranch: "fix/login" })];
    for (const pattern of ["{branch}*", "*{branch}*"]) {
      expect(statusOf("fix-login-alpine", { pullRequests, patterns: [pattern] })).toMatchObject({
        of: "pull request #2",
      });
    }
  });

  test("before a * ends at a word boundary", () => {
    const world = { patterns: ["{branch}*"], pullRequests: [closed(1, { headBranch: "fix" })] };
    expect(explain("fix-alpine", world)).toMatch(/^orphaned/);
    expect(explain("fixture", world)).toBe(UNMATCHED);
    expect(explain("fix2", world)).toBe(UNMATCHED);
  });

  test("after a * begins at a word boundary", () => {
    const world = { patterns: ["*{branch}"], pullRequests: [closed(1, { headBranch: "fix" })] };
    expect(explain("web-fix", world)).toMatch(/^orphaned/);
    expect(explain("prefix", world)).toBe(UNMATCHED);
  });
});
