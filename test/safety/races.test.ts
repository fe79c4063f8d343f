import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import type { RunResult } from "../../src/report/result.ts";
import type { GitHost } from "../e2e/example.ts";
import { pushImage, pushIndex } from "../servers/content.ts";
import { pullRequest } from "../servers/github/server.ts";
import type { ServedRequest } from "../servers/http-server.ts";
import { referencesOf } from "../servers/oci/store.ts";
import { missingContent } from "../servers/pull.ts";
import { assertPullable, baselineOf, sweepScenario } from "./harness.ts";
import { contentsOf, NOW, openScenario, type Scenario, serveScenarioGitHost } from "./scenario.ts";

let gitHost: GitHost;
let scenario: Scenario;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost();
  scenario = await openScenario("digitalocean");
});

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close()]);
});

/** A change during a sweep, and the tags that must be kept because of it. */
interface Race {
  readonly title: string;
  readonly change: () => void;
  readonly kept: readonly string[];
}

const digestOf = (reference: string) => {
  const manifest = scenario.store.resolve("web", reference);
  if (manifest === null) throw new Error(`${reference} does not exist`);
  return manifest.digest;
};
const childrenOf = (reference: string) =>
  referencesOf(scenario.store.resolve("web", reference)?.bytes ?? Buffer.from("{}")).children;

const RACES: readonly Race[] = [
  {
    title: "a live tag moves to a candidate",
    change: () => scenario.store.tag("web", "next", digestOf("pr-3")),
    kept: ["next", "pr-3"],
  },
  {
    title: "a candidate is pushed again with a live tag",
    change: () => {
      const { bytes, mediaType } = scenario.store.resolve("web", "pr-2") ?? { bytes: Buffer.alloc(0), mediaType: "" };
      scenario.store.putManifest("web", "main", bytes, mediaType, NOW);
    },
    kept: ["main", "pr-2"],
  },
  {
    title: "a new index lists a candidate",
    change: () =>
      void pushIndex(scenario.store, {
        repository: "web",
        tags: ["main"],
        children: childrenOf("pr-2"),
        pushedAt: NOW,
      }),
    kept: ["main"],
  },
  {
    title: "a new index with an orphaned tag lists a candidate",
    change: () =>
      void pushIndex(scenario.store, {
        repository: "web",
        tags: ["pr-2-again"],
        children: childrenOf("pr-2"),
        pushedAt: NOW,
      }),
    kept: ["pr-2-again"],
  },
  {
    title: "a pull request is reopened",
    change: () => {
      const { pullRequests } = gitHost.github.state.repositories.get("octo/web") ?? { pullRequests: new Map() };
      pullRequests.set(3, pullRequest(3, { createdAt: NOW - 9e8, updatedAt: NOW }));
    },
    kept: ["pr-3"],
  },
  {
    title: "a branch is created again",
    change: () => {
      const ref = join(gitHost.repository.path, "refs/heads/pr-3");
      mkdirSync(dirname(ref), { recursive: true });
      writeFileSync(ref, `${mainCommit}\n`);
    },
    kept: ["pr-3"],
  },
];
/** Changes of refs only. */
const REF_RACES = RACES.slice(4);

let mainCommit = "";

function expectKept({ kept }: Race, result: RunResult): void {
  expect(result.errors).toEqual([]);
  for (const tag of kept) expect(missingContent(scenario.store, "web", tag), tag).toEqual([]);
  assertPullable(scenario);
}

/** Calls `change` once, before the server answers the first request that `when` selects. */
function once(when: (request: ServedRequest) => boolean, change: () => void): void {
  let isDone = false;
  scenario.servers["api"]?.inject((request) => {
    if (!isDone && when(request)) {
      isDone = true;
      change();
    }
    return null;
  });
}

describe("between plan and deletion", () => {
  test.each(RACES)("$title: the image is kept complete", async (race) => {
    mainCommit = await gitHost.repository.commitOf("main");
    // The last request before the recheck asks whether garbage collection is running.
    once(({ path }) => path.endsWith("/garbage-collection"), race.change);
    expectKept(race, await sweepScenario(scenario, gitHost));
  });
});

describe("while the recheck reads the list", () => {
  test.each(REF_RACES)("$title: the image is kept", async (race) => {
    mainCommit = await gitHost.repository.commitOf("main");
    let lists = 0;
    once(({ path }) => {
      if (path.includes("/digests?")) lists += 1;
      return lists === 2;
    }, race.change);
    const result = await sweepScenario(scenario, gitHost);
    expect(lists).toBe(2);
    expectKept(race, result);
  });
});

describe("between two batches", () => {
  test.each(RACES)("$title: the image is kept complete", async (race) => {
    mainCommit = await gitHost.repository.commitOf("main");
    // An image that is deleted before the others: its deletion takes more than a minute, then the change happens.
    const at = { repository: "web", pushedAt: NOW - 1 };
    const child = pushImage(scenario.store, { ...at, seed: "first" });
    pushIndex(scenario.store, { ...at, children: [child], tags: ["pr-1-first"] });
    let offset = 0;
    const clock: Clock = {
      now: () => NOW + offset,
      random: () => 0.5,
      sleep: (ms) => {
        offset += ms;
        return Promise.resolve();
      },
    };
    once(
      ({ method }) => method === "DELETE",
      () => {
        offset += 61_000;
        race.change();
      },
    );
    const result = await sweepScenario(scenario, gitHost, { concurrency: "1" }, { clock });
    expect(offset).toBeGreaterThanOrEqual(61_000);
    expectKept(race, result);
  });
});

test("two concurrent sweeps succeed and delete the same images as one", async () => {
  const baseline = await baselineOf(await openScenario("digitalocean"), gitHost);
  const results = await Promise.all([sweepScenario(scenario, gitHost), sweepScenario(scenario, gitHost)]);
  for (const result of results) expect(result.errors).toEqual([]);
  assertPullable(scenario);
  expect(contentsOf(scenario.store)).toEqual(baseline.contents);
});
