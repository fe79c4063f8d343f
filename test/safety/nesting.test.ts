import { afterEach, expect, test } from "vitest";
import type { Digest } from "../../src/digest.ts";
import type { GitHost } from "../e2e/example.ts";
import { pushImage, pushIndex } from "../servers/content.ts";
import { assertPullable, sweepScenario } from "./harness.ts";
import { contentsOf, NOW, openScenario, type Scenario, type StoreScenarioKind } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const AT = { repository: "web", pushedAt: NOW - 10 * 86_400_000 } as const;
const KINDS: readonly StoreScenarioKind[] = ["digitalocean", "distribution"];

let gitHost: GitHost;
let scenario: Scenario;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

/** Pushes an image below `levels` indexes, each of which lists the next one. The outermost one has `tag`. */
function pushNested(levels: number, tag: string): void {
  let inner: Digest = pushImage(scenario.store, { ...AT, seed: `below ${tag}` });
  for (let level = 1; level < levels; level += 1) inner = pushIndex(scenario.store, { ...AT, children: [inner] });
  pushIndex(scenario.store, { ...AT, children: [inner], tags: [tag] });
}

test.each(KINDS)("%s: keeps a live image below 50 indexes", async (kind) => {
  scenario = await openScenario(kind);
  pushNested(50, "main");
  const result = await sweepScenario(scenario, gitHost);
  expect(result.errors).toEqual([]);
  assertPullable(scenario);
  expect(scenario.store.tags("web")).not.toContain("pr-3");
});

test.each(KINDS)("%s: 300 nested indexes are an error, and nothing is deleted", async (kind) => {
  scenario = await openScenario(kind);
  pushNested(300, "by-hand");
  const before = contentsOf(scenario.store);
  const result = await sweepScenario(scenario, gitHost);
  expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("200 levels") }]);
  expect(contentsOf(scenario.store)).toEqual(before);
  assertPullable(scenario);
});
