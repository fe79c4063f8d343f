import { describe, expect, it } from "vitest";
import { createHttpClient } from "../../../src/http/client.ts";
import { findPullRequests } from "../../../src/refs/github/pull-requests.ts";
import type { OrphanedTags, PullRequest } from "../../../src/refs/refs.ts";
import { commitOf, pullRequest, type TestPullRequest } from "../../servers/github/server.ts";
import { closedOnes, DEFAULTS, eventOf, HOUR, lookupsOf, range, START, useGitHub } from "./fixture.ts";

const fixture = useGitHub();
const { add, find, operations } = fixture;

const byHeadBranch: OrphanedTags = ({ headBranch }) => [headBranch];

it("no lookups send no request", async () => {
  expect(await find({})).toEqual({ byNumber: new Map(), open: [], closed: [], failures: [] });
  expect(fixture.server.requests).toHaveLength(0);
});

it("no lookups read the open pull requests if images of unmatched tags may be deleted", async () => {
  add(pullRequest(1));
  expect((await find({}, { deletesUnmatched: true })).open).toMatchObject([{ number: 1 }]);
});

describe("a lookup by number", () => {
  const closedAt = START + 9 * HOUR;
  const cases: [string, TestPullRequest, Partial<PullRequest>][] = [
    ["open", pullRequest(1), { state: "open", closedAt: null, mergeCommit: commitOf("merge", 1), fromFork: false }],
    ["open, without a test merge yet", pullRequest(1, { mergeCommit: null }), { mergeCommit: null }],
    ["closed", pullRequest(1, { state: "closed", closedAt }), { state: "closed", closedAt, mergeCommit: null }],
    [
      "merged",
      pullRequest(1, { state: "merged", closedAt }),
      { state: "merged", closedAt, mergeCommit: commitOf("merge", 1) },
    ],
    ["from a fork", pullRequest(1, { head: "fork", headBranch: "main" }), { fromFork: true, headBranch: "main" }],
    ["from a deleted fork", pullRequest(1, { head: "deleted fork" }), { fromFork: true }],
  ];
  it.each(cases)("returns a pull request that is %s", async (_state, existing, expected) => {
    add(existing);
    const { byNumber, open, closed } = await find({ numbers: [1] });
    expect(byNumber.get(1)).toMatchObject({ number: 1, headCommit: commitOf("head", 1), ...expected });
    expect(open.map(({ number }) => number)).toEqual(existing.state === "open" ? [1] : []);
    expect(closed).toEqual([]);
    expect(operations().toSorted()).toEqual(["OpenPullRequests", "PullRequests"]);
  });

  it("returns `missing` for an issue and an unused number", async () => {
    add(pullRequest(1));
    fixture.repository.issues.add(2);
    const { byNumber } = await find({ numbers: [1, 2, 3] });
    expect([byNumber.get(2), byNumber.get(3)]).toEqual(["missing", "missing"]);
    expect(byNumber.get(1)).toMatchObject({ state: "open" });
  });

  it("returns `missing` for the largest number that a pull request can have", async () => {
    expect((await find({ numbers: [2 ** 31 - 1] })).byNumber.get(2 ** 31 - 1)).toBe("missing");
  });

  it.each([
    [100, 1],
    [101, 2],
    [250, 3],
  ])("of %i numbers sends %i requests", async (count, requests) => {
    const numbers = range(1, count);
    add(...closedOnes(count));
    const { byNumber } = await find({ numbers });
    const found = [...byNumber.values()].map((each) => (each === "missing" ? 0 : each.number));
    expect(found.sort((a, b) => a - b)).toEqual(numbers);
    expect(operations().toSorted()).toEqual(["OpenPullRequests", ...Array(requests).fill("PullRequests")]);
  });

  it("takes the event's pull request from the event", async () => {
    const { byNumber, closed } = await find({ numbers: [7] }, { event: eventOf({ number: 7, merged: true }) });
    expect(byNumber.get(7)).toMatchObject({ number: 7, state: "merged" });
    expect(closed).toEqual([]);
    expect(operations()).toEqual(["OpenPullRequests"]);
  });
});

