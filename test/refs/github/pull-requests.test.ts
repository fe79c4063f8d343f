import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Fault } from "../../../src/fault.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import type { HttpClient } from "../../../src/http/http.ts";
import { answerQuestions, type DeadByBranch, openedSince } from "../../../src/refs/github/pull-requests.ts";
import type { PullRequest, PullRequestQuestions, PullRequests } from "../../../src/refs/refs.ts";
import type { ClosedPullRequestEvent, Settings } from "../../../src/settings.ts";
import { createFakeClock, type FakeClock } from "../../servers/fake-clock.ts";
import {
  commitOf,
  type GitHubServer,
  type PlayedPullRequest,
  pullRequest,
  serveGitHub,
} from "../../servers/github/server.ts";
import { refuse, type ServerFault } from "../../servers/http-server.ts";

const TOKEN = "ghs_secret";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);

let clock: FakeClock;
let http: HttpClient;
let server: GitHubServer;

beforeEach(async () => {
  clock = createFakeClock();
  http = createHttpClient({ clock, concurrency: 4 });
  await serveAgain({});
});

afterEach(async () => {
  await server.close();
  await http.close();
});

describe("nothing to ask", () => {
  it("asks nothing", async () => {
    expect(await answer({})).toEqual({ byNumber: new Map(), open: [], closed: [] });
    expect(server.requests).toHaveLength(0);
  });
});

describe("numbers", () => {
  const closedAt = START + 9 * HOUR;
  const known: [string, PlayedPullRequest, Partial<PullRequest>][] = [
    ["open", pullRequest(1), { state: "open", closedAt: null, mergeCommit: commitOf("merge", 1), fromFork: false }],
    ["open, its merge commit still computed", pullRequest(1, { mergeCommit: null }), { mergeCommit: null }],
    ["closed", pullRequest(1, { state: "closed", closedAt }), { state: "closed", closedAt, mergeCommit: null }],
    [
      "merged",
      pullRequest(1, { state: "merged", closedAt }),
      { state: "merged", closedAt, mergeCommit: commitOf("merge", 1) },
    ],
    ["of a fork", pullRequest(1, { head: "fork", headBranch: "main" }), { fromFork: true, headBranch: "main" }],
    ["of a fork that is gone", pullRequest(1, { head: "deleted fork" }), { fromFork: true }],
  ];
  it.each(known)("one that is %s", async (_state, played, told) => {
    play(played);
    const { byNumber, open, closed } = await answer({ numbers: [1] });
    expect(byNumber.get(1)).toMatchObject({ number: 1, headCommit: commitOf("head", 1), ...told });
    expect([open, closed]).toEqual([[], []]);
    expect(server.requests).toHaveLength(1);
  });

  it("one of an issue, and one of nothing, are missing beside one that is not", async () => {
    play(pullRequest(1));
    repository().issues.add(2);
    const { byNumber } = await answer({ numbers: [1, 2, 3] });
    expect([byNumber.get(2), byNumber.get(3)]).toEqual(["missing", "missing"]);
    expect(byNumber.get(1)).toMatchObject({ state: "open" });
  });

  it("those that can be no pull request's are missing without being asked for", async () => {
    const { byNumber } = await answer({ numbers: [0, 2 ** 31, 20261121030000, Number.MAX_SAFE_INTEGER] });
    expect([...byNumber.values()]).toEqual(["missing", "missing", "missing", "missing"]);
    expect(server.requests).toHaveLength(0);
    expect((await answer({ numbers: [2 ** 31 - 1] })).byNumber.get(2 ** 31 - 1)).toBe("missing");
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [100, 1],
    [101, 2],
    [250, 3],
  ])("%i of them take %i requests", async (count, requests) => {
    const numbers = Array.from({ length: count }, (_, at) => at + 1);
    play(...numbers.map((number) => pullRequest(number)));
    const { byNumber } = await answer({ numbers });
    expect([...byNumber.values()].map((each) => (each === "missing" ? each : each.number)).sort(ascending)).toEqual(
      numbers,
    );
    expect(server.requests).toHaveLength(requests);
  });

  it("the event's own is taken from the event", async () => {
    const { byNumber, closed } = await answer({ numbers: [7] }, { known: event({ number: 7, merged: true }) });
    expect(byNumber.get(7)).toMatchObject({ number: 7, state: "merged" });
    expect(closed).toEqual([]);
    expect(server.requests).toHaveLength(0);
  });
});

