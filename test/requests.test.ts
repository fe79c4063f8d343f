import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../src/clock.ts";
import { createHttpClient } from "../src/http/client.ts";
import { run } from "../src/run.ts";
import { type GitHost, serveGitHost } from "./e2e/example.ts";
import { settingsOf, silentLog } from "./run.ts";
import { pushImage, pushMultiArch } from "./servers/content.ts";
import { type DigitalOceanRegistry, serveDigitalOceanRegistry } from "./servers/digitalocean/registry.ts";
import { pullRequest } from "./servers/github/server.ts";
import { RegistryStore } from "./servers/oci/store.ts";

const DAY = 86_400_000;
const TOKEN = "dop_v1_example";
const MANIFESTS = 1_000;
const KEPT_ROOTS = 200;
const NUMBERS = 120;
const DELETIONS = NUMBERS * 3 + 240;

let gitHost: GitHost;
let registry: DigitalOceanRegistry;

beforeAll(async () => {
  const now = Date.now();
  const numbers = Array.from({ length: NUMBERS }, (_, index) => index + 1);
  const store = new RegistryStore();
  const at = { repository: "web", pushedAt: now - 5 * DAY };
  for (let index = 0; index < KEPT_ROOTS / 2; index += 1) {
    pushMultiArch(store, { ...at, seed: `multi ${index}`, tags: [`multi-${index}`] });
    pushImage(store, { ...at, seed: `single ${index}`, tags: [`single-${index}`] });
  }
  for (const number of numbers) pushMultiArch(store, { ...at, seed: `pull request ${number}`, tags: [`pr-${number}`] });
  for (let index = 0; index < 240; index += 1) pushImage(store, { ...at, seed: `untagged ${index}` });
  expect(store.manifests("web")).toHaveLength(MANIFESTS);
  registry = await serveDigitalOceanRegistry(store, { registry: "acme", token: TOKEN });
  gitHost = await serveGitHost({
    branches: [
      "main",
      ...Array.from({ length: KEPT_ROOTS / 2 }, (_, index) => [`multi/${index}`, `single/${index}`]).flat(),
    ],
    pullRequests: numbers.map((number) =>
      pullRequest(number, {
        state: "merged",
        createdAt: now - 30 * DAY,
        closedAt: now - 4 * DAY,
        updatedAt: now - 4 * DAY,
      }),
    ),
  });
});

afterAll(async () => {
  await Promise.all([registry.close(), gitHost.close()]);
});

test("1,000 manifests take at most 2·(⌊M/200⌋ + 1) + M + D + 6 requests to DigitalOcean, and 2 + ⌈numbers/100⌉ + 2 to GitHub", async () => {
  const settings = settingsOf(
    {
      registry: `http://${registry.address}`,
      provider: "digitalocean",
      "api-url": registry.api.apiUrl.href,
      token: TOKEN,
      concurrency: "64",
    },
    gitHost.environment,
  );
  // Without DigitalOcean's rate limit of 250 a minute the deletions are one batch with one recheck.
  const http = createHttpClient({ clock: systemClock, concurrency: settings.concurrency });
  const signal = new AbortController().signal;
  const result = await run(settings, { http, clock: systemClock, log: silentLog, signal });
  await http.close();
  expect(result.errors).toEqual([]);
  const outcomes = result.repositories.flatMap(({ manifests }) => manifests.map(({ outcome }) => outcome));
  expect(outcomes.filter((outcome) => outcome === "deleted")).toHaveLength(DELETIONS);
  const [api, oci] = [registry.api.requests.length, registry.oci.requests.length];
  // Each manifest is read once, because untagged ones are deleted. A list ends with a page that is not full.
  expect(api + oci).toBeLessThanOrEqual(2 * (Math.floor(MANIFESTS / 200) + 1) + MANIFESTS + DELETIONS + 6);
  // One page of all open pull requests, and in the recheck one of those that were opened since.
  expect(gitHost.git.requests.length + gitHost.github.requests.length).toBeLessThanOrEqual(
    2 + Math.ceil(NUMBERS / 100) + 2,
  );
});
