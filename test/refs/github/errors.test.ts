import { describe, expect, it } from "vitest";
import { pullRequest } from "../../servers/github/server.ts";
import { refuse, type ServerFault } from "../../servers/http-server.ts";
import { json, page, TOKEN, useGitHub } from "./fixture.ts";

const fixture = useGitHub();
const { add, find, operations } = fixture;

describe("an incomplete response is an error", () => {
  const field = (value: unknown, errors?: unknown) => json({ data: { repository: { p1: value } }, errors });
  const node = {
    number: 1,
    state: "OPEN",
    createdAt: "2026-01-01T00:00:00Z",
    closedAt: null,
    updatedAt: "2026-01-01T00:00:00Z",
    baseRefName: "main",
    headRefName: "x",
    headRefOid: "a".repeat(40),
    isCrossRepository: false,
    headRepository: { id: "R" },
    mergeCommit: null,
    potentialMergeCommit: null,
  };
  const path = ["repository", "p1"];
  const html = {
    kind: "reply",
    reply: { status: 200, headers: { "content-type": "text/html" }, body: "<html>" },
  } as const;
  const cases: [string, ServerFault, "listing" | "permission", string][] = [
    [
      "an error of the query",
      field(null, [{ message: "Field 'x' doesn't exist", extensions: { code: "undefinedField" } }]),
      "listing",
      "Field 'x'",
    ],
    [
      "another missing field",
      field(node, [{ type: "NOT_FOUND", message: "x", path: [...path, "mergeCommit"] }]),
      "listing",
      "x",
    ],
    ["another number", field({ ...node, number: 2 }), "listing", "instead of #1"],
    ["closed without a time", field({ ...node, state: "CLOSED" }), "listing", "without `closedAt`"],
    ["an invalid commit", field({ ...node, headRefOid: "abc" }), "listing", "headRefOid"],
    ["an unknown state", field({ ...node, state: "DRAFT" }), "listing", "state"],
    ["400 without an error", refuse(400, {}, { message: "Problems parsing JSON" }), "listing", "returned 400"],
    ["no repository", json({ data: { repository: null } }), "listing", "the Git repository does not exist"],
    ["neither data nor errors", json({}), "listing", "the Git repository does not exist"],
    ["HTML", html, "listing", "did not return JSON"],
    ["an empty body", { kind: "empty body" }, "listing", "did not return JSON"],
    ["404", refuse(404, {}, { message: "Not Found" }), "listing", "404"],
    ["401", refuse(401, {}, { message: "Bad credentials" }), "permission", "Bad credentials"],
    ["403", refuse(403, {}, { message: "Resource not accessible" }), "permission", "Resource not accessible"],
    [
      "FORBIDDEN",
      field(null, [{ type: "FORBIDDEN", message: "not accessible", path }]),
      "permission",
      "not accessible",
    ],
    [
      "INSUFFICIENT_SCOPES",
      json({ errors: [{ type: "INSUFFICIENT_SCOPES", message: "read:org" }] }),
      "permission",
      "read:org",
    ],
  ];
  it.each(cases)("%s", async (_response, fault, kind, text) => {
    fixture.server.inject(() => fault);
    const error = await fixture.fault({ numbers: [1] });
    expect([error.kind, error.message]).toEqual([kind, expect.stringContaining(text)]);
    expect(error.message).toContain("octo/web");
    if (kind === "permission") {
      expect(error.remedy).toContain("`github-token`");
      expect(error.remedy).toContain("`pull-requests: read`");
    }
    expect(operations().filter((name) => name === "PullRequests").length).toBeLessThanOrEqual(1);
  });

  it.each([
    ["OPEN", "c"],
    ["MERGED", "b"],
    ["CLOSED", null],
  ])("of the two merge commits of a pull request that is %s, the right one is used", async (state, digit) => {
    const commits = { mergeCommit: { oid: "b".repeat(40) }, potentialMergeCommit: { oid: "c".repeat(40) } };
    const closedAt = state === "OPEN" ? null : node.updatedAt;
    fixture.server.inject([field({ ...node, ...commits, state, closedAt })]);
    const mergeCommit = digit?.repeat(40) ?? null;
    expect((await find({ numbers: [1] })).byNumber.get(1)).toMatchObject({ mergeCommit });
  });

  it("a fork without access is only a fork", async () => {
    const errors = [{ type: "FORBIDDEN", message: "SAML", path: [...path, "headRepository"] }];
    fixture.server.inject([field({ ...node, headRepository: null }, errors)]);
    expect((await find({ numbers: [1] })).byNumber.get(1)).toMatchObject({ fromFork: true });
  });

  it("a token without the permission", async () => {
    fixture.server.state.permission = "none";
    for (const lookups of [{ numbers: [1] }, { commits: ["0123456"] }, { branchTags: ["x"] }]) {
      expect((await fixture.fault(lookups)).kind).toBe("permission");
    }
  });

  it("a repository that does not exist", async () => {
    fixture.server.state.repositories.clear();
    const error = await fixture.fault({ numbers: [1] });
    expect(error.kind).toBe("listing");
    expect(error.remedy).toContain("`git-repository`");
  });

  it.each([null, "same"])("a page without the cursor of the next one (%s)", async (endCursor) => {
    const more = { hasNextPage: true, endCursor };
    fixture.server.inject(() => json({ data: { repository: { pullRequests: page([], { pageInfo: more }) } } }));
    expect((await fixture.fault({ branchTags: ["gone"] })).message).toContain("without the cursor");
  });

  it("and never shows the token", async () => {
    fixture.server.inject(() => json({ errors: [{ message: `bad token ${TOKEN}` }] }));
    expect((await fixture.fault({ numbers: [1] })).message).not.toContain(TOKEN);
  });
});

