import { afterEach, beforeEach, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { type FaultScript, refuse } from "../servers/http-server.ts";
import { sweepScenario } from "./harness.ts";
import {
  contentsOf,
  openScenario,
  type Scenario,
  type ScenarioKind,
  type StoreView,
  serveScenarioGitHost,
} from "./scenario.ts";

// A megabyte of a page, and ten thousand of them, would be ten gigabytes.
const MOST_BYTES = 300 * 1024 * 1024;

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost();
});

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close()]);
});

interface Endless {
  readonly title: string;
  readonly kind: ScenarioKind;
  readonly server: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly script: FaultScript;
  readonly mostRequests: number;
}

/** A page that leads to one that was never seen before; `n` is the request's number. */
const repositories: FaultScript = ({ path }, n) =>
  path.includes("/repositoriesV2")
    ? refuse(200, {}, { repositories: [{ name: `r${n}` }], meta: { total: n + 1 }, links: linkTo(n) })
    : null;
const apps: FaultScript = ({ path }, n) =>
  path.startsWith("/v2/apps") ? refuse(200, {}, { apps: [], meta: { total: n + 1 }, links: linkTo(n) }) : null;
const linkTo = (n: number) => ({ pages: { next: `https://api.digitalocean.com/v2/x?page=${n + 1}&page_token=${n}` } });

const manyDigests =
  (total: number): FaultScript =>
  ({ path }) =>
    path.includes("/digests?") ? refuse(200, {}, { manifests: [{ digest: DIGEST }], meta: { total } }) : null;
const DIGEST = `sha256:${"0".repeat(64)}`;

const tags: FaultScript = ({ path }, n) =>
  path.includes("/tags/list")
    ? refuse(200, { link: `</v2/web/tags/list?n=1&last=${n}>; rel="next"` }, { name: "web", tags: [] })
    : null;

const catalog: FaultScript = ({ path }, n) =>
  path.includes("/_catalog")
    ? refuse(200, { link: `</v2/_catalog?n=1&last=${n}>; rel="next"` }, { repositories: [] })
    : null;
const INDEX = "application/vnd.oci.image.index.v1+json";
const referrers: FaultScript = ({ path }, n) =>
  path.includes("/referrers/")
    ? refuse(200, { link: `<${path.split("?")[0]}?n=1&last=${n}>; rel="next"` }, { mediaType: INDEX, manifests: [] })
    : null;
/** Where GitHub's list is at; links are absolute, and only their page counts. */
const pageOfPath = (path: string): number => Number(new URL(path, "http://x").searchParams.get("page"));
const onwards = (path: string, last = ""): { readonly link: string } => ({
  link: `<https://api.github.com/x?page=${pageOfPath(path) + 1}>; rel="next"${last}`,
});
const packages: FaultScript = ({ path }, n) =>
  path.includes("package_type=") ? refuse(200, onwards(path), [{ name: `p${n}` }]) : null;
const version = (n: number) => ({
  id: n,
  name: `sha256:${n.toString(16).padStart(64, "0")}`,
  metadata: { container: { tags: [] } },
});
const versions: FaultScript = ({ path }, n) =>
  path.includes("/versions?") ? refuse(200, onwards(path), [version(n)]) : null;
const lastVersion: FaultScript = ({ path }, n) =>
  path.includes("/versions?")
    ? refuse(200, onwards(path, ', <https://api.github.com/x?page=9007199254740991>; rel="last"'), [version(n)])
    : null;

const LISTS: readonly Endless[] = [
  { title: "repositories", kind: "digitalocean", server: "api", script: repositories, mostRequests: 1_000 },
  {
    title: "apps",
    kind: "digitalocean",
    server: "api",
    inputs: { "protect-apps": "true" },
    script: apps,
    mostRequests: 1_000,
  },
  {
    title: "manifests that a total promises, more than an array holds",
    kind: "digitalocean",
    server: "api",
    script: manyDigests(2 ** 53 - 1),
    mostRequests: 10,
  },
  {
    title: "manifests that a total promises, as many as an array holds",
    kind: "digitalocean",
    server: "api",
    script: manyDigests(2 ** 32 - 1),
    mostRequests: 10,
  },
  {
    title: "repositories of a catalog",
    kind: "oci",
    server: "registry",
    inputs: { "repository-pattern": "**" },
    script: catalog,
    mostRequests: 10_100,
  },
  { title: "referrers", kind: "oci", server: "registry", script: referrers, mostRequests: 40_100 },
  { title: "packages", kind: "ghcr", server: "api", script: packages, mostRequests: 10_100 },
  { title: "versions", kind: "ghcr", server: "api", script: versions, mostRequests: 20_100 },
  { title: "versions that a link promises", kind: "ghcr", server: "api", script: lastVersion, mostRequests: 10 },
  { title: "tags", kind: "distribution", server: "registry", script: tags, mostRequests: 10_100 },
];

test.each(LISTS)(
  "a list without an end is an error, and nothing is deleted: $title",
  async (list) => {
    scenario = await openScenario(list.kind);
    const before = contentsOf(scenario.store);
    const server = scenario.servers[list.server];
    server?.inject(list.script);
    const heap = process.memoryUsage().rss;
    const result = await sweepScenario(scenario, gitHost, list.inputs);
    expect(new Set(result.errors.map(({ kind }) => kind))).toEqual(new Set(["listing"]));
    expect(server?.requests.length).toBeLessThanOrEqual(list.mostRequests);
    expect(process.memoryUsage().rss - heap).toBeLessThan(MOST_BYTES);
    expect(contentsOf(scenario.store)).toEqual(before);
  },
  120_000,
);

