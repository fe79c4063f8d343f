import { afterEach, beforeEach, expect, test } from "vitest";
import type { Digest } from "../../src/digest.ts";
import type { GitHost } from "../e2e/example.ts";
import { pushImage, pushIndex } from "../servers/content.ts";
import { assertPullable, sweepScenario } from "./harness.ts";
import {
  contentsOf,
  missingBelow,
  NOW,
  openScenario,
  type Scenario,
  type StoreScenarioKind,
  serveScenarioGitHost,
} from "./scenario.ts";

const AT = { repository: "web", pushedAt: NOW - 10 * 86_400_000 } as const;

let gitHost: GitHost;
let scenario: Scenario;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost();
});

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close()]);
});

/** An image below `levels` indexes, each of which lists the next; the outermost has `tag`. */
function pushNested(levels: number, tag: string): void {
  let inner: Digest = pushImage(scenario.store, { ...AT, seed: `below ${tag}` });
  for (let level = 1; level < levels; level += 1) inner = pushIndex(scenario.store, { ...AT, children: [inner] });
  pushIndex(scenario.store, { ...AT, children: [inner], tags: [tag] });
}

test.each<StoreScenarioKind>(["digitalocean", "distribution"])(
  "%s: what lives 50 levels deep stays whole",
  async (kind) => {
    scenario = await openScenario(kind);
    pushNested(50, "main");
    const result = await sweepScenario(scenario, gitHost);
    expect(result.errors).toEqual([]);
    expect(missingBelow(scenario.store, "main")).toEqual([]);
    expect(scenario.store.tags("web")).not.toContain("pr-3");
  },
);

test.each<StoreScenarioKind>(["digitalocean", "distribution"])(
  "%s: indexes that nest without measure are an error, and nothing is deleted",
  async (kind) => {
    scenario = await openScenario(kind);
    pushNested(300, "by-hand");
    const before = contentsOf(scenario.store);
    const result = await sweepScenario(scenario, gitHost);
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("200 levels") }]);
    expect(contentsOf(scenario.store)).toEqual(before);
    assertPullable(scenario);
  },
);
