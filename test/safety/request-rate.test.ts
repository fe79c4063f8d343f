import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { createHttpClient } from "../../src/http/client.ts";
import type { RunResult } from "../../src/report/result.ts";
import { run } from "../../src/run.ts";
import type { GitHost } from "../e2e/example.ts";
import { settingsOf, silentLog } from "../run.ts";
import { pushImage } from "../servers/content.ts";
import { type DigitalOceanRegistry, serveDigitalOceanRegistry } from "../servers/digitalocean/registry.ts";
import { createFakeClock } from "../servers/fake-clock.ts";
import { type FaultScript, refuse } from "../servers/http-server.ts";
import { RegistryStore } from "../servers/oci/store.ts";
import { NOW } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const TOKEN = "dop_v1_example";
const AT = { pushedAt: NOW - 240 * 3_600_000 } as const;
/** The rate limit. Listing `IMAGES` manifests, one per page, takes more than a minute. */
const PER_MINUTE = 50;
const IMAGES = 100;
const ORPHANED = 40;
/** How long a request takes, in milliseconds. */
const REQUEST_MS = 20;
/** More requests than any sweep needs here. After them every request fails, so that the sweep ends. */
const MAX_REQUESTS = 3_000;

let gitHost: GitHost;
let store: RegistryStore;
let registry: DigitalOceanRegistry;

useGitHost((served) => {
  gitHost = served;
});

beforeEach(async () => {
  store = new RegistryStore({ now: () => NOW });
  registry = await serveDigitalOceanRegistry(store, { registry: "acme", token: TOKEN, behaviour: { maxPerPage: 1 } });
});

afterEach(() => registry.close());

function fill(repository: string): void {
  for (let image = 0; image < IMAGES; image += 1) {
    const tags = [image < ORPHANED ? `pr-1-${image}` : `kept-${image}`];
    pushImage(store, { ...AT, repository, seed: `${repository} ${image}`, tags });
  }
}

/** Sweeps with a rate limit, on a clock whose waits take no time. */
async function sweepAt(perMinute: number, faults: FaultScript = () => null): Promise<RunResult> {
  const fake = createFakeClock({ startAt: NOW });
  let spent = 0;
  const clock: Clock = { ...fake, now: () => fake.now() + spent };
  registry.api.inject((request, ordinal) => {
    spent += REQUEST_MS;
    return ordinal > MAX_REQUESTS ? refuse(500) : faults(request, ordinal);
  });
  const inputs = { registry: registry.address, provider: "digitalocean", "api-url": registry.api.apiUrl.href };
  const settings = settingsOf(
    { ...inputs, token: TOKEN, concurrency: "4", "repository-pattern": "**", "protect-tags": "kept-*" },
    gitHost.environment,
  );
  const policy = (host: string) => (host === registry.api.apiUrl.host ? { perMinute } : {});
  const http = createHttpClient({ clock, concurrency: settings.concurrency, policy });
  try {
    return await run(settings, { http, clock, log: silentLog, signal: new AbortController().signal });
  } finally {
    await http.close();
  }
}

const listings = (repository: string): number =>
  registry.api.requests.filter(({ path }) => path.includes(`/${repository}/digests?page=1&`)).length;

const plannedIn = (result: RunResult) =>
  result.repositories[0]?.manifests.filter(({ decision }) => decision === "delete") ?? [];

describe("if a listing takes more requests than the limit of a minute", () => {
  test("each recheck is followed by as many deletions as the budget allows", async () => {
    fill("web");
    const result = await sweepAt(PER_MINUTE);
    expect(result.errors).toEqual([]);
    expect(store.tags("web")).toHaveLength(IMAGES - ORPHANED);
    expect(listings("web")).toBe(2);
  });

  test("several repositories are deleted one after another, without needless rechecks", async () => {
    const names = ["web", "api", "worker", "site"];
    for (const name of names) fill(name);
    const result = await sweepAt(PER_MINUTE);
    expect(result.errors).toEqual([]);
    for (const name of names) {
      expect(store.tags(name)).toHaveLength(IMAGES - ORPHANED);
      expect(listings(name)).toBeLessThanOrEqual(5);
    }
  });
});

test.each(["130", "7200"])(
  "a host that rate-limits every deletion (retry-after: %s) defers all of them",
  async (seconds) => {
    fill("web");
    const result = await sweepAt(1_000, ({ method }) =>
      method === "DELETE" ? refuse(429, { "retry-after": seconds }) : null,
    );
    expect(result.errors).toEqual([]);
    expect(store.tags("web")).toHaveLength(IMAGES);
    expect(listings("web")).toBeLessThanOrEqual(6);
    expect(plannedIn(result)).toHaveLength(ORPHANED);
    expect(new Set(plannedIn(result).map(({ outcome }) => outcome))).toEqual(new Set(["deferred"]));
  },
);

test("a server that fails at every deletion does not get all of them", async () => {
  fill("web");
  const result = await sweepAt(1_000, ({ method }) => (method === "DELETE" ? refuse(503) : null));
  expect(result.errors.map(({ kind }) => kind)).toContain("deletion");
  expect(store.tags("web")).toHaveLength(IMAGES);
  const failed = plannedIn(result).filter(({ outcome }) => outcome === "failed").length;
  expect(failed).toBeGreaterThan(0);
  expect(failed).toBeLessThan(ORPHANED);
  expect(plannedIn(result).filter(({ outcome }) => outcome === "deferred")).toHaveLength(ORPHANED - failed);
});

test("a token that may not delete sends one DELETE at a time, even if the server failed at the first one", async () => {
  fill("web");
  let deletions = 0;
  const result = await sweepAt(1_000, ({ method }) => {
    if (method !== "DELETE") return null;
    deletions += 1;
    return deletions === 1 ? refuse(503) : refuse(403);
  });
  expect(result.errors.map(({ kind }) => kind)).toContain("permission");
  // Two refusals in a row show that the permission is missing.
  expect(deletions).toBe(3);
});