describe("a rate limit", () => {
  const limited = (headers: Record<string, string>, type = "RATE_LIMITED"): ServerFault => ({
    kind: "reply",
    reply: { status: 200, headers, body: { errors: [{ type, message: "API rate limit exceeded" }] } },
  });
  const usedUp = () => ({
    "x-ratelimit-limit": "1000",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": String(Math.ceil(fixture.clock.now() / 1_000) + 100),
  });

  it.each(["RATE_LIMITED", "RATE_LIMIT"])("%s in a 200 delays the query until the reset", async (type) => {
    add(pullRequest(1));
    fixture.server.inject([limited(usedUp(), type)]);
    const before = fixture.clock.now();
    expect((await find({ numbers: [1] })).byNumber.get(1)).toMatchObject({ state: "open" });
    expect(fixture.server.requests).toHaveLength(3);
    expect(fixture.clock.now() - before).toBeGreaterThanOrEqual(100_000);
  });

  it("that does not end is an error", async () => {
    fixture.server.inject(() => limited(usedUp()));
    const error = await fixture.fault({ commits: ["0123456"] });
    expect([error.kind, error.message]).toEqual(["listing", expect.stringContaining("rate limit")]);
    // It waits for 5 minutes at most.
    expect(fixture.server.requests).toHaveLength(4);
  });

  it.each([
    ["without its reset", limited({})],
    ["of behavior in a 200", json({ errors: [{ message: "You have exceeded a secondary rate limit." }] })],
  ])("%s delays the query for longer and longer", async (_limit, fault) => {
    fixture.server.inject([fault, fault, fault]);
    expect((await find({ commits: ["0123456"] })).open).toEqual([]);
    expect(fixture.server.requests).toHaveLength(4);
    expect(fixture.clock.sleeps.every((ms, index, all) => ms > (all[index - 1] ?? 900))).toBe(true);
  });

  it("with 403 does not blame the token", async () => {
    const headers = { "retry-after": "1" };
    fixture.server.inject(() => refuse(403, headers, { message: "You have exceeded a secondary rate limit" }));
    expect((await fixture.fault({ numbers: [1] })).kind).toBe("listing");
  });
});