describe("head branches", () => {
  it("are looked for in closed pull requests, the last touched first, until each is found", async () => {
    play(...closedOnes(250), pullRequest(251));
    const { closed } = await answer({ branchTags: ["feature/120"] }, { answers: byHeadBranch });
    expect(closed.map(({ number }) => number)).toEqual(countDown(250, 51));
    // Two pages, and the open ones, as what speaks for life comes before what speaks for death.
    expect(operations().toSorted()).toEqual(["ClosedPullRequests", "ClosedPullRequests", "OpenPullRequests"]);
  });

  // Number n was closed in the hour n + 1, and the first page goes down to 251.
  it.each([
    ["a day before the oldest push and less", 263, 2],
    ["a day before it to the hour", 276, 2],
    ["more than a day before it", 277, 1],
  ])("that no one has end where pull requests were closed: %s", async (_when, hour, pages) => {
    play(...closedOnes(350));
    const oldestPush = START + hour * HOUR;
    const { closed } = await answer({ branchTags: ["gone"], oldestPush }, { answers: byHeadBranch });
    expect(closed).toHaveLength(pages * 100);
    expect(operations().toSorted()).toEqual([...Array(pages).fill("ClosedPullRequests"), "OpenPullRequests"]);
  });

  it("have no end before the last page when a push is of an unknown time", async () => {
    play(...closedOnes(350));
    const { closed, open } = await answer({ branchTags: ["gone"] }, { answers: byHeadBranch });
    expect(closed).toHaveLength(350);
    expect(open).toEqual([]);
    expect(server.requests).toHaveLength(5);
  });

  it("a pull request that was touched long after it was closed does not hide others", async () => {
    const old = closedOnes(150).map((each) => ({ ...each, updatedAt: START + 1_000 * HOUR + each.number * 1_000 }));
    play(...old, pullRequest(900, { state: "closed", headBranch: "wanted" }));
    const oldestPush = START + 899 * HOUR;
    const { closed } = await answer({ branchTags: ["wanted"], oldestPush }, { answers: byHeadBranch });
    // 900 was touched before the other 150, and closed after them: newest first means by its closing.
    expect(closed[0]).toMatchObject({ number: 900 });
    expect(closed).toHaveLength(151);
  });

  it("of the event's own need no search", async () => {
    const known = event({ number: 7, headBranch: "feature/7" });
    const { closed } = await answer({ branchTags: ["feature/7"] }, { known, answers: byHeadBranch });
    expect(closed).toMatchObject([{ number: 7, headBranch: "feature/7", state: "closed" }]);
    expect(operations()).toEqual(["OpenPullRequests"]);
  });

  it("of one that was asked for by its number, and closed long before, have the open ones heard as well", async () => {
    play(pullRequest(12, { state: "closed", headBranch: "patch-1" }), ...closedOnes(150, 1_000));
    play(pullRequest(40, { head: "fork", headBranch: "patch-1" }));
    const questions = { numbers: [12], branchTags: ["patch-1"], oldestPush: START + 2_000 * HOUR };
    const { byNumber, open, closed } = await answer(questions, { answers: byHeadBranch });
    expect(byNumber.get(12)).toMatchObject({ state: "closed", headBranch: "patch-1" });
    expect(closed.map(({ number }) => number)).not.toContain(12);
    expect(open.map(({ number }) => number)).toEqual([40]);
  });

  it("a list that moves between its pages is read to its end, each entry once", async () => {
    play(...closedOnes(250));
    server.inject((_request, ordinal) => {
      // The first of the closed ones and all open ones are asked for side by side.
      if (ordinal === 3) play(pullRequest(10, { state: "closed", updatedAt: START + 1_000 * HOUR }), pullRequest(300));
      return null;
    });
    const { closed } = await answer({ branchTags: ["gone"] }, { answers: byHeadBranch });
    const numbers = closed.map(({ number }) => number);
    // 10 went to the front while the second page was asked for: its image stays this time.
    expect(numbers).toEqual(countDown(250, 1).filter((number) => number !== 10));
  });
});

