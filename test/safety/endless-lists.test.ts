import { afterEach, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { type FaultScript, refuse } from "../servers/http-server.ts";
import { ENDLESS, type EndlessList, manifests, versionsUpTo } from "./endless-sources.ts";
import { sweepScenario } from "./harness.ts";
import { contentsOf, openScenario, type Scenario, type StoreView } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const MAX_BYTES = 300 * 1024 * 1024;
/** Bytes of unknown fields in a page of the long lists. */
const PADDING = "x".repeat(8 * 1024 * 1024);
const PADDING_MIB = PADDING.length / 1024 / 1024;
/** Other requests of the sweep, and page requests in flight when the list is cancelled. */
const OTHER_REQUESTS = 40 + 128;

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

useGitHost((served) => {
  gitHost = served;
});

afterEach(async () => {
  await scenario.close();
});

test.each<EndlessList & { readonly maxRequests: number }>([
  { ...ENDLESS.repositories, maxRequests: 10_100 },
  { ...ENDLESS.apps, maxRequests: 10_100 },
  { ...ENDLESS.catalog, maxRequests: 10_100 },
  { ...ENDLESS.referrers, maxRequests: 40_100 },
  { ...ENDLESS.packages, maxRequests: 10_100 },
  { ...ENDLESS.versions, maxRequests: 10_100 },
  { ...ENDLESS.tags, maxRequests: 10_100 },
  {
    title: "versions with a link to page 2^53 - 1",
    kind: "ghcr",
    server: "api",
    script: versionsUpTo(2 ** 53 - 1),
    maxRequests: 10,
  },
  {
    title: "manifests with a total of 2^53 - 1",
    kind: "digitalocean",
    server: "api",
    script: manifests(2 ** 53 - 1),
    maxRequests: 10,
  },
  {
    title: "manifests with a total of 2^32 - 1",
    kind: "digitalocean",
    server: "api",
    script: manifests(2 ** 32 - 1),
    maxRequests: 10,
  },
])(
  "an endless list is an error, and nothing is deleted: $title",
  async ({ kind, server: name, inputs, script, maxRequests }) => {
    scenario = await openScenario(kind);
    const before = contentsOf(scenario.store);
    const server = scenario.servers[name];
    server?.inject(script);
    const memory = process.memoryUsage().rss;
    const result = await sweepScenario(scenario, gitHost, inputs);
    expect(new Set(result.errors.map((error) => error.kind))).toEqual(new Set(["listing"]));
    expect(server?.requests.length).toBeLessThanOrEqual(maxRequests);
    expect(process.memoryUsage().rss - memory).toBeLessThan(MAX_BYTES);
    expect(contentsOf(scenario.store)).toEqual(before);
  },
  120_000,
);

/** Adds the padding to each page. */
function withPadding(script: FaultScript): FaultScript {
  return (request, n) => {
    const fault = script(request, n);
    if (fault?.kind !== "reply") return fault;
    const { reply } = fault;
    // The padding is inserted as text, because serializing it would take most of the test's time.
    const text = JSON.stringify(reply.body).replace(/^(\[?\{)/, `$1"padding":"",`);
    const [start = "", end = ""] = text.split(/(?<="padding":")/);
    const headers = { ...reply.headers, "content-type": "application/json" };
    return { kind: "reply", reply: { ...reply, headers, body: `${start}${PADDING}${end}` } };
  };
}

test.each<EndlessList & { readonly maxMiB: number }>([
  { ...ENDLESS.repositories, maxMiB: 64 },
  { ...ENDLESS.apps, maxMiB: 64 },
  { ...ENDLESS.catalog, maxMiB: 64 },
  { ...ENDLESS.packages, maxMiB: 256 },
  { ...ENDLESS.versions, maxMiB: 256 },
  { ...ENDLESS.tags, maxMiB: 64 },
  // Refsweep requests the announced pages concurrently.
  { title: "announced manifests", kind: "digitalocean", server: "api", script: manifests(9_000), maxMiB: 512 },
  { ...ENDLESS.versions, title: "announced versions", script: versionsUpTo(9_000), maxMiB: 256 },
])(
  "a list above its size limit is an error, and nothing is deleted: $title",
  async ({ kind, server: name, inputs, script, maxMiB }) => {
    scenario = await openScenario(kind);
    const before = contentsOf(scenario.store);
    const server = scenario.servers[name];
    server?.inject(withPadding(script));
    const result = await sweepScenario(scenario, gitHost, inputs);
    const listing = result.errors.filter((error) => error.kind === "listing");
    expect(listing.length).toBe(result.errors.length);
    expect(JSON.stringify(listing)).toContain(`${maxMiB} MiB`);
    // A sweep reads the lists of up to two repositories.
    expect(server?.requests.length).toBeLessThanOrEqual(2 * (maxMiB / PADDING_MIB) + OTHER_REQUESTS);
    expect(contentsOf(scenario.store)).toEqual(before);
  },
  120_000,
);

const pullRequests: FaultScript = ({ body }, n) => {
  if (!body.includes("ClosedPullRequests")) return null;
  const pageInfo = { hasNextPage: true, endCursor: `cursor ${n}` };
  return refuse(200, {}, { data: { repository: { pullRequests: { totalCount: 1e9, pageInfo, nodes: [] } } } });
};

test.each([
  ["endless", pullRequests, 10_100, /./],
  ["above their size limit", withPadding(pullRequests), 512 / PADDING_MIB + 40, /512 MiB/],
] as const)(
  "closed pull requests that are %s are an error",
  async (_title, script, maxRequests, message) => {
    scenario = await openScenario("digitalocean");
    const before = contentsOf(scenario.store);
    const requestsBefore = gitHost.github.requests.length;
    gitHost.github.inject(script);
    const result = await sweepScenario(scenario, gitHost, { "tag-patterns": "{branch}" });
    expect(result.errors).toMatchObject([{ kind: "listing" }]);
    expect(JSON.stringify(result.errors)).toMatch(message);
    expect(gitHost.github.requests.length - requestsBefore).toBeLessThan(maxRequests);
    expect(contentsOf(scenario.store)).toEqual(before);
  },
  120_000,
);
