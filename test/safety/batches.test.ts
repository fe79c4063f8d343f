import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import type { Digest } from "../../src/digest.ts";
import type { RunResult } from "../../src/report/result.ts";
import type { GitHost } from "../e2e/example.ts";
import { IMAGE, pushImage, pushIndex } from "../servers/content.ts";
import { type FaultScript, refuse, type ServedRequest } from "../servers/http-server.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { sweepScenario } from "./harness.ts";
import {
  contentsOf,
  missingBelow,
  NOW,
  openScenario,
  type Scenario,
  type StoreScenarioKind,
  serveScenarioGitHost,
} from "./scenario.ts";

const HOUR = 3_600_000;
const AT = { repository: "web", pushedAt: NOW - 240 * HOUR } as const;

let gitHost: GitHost;
let scenario: Scenario;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost();
});

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close()]);
});

/** A clock on which each deletion takes more than a minute: each is a batch of its own, after a look of its own. */
function slowDeletions(
  server: string,
  meanwhile: (request: ServedRequest) => ReturnType<FaultScript> = () => null,
): Clock {
  let offset = 0;
  scenario.servers[server]?.inject((request) => {
    // The one of zeros asks whether deletions are possible.
    if (request.method !== "DELETE" || request.path.endsWith("0".repeat(64))) return null;
    offset += 61_000;
    return meanwhile(request);
  });
  const sleep = async (ms: number): Promise<void> => {
    offset += ms;
  };
  return { now: () => NOW + offset, random: () => 0.5, sleep };
}

const SERVER: Readonly<Record<string, string>> = { digitalocean: "api", distribution: "registry" };

async function sweepSlowly(
  meanwhile: (request: ServedRequest) => ReturnType<FaultScript> = () => null,
  inputs: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  return sweepScenario(
    scenario,
    gitHost,
    { concurrency: "1", ...inputs },
    slowDeletions(SERVER[scenario.kind] ?? "", meanwhile),
  );
}

/** In position of the scenario's own images a living one, and a dead index with two of its own, pushed at `pushedAt`, whose digests it returns. */
function deadIndex(store: RegistryStore, pushedAt: number = AT.pushedAt): readonly Digest[] {
  for (const { digest } of store.manifests("web")) store.deleteManifest("web", digest);
  pushImage(store, { ...AT, seed: "main", tags: ["main"] });
  const children = ["amd64", "arm64"].map((seed) => pushImage(store, { ...AT, seed, pushedAt }));
  pushIndex(store, { ...AT, children, tags: ["pr-2"] });
  return children;
}

describe.each<StoreScenarioKind>(["digitalocean", "distribution"])("%s: once the index is gone, its images", (kind) => {
  test("stay where a new index lists them by then, though nothing else is left to delete", async () => {
    scenario = await openScenario(kind);
    const children = deadIndex(scenario.store);
    let pushed = false;
    const result = await sweepSlowly(() => {
      if (!pushed)
        pushIndex(scenario.store, { repository: "web", tags: ["next"], children: children.slice(1), pushedAt: NOW });
      pushed = true;
      return null;
    });
    expect(result.errors).toEqual([]);
    expect(missingBelow(scenario.store, "next")).toEqual([]);
    expect(scenario.store.tags("web")).toEqual(["main", "next"]);
  });

  test.each<[string, number, Readonly<Record<string, string>>]>([
    ["where untagged leftovers stay", AT.pushedAt, { untagged: "keep" }],
    ["though they are young", NOW - HOUR, {}],
    ["and do not count as the newest orphans", NOW - 30 * HOUR, { "keep-count": "1" }],
  ])("go with it, %s", async (_title, pushedAt, inputs) => {
    scenario = await openScenario(kind);
    deadIndex(scenario.store, pushedAt);
    // The newest orphan, where one is to stay.
    if ("keep-count" in inputs)
      pushImage(scenario.store, { ...AT, seed: "newest", tags: ["pr-3"], pushedAt: NOW - 40 * HOUR });
    const result = await sweepSlowly(() => null, inputs);
    expect(result.errors).toEqual([]);
    const left = "keep-count" in inputs ? ["main", "pr-3"] : ["main"];
    expect(
      scenario.store
        .manifests("web")
        .flatMap(({ digest }) => scenario.store.tagsOf("web", digest))
        .sort(),
    ).toEqual(left);
    expect(scenario.store.manifests("web")).toHaveLength(left.length);
  });
});

