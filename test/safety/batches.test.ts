import { afterEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { pushImage, pushIndex } from "../servers/content.ts";
import { refuse } from "../servers/http-server.ts";
import { missingContent } from "../servers/pull.ts";
import { sweepScenario } from "./harness.ts";
import { contentsOf, NOW, openScenario, type Scenario, type StoreScenarioKind } from "./scenario.ts";
import {
  AT,
  deletionServer,
  fillOrphanedIndex,
  HOUR,
  isDeletion,
  isList,
  movableClock,
  slowDeletions,
} from "./slow-deletions.ts";
import { useGitHost } from "./use-git-host.ts";

const KINDS: readonly StoreScenarioKind[] = ["digitalocean", "distribution"];
const ONE_BY_ONE = { concurrency: "1" };

let gitHost: GitHost;
let scenario: Scenario;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

describe.each(KINDS)("%s: after an index was deleted, its children", (kind) => {
  test("are kept if a new index lists them", async () => {
    scenario = await openScenario(kind);
    const children = fillOrphanedIndex(scenario.store);
    let isPushed = false;
    const clock = slowDeletions(scenario, () => {
      if (!isPushed)
        pushIndex(scenario.store, { repository: "web", tags: ["next"], children: children.slice(1), pushedAt: NOW });
      isPushed = true;
      return null;
    });
    const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE, { clock });
    expect(result.errors).toEqual([]);
    expect(missingContent(scenario.store, "web", "next")).toEqual([]);
    expect(scenario.store.tags("web")).toEqual(["main", "next"]);
  });

  test.each<[string, number, Readonly<Record<string, string>>]>([
    ["with `untagged: keep`", AT.pushedAt, { untagged: "keep" }],
    ["within the grace period", NOW - HOUR, {}],
    ["and do not count for keep-count", NOW - 30 * HOUR, { "keep-count": "1" }],
  ])("are deleted %s", async (_title, pushedAt, inputs) => {
    scenario = await openScenario(kind);
    fillOrphanedIndex(scenario.store, pushedAt);
    // The newest orphaned image, which keep-count keeps.
    if ("keep-count" in inputs) {
      const newest = NOW - 40 * HOUR;
      const times = { pushedAt: newest, created: new Date(newest).toISOString() };
      pushImage(scenario.store, { ...AT, seed: "newest", tags: ["pr-3"], ...times });
    }
    const clock = slowDeletions(scenario);
    const result = await sweepScenario(scenario, gitHost, { ...ONE_BY_ONE, ...inputs }, { clock });
    expect(result.errors).toEqual([]);
    const kept = "keep-count" in inputs ? ["main", "pr-3"] : ["main"];
    expect(scenario.store.tags("web")).toEqual(kept);
    expect(scenario.store.manifests("web")).toHaveLength(kept.length);
  });
});

test.each(KINDS)("%s: an index that cannot be deleted keeps its children", async (kind) => {
  scenario = await openScenario(kind);
  const [leaf, other] = fillOrphanedIndex(scenario.store);
  const inner = pushIndex(scenario.store, { ...AT, children: [leaf] });
  const outer = pushIndex(scenario.store, { ...AT, children: [inner, other], tags: ["pr-3"] });
  deletionServer(scenario)?.inject(({ method, path }) =>
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
});

test.each(KINDS)("%s: a list that is empty in the recheck does not prove that all manifests are gone", async (kind) => {
  scenario = await openScenario(kind);
  const before = contentsOf(scenario.store);
  const empty = { manifests: [], meta: { total: 0 }, name: "web", tags: null };
  let lists = 0;
  deletionServer(scenario)?.inject((request) => {
    if (request.path.includes("/tags?")) return refuse(200, {}, { tags: [], meta: { total: 0 } });
    if (isList(request)) lists += 1;
    return isList(request) && lists > 1 ? refuse(200, {}, empty) : null;
  });
  const result = await sweepScenario(scenario, gitHost);
  expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("empty") }]);
  expect(new Set(result.repositories[0]?.manifests.map(({ outcome }) => outcome))).toEqual(
    new Set(["kept", "deferred"]),
  );
  expect(contentsOf(scenario.store)).toEqual(before);
});

test("an index is kept for an app that uses its child, even if the child was already kept for a new tag", async () => {
  scenario = await openScenario("digitalocean");
  const { store } = scenario;
  const [child] = fillOrphanedIndex(store);
  // It is deleted first, because it is newer.
  pushImage(store, { ...AT, seed: "newer", tags: ["pr-3"], pushedAt: NOW - 120 * HOUR });
  const index = store.resolve("web", "pr-2")?.digest ?? "";
  let isUsed = false;
  let lists = 0;
  const clock = movableClock();
  deletionServer(scenario)?.inject((request) => {
    if (isList(request)) lists += 1;
    if (isList(request) && lists === 2) store.tag("web", "next", child);
    if (isDeletion(request)) {
      isUsed = true;
      clock.skip(61_000);
    }
    const apps = isUsed ? [{ id: "1", active_deployment: { digest: child } }] : [];
    return request.path.includes("/apps?") ? refuse(200, {}, { apps, links: {}, meta: { total: apps.length } }) : null;
  });
  const result = await sweepScenario(scenario, gitHost, { ...ONE_BY_ONE, "protect-apps": "true" }, { clock });
  expect(isUsed).toBe(true);
  expect(result.errors).toEqual([]);
  expect(store.resolve("web", index)).not.toBeNull();
});