describe("commits", () => {
  it("are looked for in all open pull requests, and no further when these have them", async () => {
    const numbers = Array.from({ length: 230 }, (_, at) => at + 1);
    play(...numbers.map((number) => pullRequest(number)), ...closedOnes(20, 1_000));
    const commits = [commitOf("head", 9), commitOf("merge", 200).slice(0, 40)];
    const { open, closed } = await answer({ commits });
    expect(open.map(({ number }) => number)).toEqual(numbers);
    expect(closed).toEqual([]);
    expect(operations()).toEqual(["OpenPullRequests", "OpenPullRequests", "OpenPullRequests"]);
  });

  it("that no open one has are looked for no further: a closed one proves nothing", async () => {
    play(pullRequest(1), pullRequest(2, { state: "merged" }), pullRequest(3, { state: "closed" }));
    const { open, closed } = await answer({ commits: ["0123456"] });
    expect(open.map(({ number }) => number)).toEqual([1]);
    expect(closed).toEqual([]);
    expect(operations()).toEqual(["OpenPullRequests"]);
  });

  it("one that is reopened behind the reader has the open ones read again", async () => {
    play(...Array.from({ length: 150 }, (_, at) => pullRequest(at + 1)));
    play(pullRequest(3, { state: "closed" }));
    server.inject((_request, ordinal) => {
      if (ordinal === 2) play(pullRequest(3));
      return null;
    });
    const { open } = await answer({ commits: [commitOf("head", 3)] });
    expect(open.map(({ number }) => number)).toContain(3);
    expect(server.requests).toHaveLength(4);
  });

  it("one that is closed and one that is opened while they are read hide no other", async () => {
    play(...Array.from({ length: 150 }, (_, at) => pullRequest(at + 1)));
    server.inject((_request, ordinal) => {
      if (ordinal === 2) play(pullRequest(3, { state: "closed" }), pullRequest(151));
      return null;
    });
    const { open } = await answer({ commits: [commitOf("head", 151)] });
    expect(open.map(({ number }) => number)).toEqual(Array.from({ length: 151 }, (_, at) => at + 1));
    expect(server.requests).toHaveLength(2);
  });

  it("a list that stays shorter than its own count is an error", async () => {
    server.inject(() => json({ data: { repository: { pullRequests: page([], { totalCount: 1 }) } } }));
    const fault = await failing({ commits: ["0123456"] });
    expect(fault.kind).toBe("listing");
    expect(fault.message).toContain("1 short of its own count");
    expect(server.requests).toHaveLength(3);
  });
});

describe("opened since", () => {
  const since = START + 100 * HOUR;

  it("asks once, and tells those that were opened again", async () => {
    play(
      pullRequest(1),
      pullRequest(2, { updatedAt: since + 1_000 }),
      pullRequest(3, { state: "closed", updatedAt: since + 2_000 }),
    );
    const opened = await openedSince(http, settings(), since);
    expect(opened.map(({ number }) => number)).toContain(2);
    expect(opened.map(({ number }) => number)).not.toContain(3);
    expect(server.requests).toHaveLength(1);
  });

  it("counts with clocks that differ by up to an hour", async () => {
    const touched = (number: number): number => (number < 100 ? since + HOUR : since - number * 20_000);
    play(...Array.from({ length: 101 }, (_, at) => pullRequest(at + 1, { updatedAt: touched(at + 1) })));
    const opened = await openedSince(http, settings(), since);
    expect(opened.map(({ number }) => number)).toContain(101);
  });

  it("reads on as long as they are younger, and looks at the first page again for what moved there", async () => {
    play(
      ...Array.from({ length: 300 }, (_, at) =>
        pullRequest(at + 1, { updatedAt: since - 150_000_000 + at * 1_000_000 }),
      ),
    );
    server.inject((_request, ordinal) => {
      // 160 is on the second page; somebody comments on it before that is read.
      if (ordinal === 2) play(pullRequest(160, { updatedAt: since + 500_000_000 }));
      return null;
    });
    const opened = await openedSince(http, settings(), since);
    expect(opened.map(({ number }) => number)).toContain(160);
    expect(server.requests).toHaveLength(3);
  });
});

