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
import { assertPullable, baselineOf, sweepScenario } from "./harness.ts";
import { contentsOf, missingBelow, NOW, openScenario, type Scenario, serveScenarioGitHost } from "./scenario.ts";

let gitHost: GitHost;
let scenario: Scenario;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost();
  scenario = await openScenario("digitalocean");
});

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close()]);
});

/** What the world does meanwhile, and the tags that must then be there, and be whole. */
interface Race {
  readonly title: string;
  readonly meanwhile: () => void;
  readonly living: readonly string[];
}

const digestOf = (reference: string) => {
  const manifest = scenario.store.resolve("web", reference);
  if (manifest === null) throw new Error(`${reference} is not there`);
  return manifest.digest;
};

const RACES: readonly Race[] = [
  {
    title: "a living tag moves onto a candidate",
    meanwhile: () => scenario.store.tag("web", "next", digestOf("pr-3")),
    living: ["next", "pr-3"],
  },
  {
    title: "a candidate is pushed again, under a living tag of its own",
    meanwhile: () => {
      const { bytes, mediaType } = scenario.store.resolve("web", "pr-2") ?? { bytes: Buffer.alloc(0), mediaType: "" };
      scenario.store.putManifest("web", "main", bytes, mediaType, NOW);
    },
    living: ["main", "pr-2"],
  },
  {
    title: "a new index lists a candidate",
    meanwhile: () => {
      const children = referencesOf(scenario.store.resolve("web", "pr-2")?.bytes ?? Buffer.from("{}")).children;
      pushIndex(scenario.store, { repository: "web", tags: ["main"], children, pushedAt: NOW });
    },
    living: ["main"],
  },
  {
    title: "a new index with a dead tag lists a candidate",
    meanwhile: () => {
      const children = referencesOf(scenario.store.resolve("web", "pr-2")?.bytes ?? Buffer.from("{}")).children;
      pushIndex(scenario.store, { repository: "web", tags: ["pr-2-again"], children, pushedAt: NOW });
    },
    living: ["pr-2-again"],
  },
  {
    title: "a pull request is opened again",
    meanwhile: () => {
      const { pullRequests } = gitHost.github.state.repositories.get("octo/web") ?? { pullRequests: new Map() };
      pullRequests.set(3, pullRequest(3, { createdAt: NOW - 9e8, updatedAt: NOW }));
    },
    living: ["pr-3"],
  },
  {
    title: "a branch is created again",
    meanwhile: () => {
      const ref = join(gitHost.repository.path, "refs/heads/pr-3");
      mkdirSync(dirname(ref), { recursive: true });
      writeFileSync(ref, `${mainCommit}\n`);
    },
    living: ["pr-3"],
  },
];

let mainCommit = "";

function expectLiving({ living }: Race, result: RunResult): void {
  expect(result.errors).toEqual([]);
  for (const tag of living) expect(missingBelow(scenario.store, tag), tag).toEqual([]);
  for (const tag of ["main", "next", "jane"]) expect(missingBelow(scenario.store, tag), tag).toEqual([]);
}

/** Calls `act` once, right before the server answers the first request that `when` picks. */
function once(when: (request: ServedRequest) => boolean, act: () => void): void {
  let acted = false;
  scenario.servers["api"]?.inject((request) => {
    if (!acted && when(request)) {
      acted = true;
      act();
    }
    return null;
  });
}

describe("between plan and deletion", () => {
  test.each(RACES)("$title: it stays, and so does all that it needs", async (race) => {
    mainCommit = await gitHost.repository.commitOf("main");
    // The last question before the new look: is a collection running?
    once(({ path }) => path.endsWith("/garbage-collection"), race.meanwhile);
    expectLiving(race, await sweepScenario(scenario, gitHost));
  });
});

describe("while the later look reads the list", () => {
  test.each(RACES.filter(({ title }) => title.endsWith("again")))("$title: it stays", async (race) => {
    mainCommit = await gitHost.repository.commitOf("main");
    let lists = 0;
    once(({ path }) => {
      if (path.includes("/digests?")) lists += 1;
      return lists === 2;
    }, race.meanwhile);
    const result = await sweepScenario(scenario, gitHost);
    expect(lists).toBe(2);
    expectLiving(race, result);
  });
});

describe("between two batches", () => {
  test.each(RACES)("$title: it stays, and so does all that it needs", async (race) => {
    mainCommit = await gitHost.repository.commitOf("main");
    // Enough that dies before the others: the first deletion takes more than a minute, and then the world changes.
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
        race.meanwhile();
      },
    );
    const result = await sweepScenario(scenario, gitHost, { concurrency: "1" }, clock);
    expect(offset).toBeGreaterThanOrEqual(61_000);
    expectLiving(race, result);
  });
});

test("another sweep side by side: both end well, and leave what one alone leaves", async () => {
  const baseline = await baselineOf("digitalocean", gitHost);
  const results = await Promise.all([sweepScenario(scenario, gitHost), sweepScenario(scenario, gitHost)]);
  for (const result of results) expect(result.errors).toEqual([]);
  assertPullable(scenario);
  expect(contentsOf(scenario.store)).toEqual(baseline.contents);
});
