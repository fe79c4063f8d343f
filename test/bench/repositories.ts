/**
 * Forty image repositories with five images of closed pull requests each, swept by dist/ with 50 ms latency per request.
 * Prints the seconds and the requests of a run.
 *
 * `node test/bench/repositories.ts [--dist PATH]... [--provider NAME]... [--runs N]`
 *
 * - `--dist`: an `index.js` to run. Give two to compare them. Default: dist/index.js.
 * - `--provider`: `distribution`, `ghcr` or `digitalocean`. Default: the first two. DigitalOcean's client-side limit of
 *   250 requests a minute decides its time.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { GITHUB_TOKEN, type GitHost, serveGitHost } from "../e2e/example.ts";
import { runStep } from "../e2e/runner.ts";
import { pushImage } from "../servers/content.ts";
import { serveDigitalOceanRegistry } from "../servers/digitalocean/registry.ts";
import { serveGhcr } from "../servers/ghcr/server.ts";
import { pullRequest } from "../servers/github/server.ts";
import type { TestServer } from "../servers/http-server.ts";
import { serveOci } from "../servers/oci/server.ts";
import { RegistryStore } from "../servers/oci/store.ts";

const REPOSITORIES = 40;
const PULL_REQUESTS = [1, 2, 3, 4, 5];
const LATENCY_MS = 50;
const DAY_MS = 86_400_000;
const DIST = join(import.meta.dirname, "../../dist/index.js");

interface ServedRegistry {
  readonly inputs: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly servers: readonly Pick<TestServer, "requests">[];
  close(): Promise<unknown>;
}

const PROVIDERS: Readonly<Record<string, (store: RegistryStore) => Promise<ServedRegistry>>> = {
  async distribution(store) {
    const server = await serveOci(store, { latencyMs: LATENCY_MS });
    const inputs = { registry: server.url.host, "repository-pattern": "web/**" };
    return { inputs, servers: [server], close: () => server.close() };
  },
  async ghcr(store) {
    const served = await serveGhcr({
      owner: "octo",
      token: GITHUB_TOKEN,
      latencyMs: LATENCY_MS,
      behaviour: { token: "classic" },
    });
    for (const repository of store.repositories()) {
      for (const { digest, mediaType, bytes, pushedAt: at } of store.manifests(repository)) {
        served.packages.pushManifest(repository, mediaType, bytes, { tags: store.tagsOf(repository, digest), at });
      }
    }
    return {
      inputs: { registry: `${served.origin.host}/octo`, provider: "ghcr" },
      environment: { GITHUB_API_URL: served.apiUrl.href.replace(/\/$/, "") },
      servers: [served.api, served.oci],
      close: () => served.close(),
    };
  },
  async digitalocean(store) {
    const token = "dop_v1_bench";
    const served = await serveDigitalOceanRegistry(store, { registry: "acme", token, latencyMs: LATENCY_MS });
    const inputs = { registry: `http://${served.address}`, provider: "digitalocean", token };
    return {
      inputs: { ...inputs, "api-url": served.api.apiUrl.href },
      servers: [served.api, served.oci],
      close: () => served.close(),
    };
  },
};

function fillStore(now: number): RegistryStore {
  const store = new RegistryStore();
  for (let index = 1; index <= REPOSITORIES; index += 1) {
    const at = { repository: `web/app-${index}`, pushedAt: now - 9 * DAY_MS };
    pushImage(store, { ...at, seed: `main ${index}`, tags: ["main"] });
    for (const number of PULL_REQUESTS) {
      pushImage(store, { ...at, seed: `${index} of ${number}`, tags: [`pr-${number}`] });
    }
  }
  return store;
}

/** One run of `dist` against registries of its own. Throws an Error if it did not delete every image of a pull request. */
async function run(dist: string, provider: string, gitHost: GitHost): Promise<{ seconds: number; requests: number }> {
  const serveProvider = PROVIDERS[provider];
  if (serveProvider === undefined) throw new Error(`There is no provider ${provider}`);
  const registry = await serveProvider(fillStore(Date.now()));
  const servers = [...registry.servers, gitHost.git, gitHost.github];
  const count = (): number => servers.reduce((sum, { requests }) => sum + requests.length, 0);
  const before = count();
  const { exitCode, log, outputs, milliseconds } = await runStep({
    dist,
    inputs: { ...registry.inputs, "grace-period": "0" },
    environment: { ...gitHost.environment, ...registry.environment },
  });
  await registry.close();
  const deletions = REPOSITORIES * PULL_REQUESTS.length;
  if (exitCode !== 0 || outputs["deleted-count"] !== String(deletions)) throw new Error(log);
  return { seconds: milliseconds / 1_000, requests: count() - before };
}

const { values } = parseArgs({
  options: {
    dist: { type: "string", multiple: true, default: [DIST] },
    provider: { type: "string", multiple: true, default: ["distribution", "ghcr"] },
    runs: { type: "string", default: "3" },
  },
});
const closedAt = Date.now() - 8 * DAY_MS;
const gitHost = await serveGitHost({
  branches: ["main"],
  pullRequests: PULL_REQUESTS.map((number) =>
    pullRequest(number, { state: "merged", createdAt: closedAt - 9 * DAY_MS, closedAt, updatedAt: closedAt }),
  ),
});
for (const server of [gitHost.git, gitHost.github]) server.inject(() => ({ kind: "delay", ms: LATENCY_MS }));
try {
  for (const provider of values.provider) {
    const results = new Map<string, { seconds: number; requests: number }[]>();
    for (let index = 0; index < Number(values.runs); index += 1) {
      for (const dist of values.dist)
        results.set(dist, [...(results.get(dist) ?? []), await run(dist, provider, gitHost)]);
    }
    for (const [dist, runs] of results) {
      const middle = runs.sort((a, b) => a.seconds - b.seconds)[Math.floor(runs.length / 2)];
      console.log(
        `${provider}, ${REPOSITORIES} repositories with ${PULL_REQUESTS.length} deletions each, ${LATENCY_MS} ms: ` +
          `${middle?.seconds.toFixed(1)} s, ${middle?.requests} requests (${dist})`,
      );
    }
  }
} finally {
  await gitHost.close();
}
