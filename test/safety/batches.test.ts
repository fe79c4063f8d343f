import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import type { Digest } from "../../src/plan/manifest.ts";
import type { RunResult } from "../../src/report/result.ts";
import type { Forge } from "../e2e/team.ts";
import { pushImage, pushIndex } from "../servers/content.ts";
import type { FaultScript, ServedRequest } from "../servers/http-server.ts";
import type { RegistryStore } from "../servers/store.ts";
import { sweepStage } from "./harness.ts";
import { missingBelow, NOW, openStage, type Stage, type StoreKind, serveStageForge } from "./stage.ts";

const HOUR = 3_600_000;
const AT = { repository: "web", pushedAt: NOW - 240 * HOUR } as const;

let forge: Forge;
let stage: Stage;

beforeEach(async () => {
  forge = await serveStageForge();
});

afterEach(async () => {
  await Promise.all([forge.close(), stage.close()]);
});

/** A clock on which each deletion takes more than a minute: each is a batch of its own, after a look of its own. */
function slowDeletions(
  server: string,
  meanwhile: (request: ServedRequest) => ReturnType<FaultScript> = () => null,
): Clock {
  let offset = 0;
  stage.servers[server]?.inject((request) => {
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
  return sweepStage(stage, forge, { concurrency: "1", ...inputs }, slowDeletions(SERVER[stage.kind] ?? "", meanwhile));
}

/** In place of the stage's own images a living one, and a dead index with two of its own, pushed at `pushedAt`, whose digests it returns. */
function deadIndex(store: RegistryStore, pushedAt: number = AT.pushedAt): readonly Digest[] {
  for (const { digest } of store.manifests("web")) store.deleteManifest("web", digest);
  pushImage(store, { ...AT, seed: "main", tags: ["main"] });
  const children = ["amd64", "arm64"].map((seed) => pushImage(store, { ...AT, seed, pushedAt }));
  pushIndex(store, { ...AT, children, tags: ["pr-2"] });
  return children;
}

describe.each<StoreKind>(["digitalocean", "distribution"])("%s: once the index is gone, its images", (kind) => {
  test("stay where a new index lists them by then, though nothing else is left to delete", async () => {
    stage = await openStage(kind);
    const children = deadIndex(stage.store);
    let pushed = false;
    const result = await sweepSlowly(() => {
      if (!pushed)
        pushIndex(stage.store, { repository: "web", tags: ["next"], children: children.slice(1), pushedAt: NOW });
      pushed = true;
      return null;
    });
    expect(result.problems).toEqual([]);
    expect(missingBelow(stage.store, "next")).toEqual([]);
    expect(stage.store.tags("web")).toEqual(["main", "next"]);
  });

  test.each<[string, number, Readonly<Record<string, string>>]>([
    ["where untagged leftovers stay", AT.pushedAt, { untagged: "keep" }],
    ["though they are young", NOW - HOUR, {}],
    ["and do not count as the newest orphans", NOW - 30 * HOUR, { "keep-count": "1" }],
  ])("go with it, %s", async (_title, pushedAt, inputs) => {
    stage = await openStage(kind);
    deadIndex(stage.store, pushedAt);
    // The newest orphan, where one is to stay.
    if ("keep-count" in inputs)
      pushImage(stage.store, { ...AT, seed: "newest", tags: ["pr-3"], pushedAt: NOW - 40 * HOUR });
    const result = await sweepSlowly(() => null, inputs);
    expect(result.problems).toEqual([]);
    const left = "keep-count" in inputs ? ["main", "pr-3"] : ["main"];
    expect(
      stage.store
        .manifests("web")
        .flatMap(({ digest }) => stage.store.tagsOf("web", digest))
        .sort(),
    ).toEqual(left);
    expect(stage.store.manifests("web")).toHaveLength(left.length);
  });
});