test.each<StoreScenarioKind>(["digitalocean", "distribution"])(
  "%s: what cannot be deleted keeps all that it lists",
  async (kind) => {
    scenario = await openScenario(kind);
    const [leaf, other] = deadIndex(scenario.store);
    if (leaf === undefined || other === undefined) throw new Error("an index has two images");
    const inner = pushIndex(scenario.store, { ...AT, children: [leaf] });
    const outer = pushIndex(scenario.store, { ...AT, children: [inner, other], tags: ["pr-3"] });
    scenario.servers[SERVER[kind] ?? ""]?.inject(({ method, path }) =>
      method === "DELETE" && path.endsWith(inner) ? refuse(500) : null,
    );
    const result = await sweepScenario(scenario, gitHost);
    expect(result.errors).toMatchObject([{ kind: "deletion", message: expect.stringContaining(inner) }]);
    const outcomes = new Map(result.repositories[0]?.manifests.map(({ digest, outcome }) => [digest, outcome]));
    expect([outer, inner, leaf, other].map((digest) => outcomes.get(digest))).toEqual([
      "deleted",
      "failed",
      "changed",
      "deleted",
    ]);
    expect([inner, leaf].map((digest) => scenario.store.resolve("web", digest)?.digest)).toEqual([inner, leaf]);
  },
);

describe("what a later look cannot read", () => {
  test.each([
    ["500", refuse(500)],
    ["404: it is listed, so it was pushed", refuse(404, {}, { errors: [{ code: "MANIFEST_UNKNOWN" }] })],
  ])("a new index answers %s: nothing that it may list is deleted, and the step fails", async (_title, answer) => {
    scenario = await openScenario("digitalocean");
    const children = deadIndex(scenario.store);
    let fresh = "";
    scenario.servers["oci"]?.inject(({ path }) => (fresh !== "" && path.endsWith(fresh) ? answer : null));
    const result = await sweepSlowly(() => {
      fresh ||= pushIndex(scenario.store, {
        repository: "web",
        tags: ["next"],
        children: children.slice(1),
        pushedAt: NOW,
      });
      return null;
    });
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining(fresh) }]);
    expect(missingBelow(scenario.store, "next")).toEqual([]);
    const left = result.repositories[0]?.manifests.filter(({ digest }) => children.includes(digest));
    expect(left).toMatchObject(children.map(() => ({ decision: "delete", outcome: "kept" })));
  });
});

test.each<StoreScenarioKind>(["digitalocean", "distribution"])(
  "%s: a list that is empty by then, of what was to stay too, is no word that all is gone",
  async (kind) => {
    scenario = await openScenario(kind);
    const before = contentsOf(scenario.store);
    const isList = (path: string): boolean => path.includes("/digests?") || path.includes("/tags/list");
    const empty = { manifests: [], meta: { total: 0 }, name: "web", tags: null };
    let lists = 0;
    scenario.servers[SERVER[kind] ?? ""]?.inject(({ path }) => {
      if (path.includes("/tags?")) return refuse(200, {}, { tags: [], meta: { total: 0 } });
      if (isList(path)) lists += 1;
      return isList(path) && lists > 1 ? refuse(200, {}, empty) : null;
    });
    const result = await sweepScenario(scenario, gitHost);
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("was empty") }]);
    expect(new Set(result.repositories[0]?.manifests.map(({ outcome }) => outcome))).toEqual(new Set(["kept"]));
    expect(contentsOf(scenario.store)).toEqual(before);
  },
);

/** Answers what is attached to a manifest, as a registry does that has a referrers API; null: it is asked something else. */
function referrersOf({ path }: ServedRequest): readonly string[] | null {
  const subject = /\/referrers\/(sha256:\w+)$/.exec(path)?.[1];
  return subject === undefined ? null : scenario.store.referrersOf("web", subject).map(({ digest }) => digest);
}