describe("all questions together", () => {
  it("take a request for each hundred numbers, and one for each page", async () => {
    play(...Array.from({ length: 150 }, (_, at) => pullRequest(at + 1)), ...closedOnes(150, 1_000));
    const numbers = Array.from({ length: 150 }, (_, at) => at + 950);
    await answer({ numbers, branchTags: ["gone"], commits: ["0123456"] });
    expect(operations().toSorted()).toEqual([
      "ClosedPullRequests",
      "ClosedPullRequests",
      "OpenPullRequests",
      "OpenPullRequests",
      "PullRequests",
      "PullRequests",
    ]);
  });

  it("of a cancelled job end as cancelled, not as an error of GitHub's", async () => {
    const cancelled = createHttpClient({ clock, concurrency: 4, signal: AbortSignal.abort() });
    const work = answerQuestions(cancelled, settings(), asked({ numbers: [1] }), null, nothing);
    await expect(work).rejects.toMatchObject({ name: "HttpError", code: "interrupted" });
    await cancelled.close();
    expect(server.requests).toHaveLength(0);
  });
});

describe("an answer that is not whole is an error", () => {
  const field = (value: unknown, errors?: unknown) => json({ data: { repository: { p1: value } }, errors });
  const node = {
    number: 1,
    state: "OPEN",
    closedAt: null,
    updatedAt: "2026-01-01T00:00:00Z",
    headRefName: "x",
    headRefOid: "a".repeat(40),
    isCrossRepository: false,
    headRepository: { id: "R" },
    mergeCommit: null,
    potentialMergeCommit: null,
  };
  const at = ["repository", "p1"];
  const cases: [string, ServerFault, "listing" | "permission", string][] = [
    ["null without a reason", field(null), "listing", "#1"],
    [
      "null for another reason",
      field(null, [{ message: "Something went wrong", path: at }]),
      "listing",
      "Something went wrong",
    ],
    ["an error without a path beside data", field(node, [{ message: "timeout" }]), "listing", "timeout"],
    [
      "something else missing",
      field(node, [{ type: "NOT_FOUND", message: "x", path: [...at, "mergeCommit"] }]),
      "listing",
      "x",
    ],
    ["another number", field({ ...node, number: 2 }), "listing", "asked for #1"],
    ["closed without a time", field({ ...node, state: "CLOSED" }), "listing", "does not say when"],
    ["a commit that is none", field({ ...node, headRefOid: "abc" }), "listing", "headRefOid"],
    ["a state of its own", field({ ...node, state: "DRAFT" }), "listing", "state"],
    ["no data", json({ data: null, errors: [{ message: "Query has complexity" }] }), "listing", "complexity"],
    ["no repository", json({ data: { repository: null } }), "listing", "no such repository"],
    ["neither data nor errors", json({}), "listing", "no such repository"],
    [
      "HTML",
      { kind: "reply", reply: { status: 200, headers: { "content-type": "text/html" }, body: "<html>" } },
      "listing",
      "GraphQL",
    ],
    ["an empty body", { kind: "empty body" }, "listing", "GraphQL"],
    ["404", refuse(404, {}, { message: "Not Found" }), "listing", "404"],
    ["401", refuse(401, {}, { message: "Bad credentials" }), "permission", "Bad credentials"],
    ["403", refuse(403, {}, { message: "Resource not accessible" }), "permission", "Resource not accessible"],
    ["FORBIDDEN", field(null, [{ type: "FORBIDDEN", message: "SAML", path: at }]), "permission", "SAML"],
    [
      "INSUFFICIENT_SCOPES",
      json({ errors: [{ type: "INSUFFICIENT_SCOPES", message: "read:org" }] }),
      "permission",
      "read:org",
    ],
  ];
  it.each(cases)("%s", async (_what, fault, kind, text) => {
    server.inject(() => fault);
    const error = await failing({ numbers: [1] });
    expect([error.kind, error.message]).toEqual([kind, expect.stringContaining(text)]);
    expect(error.message).toContain("octo/web");
    if (kind === "permission") {
      expect(error.remedy).toContain("`github-token`");
      expect(error.remedy).toContain("`pull-requests: read`");
    }
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ["OPEN", "c"],
    ["MERGED", "b"],
    ["CLOSED", null],
  ])("of the two merge commits of one that is %s, only its own is told", async (state, digit) => {
    const commits = { mergeCommit: { oid: "b".repeat(40) }, potentialMergeCommit: { oid: "c".repeat(40) } };
    server.inject([field({ ...node, ...commits, state, closedAt: state === "OPEN" ? null : node.updatedAt })]);
    const mergeCommit = digit?.repeat(40) ?? null;
    expect((await answer({ numbers: [1] })).byNumber.get(1)).toMatchObject({ mergeCommit });
  });

  it("but a fork that the token may not see is just a fork", async () => {
    const errors = [{ type: "FORBIDDEN", message: "SAML", path: [...at, "headRepository"] }];
    server.inject([field({ ...node, headRepository: null }, errors)]);
    expect((await answer({ numbers: [1] })).byNumber.get(1)).toMatchObject({ fromFork: true });
  });

  it("a token without the permission, as GitHub tells it", async () => {
    server.state.permission = "none";
    for (const asked of [{ numbers: [1] }, { commits: ["0123456"] }, { branchTags: ["x"] }]) {
      expect((await failing(asked)).kind).toBe("permission");
    }
  });

  it("a repository that is not there, as GitHub tells it", async () => {
    server.state.repositories.clear();
    const error = await failing({ numbers: [1] });
    expect(error.kind).toBe("listing");
    expect(error.remedy).toContain("`git-repository`");
  });

  it("a page in the middle that fails is no end of the list", async () => {
    play(...closedOnes(250));
    server.inject([null, json({ errors: [{ message: "Something went wrong" }] })]);
    expect((await failing({ branchTags: ["gone"] })).kind).toBe("listing");
  });

  it.each([null, "same"])("a page that does not say where the next begins (%s)", async (endCursor) => {
    const more = { hasNextPage: true, endCursor };
    server.inject(() => json({ data: { repository: { pullRequests: page([], { pageInfo: more }) } } }));
    expect((await failing({ branchTags: ["gone"] })).message).toContain("where they begin");
  });

  it("never shows the token", async () => {
    server.inject(() => json({ errors: [{ message: `bad token ${TOKEN}` }] }));
    expect((await failing({ numbers: [1] })).message).not.toContain(TOKEN);
  });
});

