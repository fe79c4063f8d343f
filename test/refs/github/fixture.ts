import { afterEach, beforeEach } from "vitest";
import { Fault } from "../../../src/fault.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import type { HttpClient } from "../../../src/http/http.ts";
import { type FindOptions, type FoundPullRequests, findPullRequests } from "../../../src/refs/github/pull-requests.ts";
import type { OrphanedTags, PullRequestLookups } from "../../../src/refs/refs.ts";
import type { ClosedPullRequestEvent, Settings } from "../../../src/settings.ts";
import { createFakeClock, type FakeClock } from "../../servers/fake-clock.ts";
import {
  commitOf,
  type GitHubServer,
  pullRequest,
  serveGitHub,
  type TestPullRequest,
} from "../../servers/github/server.ts";
import type { GitHubRepository } from "../../servers/github/state.ts";
import type { ServerFault } from "../../servers/http-server.ts";

export const TOKEN = "ghs_secret";
export const HOUR = 3_600_000;
/** The creation of the first pull request. */
export const START = Date.UTC(2026, 0, 1);

export const DEFAULTS: FindOptions = { event: null, orphanedTags: () => [], deletesUnmatched: false };

export interface Lookups {
  readonly numbers?: readonly number[];
  readonly branchTags?: readonly string[];
  readonly commits?: readonly string[];
  readonly oldestPush?: number;
}

/** GitHub with the repository `octo/web`, for one test. */
export interface GitHubFixture {
  readonly server: GitHubServer;
  readonly http: HttpClient;
  readonly clock: FakeClock;
  readonly repository: GitHubRepository;
  restart(options: { readonly layout: "enterprise" }): Promise<void>;
  settings(): Settings["github"];
  add(...pullRequests: readonly TestPullRequest[]): void;
  find(lookups: Lookups, options?: Partial<FindOptions>): Promise<FoundPullRequests>;
  /** Returns the Fault that `find` throws. */
  fault(lookups: Lookups): Promise<Fault>;
  /** Returns the names of the GraphQL queries. */
  operations(): readonly string[];
}

/** Sets up the fixture for the tests of a file. */
export function useGitHub(): GitHubFixture {
  let open: { clock: FakeClock; http: HttpClient; server: GitHubServer } | undefined;
  const current = () => {
    if (open === undefined) throw new Error("the fixture is only open within a test");
    return open;
  };
  const start = (layout: "github.com" | "enterprise") =>
    serveGitHub({ repositories: { "octo/web": {} }, token: TOKEN, layout });

  beforeEach(async () => {
    const clock = createFakeClock();
    open = { clock, http: createHttpClient({ clock, concurrency: 4 }), server: await start("github.com") };
  });
  afterEach(async () => {
    await current().server.close();
    await current().http.close();
    open = undefined;
  });

  const fixture: GitHubFixture = {
    get server() {
      return current().server;
    },
    get http() {
      return current().http;
    },
    get clock() {
      return current().clock;
    },
    get repository() {
      const repository = fixture.server.state.repositories.get("octo/web");
      if (repository === undefined) throw new Error("octo/web does not exist");
      return repository;
    },
    async restart({ layout }) {
      await current().server.close();
      current().server = await start(layout);
    },
    settings() {
      const { apiUrl, graphqlUrl, url } = fixture.server;
      return { token: TOKEN, repository: "octo/web", apiUrl, graphqlUrl, serverUrl: url };
    },
    add(...pullRequests) {
      for (const each of pullRequests) fixture.repository.pullRequests.set(each.number, each);
    },
    find(lookups, { orphanedTags = () => [], ...options } = {}) {
      const branchTags = new Set(lookups.branchTags);
      const onlyLookedUp: OrphanedTags = (each) => orphanedTags(each).filter((tag) => branchTags.has(tag));
      const all = { ...DEFAULTS, ...options, orphanedTags: onlyLookedUp };
      return findPullRequests(fixture.http, fixture.settings(), lookupsOf(lookups), all);
    },
    async fault(lookups) {
      const error: unknown = await fixture.find(lookups).catch((thrown: unknown) => thrown);
      if (error instanceof Fault) return error;
      throw error instanceof Error ? error : new Error("it did not fail");
    },
    operations: () =>
      fixture.server.requests.map(({ body }) => /query (\w+)/.exec(JSON.parse(body.toString()).query)?.[1] ?? ""),
  };
  return fixture;
}

export function lookupsOf({ numbers, branchTags, commits, oldestPush }: Lookups): PullRequestLookups {
  return {
    numbers: new Set(numbers),
    branchTags: new Set(branchTags),
    commits: new Set(commits),
    oldestPush: oldestPush ?? null,
  };
}

/** Returns `count` closed pull requests, each closed an hour after the one before it. */
export function closedOnes(count: number, from = 1): TestPullRequest[] {
  return Array.from({ length: count }, (_, index) => pullRequest(from + index, { state: "closed" }));
}

export function eventOf(fields: Partial<ClosedPullRequestEvent>): ClosedPullRequestEvent {
  return {
    number: 1,
    merged: false,
    startedAt: START,
    closedAt: START + 24 * HOUR,
    headBranch: "x",
    headCommit: commitOf("head", 1),
    commitCount: 1,
    mergeCommit: null,
    fromFork: false,
    ...fields,
  };
}

export function json(body: unknown): ServerFault {
  return { kind: "reply", reply: { status: 200, body } };
}

/** Returns a page of the list of pull requests. */
export function page(nodes: readonly unknown[], fields: object): object {
  return { totalCount: nodes.length, pageInfo: { hasNextPage: false, endCursor: null }, nodes, ...fields };
}

/** Returns the numbers from `from` to `to`. */
export function range(from: number, to: number): number[] {
  const length = Math.abs(to - from) + 1;
  return Array.from({ length }, (_, index) => (from < to ? from + index : from - index));
}