const indexOf = (digests: readonly string[]) =>
  refuse(
    200,
    { "content-type": "application/vnd.oci.image.index.v1+json" },
    { schemaVersion: 2, manifests: digests.map((digest) => ({ digest, mediaType: IMAGE, size: 1 })) },
  );
const NOT_FOUND = refuse(404, {}, { errors: [{ code: "MANIFEST_UNKNOWN" }] });

describe("a referrers API", () => {
  test("that answers 404 for what is not there is one all the same: a living image's signature stays", async () => {
    scenario = await openScenario("digitalocean");
    deadIndex(scenario.store);
    const living = scenario.store.resolve("web", "main")?.digest;
    if (living === undefined) throw new Error("main is not there");
    const signature = pushImage(scenario.store, { ...AT, seed: "signature", subject: living });
    const ghost = pushIndex(scenario.store, { ...AT, children: [], tags: ["pr-3"], pushedAt: NOW - HOUR });
    scenario.servers["oci"]?.inject((request) => {
      if (request.path.endsWith(ghost)) return NOT_FOUND;
      const attached = request.headers.authorization === undefined ? null : referrersOf(request);
      return attached === null ? null : indexOf(attached);
    });
    const result = await sweepSlowly();
    expect(result.errors).toEqual([]);
    expect(scenario.store.resolve("web", signature)).not.toBeNull();
    expect(scenario.store.tags("web")).toEqual(["main"]);
  });

  test.each([
    ["for one manifest", (asked: number) => asked > 1],
    ["at a later look", (_asked: number, deletions: number) => deletions > 0],
  ])("that is there and then is not, %s, is a list that is not whole", async (_title, isDown) => {
    scenario = await openScenario("distribution");
    deadIndex(scenario.store);
    let asked = 0;
    let deletions = 0;
    const before = contentsOf(scenario.store).length;
    const clock = slowDeletions("registry");
    scenario.servers["registry"]?.inject((request) => {
      if (request.method === "DELETE" && !request.path.endsWith("0".repeat(64))) {
        deletions += 1;
        clock.sleep(61_000);
      }
      const attached = referrersOf(request);
      if (attached === null) return null;
      asked += 1;
      return isDown(asked, deletions) ? NOT_FOUND : indexOf(attached);
    });
    const result = await sweepScenario(scenario, gitHost, { concurrency: "1" }, clock);
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("attached") }]);
    expect(contentsOf(scenario.store)).toHaveLength(before - deletions);
    expect(deletions).toBeLessThan(2);
  });
});

describe("a token that is refused halfway ends the run", () => {
  test("while manifests are read: it is no manifest that cannot be read", async () => {
    scenario = await openScenario("digitalocean");
    const before = contentsOf(scenario.store);
    scenario.servers["oci"]?.inject(({ path, headers }) =>
      headers.authorization !== undefined && path.includes("/manifests/") ? refuse(403) : null,
    );
    const result = await sweepScenario(scenario, gitHost);
    // It is a problem of the run, and not of the repository alone.
    expect(result.errors).toMatchObject([{ kind: "permission", message: expect.not.stringMatching(/^web: /) }]);
    expect(contentsOf(scenario.store)).toEqual(before);
  });

  test("while manifests are deleted: what was not reached is told so", async () => {
    scenario = await openScenario("digitalocean");
    let deletions = 0;
    scenario.servers["api"]?.inject(({ method }) => {
      if (method === "DELETE") deletions += 1;
      return method === "DELETE" && deletions > 1 ? refuse(403, {}, { id: "forbidden", message: "no" }) : null;
    });
    const result = await sweepScenario(scenario, gitHost, { concurrency: "1" });
    expect(result.errors).toMatchObject([{ kind: "deletion" }, { kind: "permission" }]);
    expect(deletions).toBe(2);
    const planned = result.repositories[0]?.manifests.filter(({ decision }) => decision === "delete") ?? [];
    const [deleted, failed, ...others] = planned.map(({ outcome, error }) => `${outcome} ${error ?? ""}`);
    expect([deleted, failed?.split(" ")[0]]).toEqual(["deleted ", "failed"]);
    expect(new Set(others)).toEqual(new Set(["kept not reached: the run ended before its turn"]));
  });
});