describe("rate limits", () => {
  const limited = (headers: Record<string, string>, type = "RATE_LIMITED"): ServerFault => ({
    kind: "reply",
    reply: { status: 200, headers, body: { errors: [{ type, message: "API rate limit exceeded" }] } },
  });
  const spent = () => ({
    "x-ratelimit-limit": "1000",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": String(Math.ceil(clock.now() / 1_000) + 600),
  });

  it.each(["RATE_LIMITED", "RATE_LIMIT"])("%s with 200 is waited out until the reset", async (type) => {
    play(pullRequest(1));
    server.inject([limited(spent(), type)]);
    const before = clock.now();
    expect((await answer({ numbers: [1] })).byNumber.get(1)).toMatchObject({ state: "open" });
    expect(server.requests).toHaveLength(2);
    expect(clock.now() - before).toBeGreaterThanOrEqual(600_000);
  });

  it("that never end are an error, and no pull request is missing for it", async () => {
    server.inject(() => limited(spent()));
    const error = await failing({ numbers: [1] });
    expect([error.kind, error.message]).toEqual(["listing", expect.stringContaining("rate limit")]);
    expect(server.requests).toHaveLength(3);
  });

  it("that do not say until when are an error at once", async () => {
    server.inject(() => limited({}));
    expect((await failing({ numbers: [1] })).kind).toBe("listing");
    expect(server.requests).toHaveLength(1);
  });

  it("a 403 about the rate is not about permission", async () => {
    server.inject(() => refuse(403, { "retry-after": "1" }, { message: "You have exceeded a secondary rate limit" }));
    expect((await failing({ numbers: [1] })).kind).toBe("listing");
  });

  it("a 502 is asked again", async () => {
    play(pullRequest(1));
    server.inject([refuse(502)]);
    expect((await answer({ numbers: [1] })).byNumber.get(1)).toMatchObject({ state: "open" });
  });
});