describe("a lookup by head branch", () => {
  it("reads closed pull requests, the last updated first, until each tag is found", async () => {
    add(...closedOnes(250), pullRequest(251));
    const { closed } = await find({ branchTags: ["feature/120"] }, { orphanedTags: byHeadBranch });
    expect(closed.map(({ number }) => number)).toEqual(range(250, 51));
    expect(operations().toSorted()).toEqual(["ClosedPullRequests", "ClosedPullRequests", "OpenPullRequests"]);
  });

  // Number n was closed in hour n + 1, and the first page ends with number 251.
  it.each([
    ["less than a day before the oldest push", 263, 2],
    ["exactly a day before it", 276, 2],
    ["more than a day before it", 277, 1],
  ])("ends at a pull request that was closed %s", async (_when, hour, pages) => {
    add(...closedOnes(350));
    const oldestPush = START + hour * HOUR;
    const { closed } = await find({ branchTags: ["gone"], oldestPush }, { orphanedTags: byHeadBranch });
    expect(closed).toHaveLength(pages * 100);
    expect(operations().toSorted()).toEqual([...Array(pages).fill("ClosedPullRequests"), "OpenPullRequests"]);
  });

  it("ends at the last page if a push time is unknown", async () => {
    add(...closedOnes(350));
    const { closed, open } = await find({ branchTags: ["gone"] }, { orphanedTags: byHeadBranch });
    expect(closed).toHaveLength(350);
    expect(open).toEqual([]);
    expect(fixture.server.requests).toHaveLength(5);
  });

  it("finds a pull request behind others that were updated long after they were closed", async () => {
    const old = closedOnes(150).map((each) => ({ ...each, updatedAt: START + 1_000 * HOUR + each.number * 1_000 }));
    add(...old, pullRequest(900, { state: "closed", headBranch: "wanted" }));
    const oldestPush = START + 899 * HOUR;
    const { closed } = await find({ branchTags: ["wanted"], oldestPush }, { orphanedTags: byHeadBranch });
    expect(closed.map(({ number }) => number)).toContain(900);
    expect(closed).toHaveLength(151);
  });

  it("does not read closed pull requests if the event's has the branch", async () => {
    const event = eventOf({ number: 7, headBranch: "feature/7" });
    const { closed } = await find({ branchTags: ["feature/7"] }, { event, orphanedTags: byHeadBranch });
    expect(closed).toMatchObject([{ number: 7, headBranch: "feature/7", state: "closed" }]);
    expect(operations()).toEqual(["OpenPullRequests"]);
  });

  it("reads open pull requests too, because one may have the same branch", async () => {
    add(pullRequest(12, { state: "closed", headBranch: "patch-1" }), ...closedOnes(150, 1_000));
    add(pullRequest(40, { head: "fork", headBranch: "patch-1" }));
    const lookups = { numbers: [12], branchTags: ["patch-1"], oldestPush: START + 2_000 * HOUR };
    const { byNumber, open, closed } = await find(lookups, { orphanedTags: byHeadBranch });
    expect(byNumber.get(12)).toMatchObject({ state: "closed", headBranch: "patch-1" });
    expect(closed.map(({ number }) => number)).not.toContain(12);
    expect(open.map(({ number }) => number)).toEqual([40]);
  });

  it("reads a list to its end, each entry once, although it changes between pages", async () => {
    add(...closedOnes(250));
    fixture.server.inject((_request, ordinal) => {
      // The first two requests are for the closed and the open pull requests.
      if (ordinal === 3) add(pullRequest(10, { state: "closed", updatedAt: START + 1_000 * HOUR }), pullRequest(300));
      return null;
    });
    const { closed } = await find({ branchTags: ["gone"] }, { orphanedTags: byHeadBranch });
    const numbers = closed.map(({ number }) => number);
    // 10 moved to the first page while the second one was read, so its image is kept in this run.
    expect(numbers).toEqual(range(250, 1).filter((number) => number !== 10));
  });
});

describe("all lookups together", () => {
  it("send a request for each 100 numbers and each page", async () => {
    add(...range(1, 150).map((number) => pullRequest(number)), ...closedOnes(150, 1_000));
    await find({ numbers: range(950, 1_099), branchTags: ["gone"], commits: ["0123456"] });
    expect(operations().toSorted()).toEqual([
      "ClosedPullRequests",
      "ClosedPullRequests",
      "OpenPullRequests",
      "OpenPullRequests",
      "PullRequests",
      "PullRequests",
    ]);
  });

  it("end with `interrupted` if the job was cancelled", async () => {
    const cancelled = createHttpClient({ clock: fixture.clock, concurrency: 4, signal: AbortSignal.abort() });
    const lookups = lookupsOf({ numbers: [1] });
    const work = findPullRequests(cancelled, fixture.settings(), lookups, DEFAULTS);
    await expect(work).rejects.toMatchObject({ name: "HttpError", code: "interrupted" });
    await cancelled.close();
    expect(fixture.server.requests).toHaveLength(0);
  });

  it("use the GraphQL address of GitHub Enterprise Server, and ignore the case of the repository's name", async () => {
    await fixture.restart({ layout: "enterprise" });
    add(pullRequest(1));
    const github = { ...fixture.settings(), repository: "OCTO/Web" };
    const lookups = lookupsOf({ numbers: [1] });
    const { byNumber } = await findPullRequests(fixture.http, github, lookups, DEFAULTS);
    expect(byNumber.get(1)).toMatchObject({ number: 1 });
    const requests = fixture.server.requests.map(({ method, path }) => `${method} ${path}`);
    expect(requests).toEqual(Array(2).fill("POST /api/graphql"));
  });
});