const LONG = "x".repeat(8 * 1024 * 1024);

/** The same pages, each with eight megabytes of what nobody asked for. */
function lengthened(script: FaultScript): FaultScript {
  return (request, n) => {
    const fault = script(request, n);
    if (fault?.kind !== "reply") return fault;
    const { reply } = fault;
    const { body } = reply;
    const entries = Array.isArray(body) ? body : [];
    const long = Array.isArray(body) ? [{ ...entries[0], junk: LONG }] : { ...Object(body), junk: LONG };
    return { kind: "reply", reply: { ...reply, body: long } };
  };
}

/** As many as the pages that a list promises on its first: honest ones are asked for side by side. */
const promised: FaultScript = ({ path }, n) =>
  path.includes("/digests?")
    ? refuse(200, {}, { manifests: [{ digest: `sha256:${n.toString(16).padStart(64, "0")}` }], meta: { total: 9_000 } })
    : null;
const promisedVersions: FaultScript = ({ path }, n) =>
  path.includes("/versions?")
    ? refuse(200, onwards(path, ', <https://api.github.com/x?page=9000>; rel="last"'), [version(n)])
    : null;

const LONG_LISTS: readonly (Omit<Endless, "mostRequests"> & { readonly mostMiB: number })[] = [
  { title: "repositories", kind: "digitalocean", server: "api", script: repositories, mostMiB: 64 },
  {
    title: "apps",
    kind: "digitalocean",
    server: "api",
    inputs: { "protect-apps": "true" },
    script: apps,
    mostMiB: 64,
  },
  { title: "manifests", kind: "digitalocean", server: "api", script: promised, mostMiB: 512 },
  {
    title: "repositories of a catalog",
    kind: "oci",
    server: "registry",
    inputs: { "repository-pattern": "**" },
    script: catalog,
    mostMiB: 64,
  },
  { title: "packages", kind: "ghcr", server: "api", script: packages, mostMiB: 256 },
  { title: "versions", kind: "ghcr", server: "api", script: versions, mostMiB: 256 },
  { title: "versions that a link promises", kind: "ghcr", server: "api", script: promisedVersions, mostMiB: 256 },
  { title: "tags", kind: "distribution", server: "registry", script: tags, mostMiB: 64 },
];
/** Other requests of the sweep, and pages that were asked for already when the list is given up. */
const OTHER_REQUESTS = 40 + 512;

test.each(LONG_LISTS)(
  "a list of long pages is an error once all of them are too long, and nothing is deleted: $title",
  async ({ kind, server: name, inputs, script, mostMiB }) => {
    scenario = await openScenario(kind);
    const before = contentsOf(scenario.store);
    const server = scenario.servers[name];
    server?.inject(lengthened(script));
    const result = await sweepScenario(scenario, gitHost, inputs);
    const listing = result.errors.filter((problem) => problem.kind === "listing");
    expect(listing.length).toBe(result.errors.length);
    expect(JSON.stringify(listing)).toContain(`larger than ${mostMiB} MiB`);
    // A sweep reads the lists of its two repositories.
    expect(server?.requests.length).toBeLessThanOrEqual(2 * (mostMiB / 8) + OTHER_REQUESTS);
    expect(contentsOf(scenario.store)).toEqual(before);
  },
  120_000,
);

test("closed pull requests of long pages are an error once all of them are too long", async () => {
  scenario = await openScenario("digitalocean");
  const before = contentsOf(scenario.store);
  gitHost.github.inject(({ body }, n) =>
    body.includes("ClosedPullRequests")
      ? refuse(200, {}, { data: { repository: { pullRequests: pageOf(n) }, junk: LONG } })
      : null,
  );
  const result = await sweepScenario(scenario, gitHost, { "tag-patterns": "{branch}" });
  expect(result.errors).toMatchObject([{ kind: "listing" }]);
  expect(JSON.stringify(result.errors)).toContain("longer than the 512 MiB");
  expect(gitHost.github.requests.length).toBeLessThan(512 / 8 + 40);
  expect(contentsOf(scenario.store)).toEqual(before);
}, 120_000);

test("closed pull requests without an end are an error", async () => {
  scenario = await openScenario("digitalocean");
  const before = contentsOf(scenario.store);
  gitHost.github.inject(({ body }, n) =>
    body.includes("ClosedPullRequests") ? refuse(200, {}, { data: { repository: { pullRequests: pageOf(n) } } }) : null,
  );
  const result = await sweepScenario(scenario, gitHost, { "tag-patterns": "{branch}" });
  expect(result.errors).toMatchObject([{ kind: "listing" }]);
  expect(gitHost.github.requests.length).toBeLessThan(10_100);
  expect(contentsOf(scenario.store)).toEqual(before);
}, 120_000);

const pageOf = (n: number) => ({
  totalCount: 1e9,
  pageInfo: { hasNextPage: true, endCursor: `cursor ${n}` },
  nodes: [],
});
