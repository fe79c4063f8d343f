import { describe, expect, test } from "vitest";
import type { PullRequest } from "../../src/refs/refs.ts";
import { closed, commitOf, explain, merged, open, refsOf, statusOf, UNMATCHED, type World } from "./fixtures.ts";

const DAY = 24 * 3_600_000;

describe("the first rule that applies decides", () => {
  const digest = "a".repeat(64);
  test.each<[string, string, World]>([
    ["latest", 'protected: protected by "latest"', { protect: "latest" }],
    ["main", 'protected: protected by "main"', { protect: "main" }],
    ["pr-12", 'protected: protected by "pr-12"', { protect: "pr-12", pullRequests: [closed(12)] }],
    [`sha256-${digest}`, `protected: protected by "sha256-${digest}"`, { protect: `sha256-${digest}` }],
    [
      `sha256-${digest}`,
      "referrer: referrer of sha256:aaaaaaaaaaaa",
      { refs: refsOf({ branches: [`sha256-${digest}`] }) },
    ],
    ["main", "live: branch main", {}],
    ["v1.2.3", "live: Git tag v1.2.3", { refs: refsOf({ tags: ["v1.2.3"] }) }],
    ["pr-12", "live: pull request #12 is open", { pullRequests: [open(12)] }],
    ["pr-12", "orphaned: pull request #12 was merged on 2026-11-02", { pullRequests: [merged(12)] }],
    ["pr-12", "orphaned: pull request #12 was closed on 2026-11-02", { pullRequests: [closed(12)] }],
    ["pr-12", "orphaned: pull request #12 was closed", { pullRequests: [closed(12, { closedAt: null })] }],
    ["sha-abc1234", "neutral: GitHub does not know commit abc1234", {}],
    ["anything", UNMATCHED, {}],
    [`pr-12-${"x".repeat(122)}`, "orphaned: pull request #12 was closed on 2026-11-02", { pullRequests: [closed(12)] }],
    [`pr-12-${"x".repeat(123)}`, UNMATCHED, { pullRequests: [closed(12)] }],
    ["main", "live: branch main", { pullRequests: [open(12, { headBranch: "main" })] }],
    ["MAIN", "live: branch main", { pullRequests: [open(12, { headBranch: "main" })] }],
  ])("%s is %s", (tag, expected, world) => {
    expect(explain(tag, world)).toBe(expected);
  });
});

describe("an orphaned tag names its evidence", () => {
  const closedAt = Date.UTC(2026, 10, 2, 23, 59);
  test.each<[string, PullRequest, object]>([
    ["pr-12-alpine", merged(12), { of: "pull request #12", merged: true, endedAt: closedAt, lastPush: null }],
    ["pr-12", closed(12), { of: "pull request #12", merged: false, endedAt: closedAt, lastPush: null }],
    ["topic-12", closed(12), { of: "pull request #12", merged: false, endedAt: closedAt, lastPush: closedAt + DAY }],
    ["topic-12", merged(12), { of: "pull request #12", merged: true, endedAt: closedAt, lastPush: closedAt + DAY }],
  ])("%s: %o gives %o", (tag, pullRequest, evidence) => {
    expect(statusOf(tag, { pullRequests: [pullRequest] })).toMatchObject({ status: "orphaned", ...evidence });
  });
});

describe("referrers follow their subject", () => {
  const hex = "0123456789abcdef".repeat(4);
  test.each([
    ["", "referrer"],
    [".sig", "signature"],
    [".att", "attestation"],
    [".sbom", "SBOM"],
    [".cosign", "referrer"],
    ["-nydus", "referrer"],
    [".0a1b2c.meta", "referrer"],
  ])("with the ending %j: %s", (ending, kind) => {
    expect(statusOf(`sha256-${hex}${ending}`)).toEqual({
      status: "referrer",
      subject: `sha256:${hex}`,
      reason: `${kind} of sha256:0123456789ab`,
    });
  });

  test.each([`sha256-${hex}0`, `sha256-${hex.slice(1)}`, `sha256-${hex.toUpperCase()}`, `x-sha256-${hex}`])(
    "%s is not a referrer",
    (tag) => {
      expect(statusOf(tag).status).toBe("unmatched");
    },
  );
});

describe("tags without evidence are unmatched", () => {
  test.each(["web-v1.2.3", "1.2.3", "v1.2.3", "20261121-030000", "20261121", "latest-alpine", "19283746551"])(
    "%s",
    (tag) => {
      const pullRequests = [closed(1), merged(2), closed(3, { headBranch: "web" })];
      const refs = refsOf({ branches: ["main"], tags: ["v2.0.0"] });
      expect(explain(tag, { pullRequests, refs })).toBe(UNMATCHED);
    },
  );
});

describe("commits", () => {
  const head = commitOf("head of 12");
  const merge = commitOf("merge of 12");
  const short = (commit: string): string => `sha-${commit.slice(0, 7)}`;
  const neutral = (commit: string): string => `neutral: GitHub does not know commit ${commit.slice(0, 7)}`;

  test.each<[string, string, string, PullRequest]>([
    ["head of an open pull request", short(head), "live: head commit of open pull request #12", open(12)],
    [
      "test merge of an open pull request",
      short(merge),
      "live: test merge of open pull request #12",
      open(12, { mergeCommit: merge }),
    ],
    [
      "head of a fork's open pull request",
      head,
      "live: head commit of open pull request #12",
      open(12, { fromFork: true }),
    ],
    ["head of a closed pull request, which main may contain", short(head), neutral(head), closed(12)],
    ["merge of a closed pull request", short(merge), neutral(merge), closed(12, { mergeCommit: merge })],
    ["head of a merged pull request", short(head), neutral(head), merged(12)],
    ["merge of a merged pull request", short(merge), neutral(merge), merged(12)],
    ["head of a closed pull request in upper case", short(head).toUpperCase(), UNMATCHED, closed(12)],
  ])("%s: %s is %s", (_, tag, expected, pullRequest) => {
    expect(explain(tag, { pullRequests: [pullRequest] })).toBe(expected);
  });

  test("decimal digits are a date or a build number, but may be a live commit", () => {
    expect(explain("20261121")).toBe(UNMATCHED);
    expect(explain("1234567")).toBe(UNMATCHED);
    const refs = { branches: [{ name: "x", commit: "20261121".padEnd(40, "a") }], tags: [] };
    expect(explain("20261121", { refs })).toBe("live: tip of branch x");
  });

  test("a SHA-256 commit is found by its first 40 digits", () => {
    const refs = { branches: [{ name: "x", commit: "c".repeat(64) }], tags: [] };
    expect(explain(`sha-${"c".repeat(40)}`, { refs })).toBe("live: tip of branch x");
  });
});
