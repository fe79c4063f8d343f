import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { Fault } from "../../src/fault.ts";
import { createHttpClient } from "../../src/http/client.ts";
import type { RunResult } from "../../src/report/result.ts";
import { run } from "../../src/run.ts";
import type { GitHost } from "../e2e/example.ts";
import { settingsOf, silentLog } from "../run.ts";
import { pushImage, pushIndex } from "../servers/content.ts";
import { type DigitalOceanRegistry, serveDigitalOceanRegistry } from "../servers/digitalocean/registry.ts";
import { createFakeClock } from "../servers/fake-clock.ts";
import { refuse } from "../servers/http-server.ts";
import { RegistryStore } from "../servers/oci/store.ts";
import { NOW } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const TOKEN = "dop_v1_example";
const AT = { repository: "web", pushedAt: NOW - 240 * 3_600_000 } as const;
const ORPHANED = 30;

let gitHost: GitHost;
let store: RegistryStore;
let registry: DigitalOceanRegistry;

useGitHost((served) => {
  gitHost = served;
});

beforeEach(async () => {
  store = new RegistryStore({ now: () => NOW });
  registry = await serveDigitalOceanRegistry(store, { registry: "acme", token: TOKEN });
  pushImage(store, { ...AT, seed: "main", tags: ["main"] });
  for (let image = 0; image < ORPHANED; image += 1)
    pushImage(store, { ...AT, seed: `${image}`, tags: [`pr-1-${image}`] });
});

afterEach(() => registry.close());

async function sweep(
  concurrency = 4,
  clock: Clock = createFakeClock({ startAt: NOW }),
  signal = new AbortController().signal,
): Promise<RunResult> {
  const inputs = { registry: registry.address, provider: "digitalocean", "api-url": registry.api.apiUrl.href };
  const settings = settingsOf({ ...inputs, token: TOKEN, concurrency: String(concurrency) }, gitHost.environment);
  const http = createHttpClient({ clock, concurrency: settings.concurrency, signal });
  try {
    return await run(settings, { http, clock, log: silentLog, signal });
  } finally {
    await http.close();
  }
}

/** Starts a collection after some deletions. Meanwhile, DELETE is answered with `status`. */
function collectDuringSweep(status: number, atDeletion = 10): () => number {
  const { collections } = registry.api.state;
  let deletions = 0;
  let refused = 0;
  registry.api.inject(({ method }) => {
    if (method !== "DELETE") return null;
    deletions += 1;
    if (deletions === atDeletion) collections.start("unreferenced blobs only");
    if (!collections.isReadOnly()) return null;
    refused += 1;
    return refuse(status);
  });
  return () => refused;
}

describe("a collection that starts during the sweep", () => {
  test.each([400, 403, 405, 409, 423, 503])("delays the other deletions, if DELETE returns %i", async (status) => {
    const refused = collectDuringSweep(status);
    const result = await sweep();
    expect(result.errors).toEqual([]);
    expect(store.tags("web")).toEqual(["main"]);
    // Those in flight, and not the rest.
    expect(refused()).toBeGreaterThan(0);
    expect(refused()).toBeLessThanOrEqual(8);
  });

  test("delays an index that shares a platform with another, and both are deleted", async () => {
    for (const { digest } of store.manifests("web")) store.deleteManifest("web", digest);
    const shared = pushImage(store, { ...AT, seed: "shared" });
    for (const tag of ["pr-1", "pr-2"]) {
      pushIndex(store, { ...AT, children: [shared, pushImage(store, { ...AT, seed: tag })], tags: [tag] });
    }
    pushImage(store, { ...AT, seed: "main", tags: ["main"] });
    collectDuringSweep(409, 1);
    const result = await sweep(1);
    expect(result.errors).toEqual([]);
    expect(store.manifests("web")).toHaveLength(1);
  });

  test("defers what is left if the job is cancelled meanwhile", async () => {
    const cancelled = new AbortController();
    const clock = createFakeClock({ startAt: NOW });
    const fault = new Fault("interrupted", "The job was cancelled", "Run it again.");
    const sleep: Clock["sleep"] = async (ms, signal) => {
      if (registry.api.state.collections.isReadOnly() && !cancelled.signal.aborted) cancelled.abort(fault);
      return clock.sleep(ms, signal);
    };
    collectDuringSweep(409);
    const result = await sweep(4, { ...clock, now: () => clock.now(), sleep }, cancelled.signal);
    expect(result.errors).toMatchObject([{ kind: "interrupted" }]);
    const outcomes = new Set(result.repositories[0]?.manifests.map(({ outcome }) => outcome));
    expect(outcomes).toEqual(new Set(["kept", "deleted", "deferred"]));
  });

  test("that does not end defers the other deletions, and the step fails with its uuid", async () => {
    registry.api.state.collections.behaviour = { ...registry.api.state.collections.behaviour, advances: 9e9 };
    const refused = collectDuringSweep(409);
    const result = await sweep();
    expect(result.errors).toMatchObject([{ kind: "registry", message: expect.stringContaining("is read-only") }]);
    expect(refused()).toBeLessThanOrEqual(4);
    expect(store.tags("web").length).toBeGreaterThan(ORPHANED - 10);
  });
});
