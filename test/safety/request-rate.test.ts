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
import { NOW, serveScenarioGitHost } from "./scenario.ts";

const TOKEN = "dop_v1_played";
const AT = { pushedAt: NOW - 240 * 3_600_000 } as const;
/** Requests a minute: a look at `PAGES` manifests, one a page, takes more. */
const PER_MINUTE = 50;
const PAGES = 100;
const DEAD = 40;
/** How long a request takes, in milliseconds. */
const REQUEST_MS = 20;
/** A run that goes on for longer does not end by itself. */
const ENDLESS = 3_000;

let gitHost: GitHost;
let store: RegistryStore;
let registry: DigitalOceanRegistry;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost();
  store = new RegistryStore({ now: () => NOW });
  registry = await serveDigitalOceanRegistry(store, {
    registry: "acme",
    token: TOKEN,
    behaviour: { maxPerPage: 1 },
  });
});

afterEach(async () => {
  await Promise.all([gitHost.close(), registry.close()]);
});

function fill(repository: string): void {
  for (let image = 0; image < PAGES; image += 1) {
    const tags = [image < DEAD ? `pr-1-${image}` : `kept-${image}`];
    pushImage(store, { ...AT, repository, seed: `${repository} ${image}`, tags });
  }
}

/** Sweeps on a clock on which waits take no time, at so many requests a minute. */
async function sweepAt(perMinute: number, faults: FaultScript = () => null): Promise<RunResult> {
  const fake = createFakeClock({ startAt: NOW });
  let spent = 0;
  const clock: Clock = { ...fake, now: () => fake.now() + spent };
  registry.api.inject((request, ordinal) => {
    spent += REQUEST_MS;
    return ordinal > ENDLESS ? refuse(500) : faults(request, ordinal);
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

const looks = (repository: string): number =>
  registry.api.requests.filter(({ path }) => path.includes(`/${repository}/digests?page=1&`)).length;

describe("where a look takes more requests than a minute has", () => {
  test("each look is followed by as many deletions as a minute has", async () => {
    fill("web");
    const result = await sweepAt(PER_MINUTE);
    expect(result.errors).toEqual([]);
    expect(store.tags("web")).toHaveLength(PAGES - DEAD);
    expect(looks("web")).toBe(2);
  });

  test("several repositories do not wait for each other until no look holds any more", async () => {
    const names = ["web", "api", "worker", "site"];
    for (const name of names) fill(name);
    const result = await sweepAt(PER_MINUTE);
    expect(result.errors).toEqual([]);
    for (const name of names) {
      expect(store.tags(name)).toHaveLength(PAGES - DEAD);
      expect(looks(name)).toBeLessThanOrEqual(5);
    }
  });
});

test("a host that never lets a deletion in, and never refuses it for good, ends the sweep", async () => {
  fill("web");
  const result = await sweepAt(1_000, ({ method }) =>
    method === "DELETE" ? refuse(429, { "retry-after": "130" }) : null,
  );
  expect(result.errors).toMatchObject([{ kind: "deletion", message: expect.stringContaining("40 deletions in web") }]);
  expect(store.tags("web")).toHaveLength(PAGES);
  expect(looks("web")).toBeLessThanOrEqual(6);
});

test("a host that refuses a deletion for now ends the sweep, and no deletion counts as failed", async () => {
  fill("web");
  const result = await sweepAt(1_000, ({ method }) =>
    method === "DELETE" ? refuse(429, { "retry-after": "7200" }) : null,
  );
  expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("429") }]);
  const planned = result.repositories[0]?.manifests.filter(({ decision }) => decision === "delete");
  expect(new Set(planned?.map(({ outcome }) => outcome))).toEqual(new Set(["kept"]));
  expect(planned).toHaveLength(DEAD);
});

test("a server that fails on every deletion is not asked for all of them", async () => {
  fill("web");
  const result = await sweepAt(1_000, ({ method }) => (method === "DELETE" ? refuse(503) : null));
  expect(result.errors).toMatchObject([
    { kind: "deletion" },
    { kind: "listing", message: expect.stringContaining("503") },
  ]);
  const outcomes = result.repositories[0]?.manifests.filter(({ decision }) => decision === "delete");
  const failed = outcomes?.filter(({ outcome }) => outcome === "failed").length ?? 0;
  expect(failed).toBeGreaterThanOrEqual(30);
  expect(failed).toBeLessThan(34);
  expect(outcomes?.filter(({ outcome }) => outcome === "kept")).toHaveLength(DEAD - failed);
});