describe("GitHub Enterprise Server, and names in another case", () => {
  it("are asked where the runner says, and only there", async () => {
    await serveAgain({ layout: "enterprise" });
    play(pullRequest(1));
    const github = { ...settings(), repository: "OCTO/Web" };
    const { byNumber } = await answerQuestions(http, github, asked({ numbers: [1] }), null, nothing);
    expect(byNumber.get(1)).toMatchObject({ number: 1 });
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /api/graphql"]);
  });
});

interface Asked {
  readonly numbers?: readonly number[];
  readonly branchTags?: readonly string[];
  readonly commits?: readonly string[];
  readonly oldestPush?: number;
}

function asked({ numbers = [], branchTags = [], commits = [], oldestPush }: Asked): PullRequestQuestions {
  return {
    numbers: new Set(numbers),
    branchTags: new Set(branchTags),
    commits: new Set(commits),
    oldestPush: oldestPush ?? null,
  };
}

const nothing: DeadByBranch = () => [];
const byHeadBranch: DeadByBranch = ({ headBranch }) => [headBranch];

function answer(
  questions: Asked,
  { known = null, answers = nothing }: { known?: ClosedPullRequestEvent | null; answers?: DeadByBranch } = {},
): Promise<PullRequests> {
  const wanted = new Set(questions.branchTags ?? []);
  // Like the real one, it answers questions only.
  const deadByBranch: DeadByBranch = (pullRequest) => answers(pullRequest).filter((tag) => wanted.has(tag));
  return answerQuestions(http, settings(), asked(questions), known, deadByBranch);
}

async function failing(questions: Asked): Promise<Fault> {
  const error: unknown = await answer(questions).catch((thrown: unknown) => thrown);
  if (error instanceof Fault) return error;
  throw error instanceof Error ? error : new Error("it did not fail");
}

async function serveAgain(options: { readonly layout?: "github.com" | "enterprise" }): Promise<void> {
  await server?.close();
  server = await serveGitHub({ repositories: { "octo/web": {} }, token: TOKEN, ...options });
}

function settings(): Settings["github"] {
  const { apiUrl, graphqlUrl, url } = server;
  return { token: TOKEN, repository: "octo/web", apiUrl, graphqlUrl, serverUrl: url };
}

function repository() {
  const played = server.state.repositories.get("octo/web");
  if (played === undefined) throw new Error("there is no such repository");
  return played;
}

function play(...pullRequests: readonly PlayedPullRequest[]): void {
  for (const each of pullRequests) repository().pullRequests.set(each.number, each);
}

/** `count` of them, each closed an hour after the one before it. */
function closedOnes(count: number, from = 1): PlayedPullRequest[] {
  return Array.from({ length: count }, (_, at) => pullRequest(from + at, { state: "closed" }));
}

function event(told: Partial<ClosedPullRequestEvent>): ClosedPullRequestEvent {
  return {
    number: 1,
    merged: false,
    closedAt: START + DAY,
    headBranch: "x",
    headCommit: commitOf("head", 1),
    mergeCommit: null,
    fromFork: false,
    ...told,
  };
}

function operations(): readonly string[] {
  return server.requests.map(({ body }) => /query (\w+)/.exec(JSON.parse(body.toString()).query)?.[1] ?? "");
}

function json(body: unknown): ServerFault {
  return { kind: "reply", reply: { status: 200, body } };
}

function page(nodes: readonly unknown[], told: object): object {
  return { totalCount: nodes.length, pageInfo: { hasNextPage: false, endCursor: null }, nodes, ...told };
}

function countDown(from: number, to: number): number[] {
  return Array.from({ length: from - to + 1 }, (_, at) => from - at);
}

function ascending(a: number | string, b: number | string): number {
  return Number(a) - Number(b);
}
