import { afterEach, beforeEach, expect, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import type { GitHost } from "../e2e/example.ts";
import { pushImage } from "../servers/content.ts";
import { refuse } from "../servers/http-server.ts";
import { sweepScenario } from "./harness.ts";
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

const tags = (): readonly string[] => scenario.store.tags("web");

/** Puts more dead tags beside `pr-1`, on the image of a living branch. */
function deadTags(...names: readonly string[]): void {
  const living = scenario.store.resolve("web", "next");
  if (living === null) throw new Error("next is not there");
  for (const name of names) scenario.store.tag("web", name, living.digest);
}

/** A clock that tests move: `skip` lets time pass, as a slow server does. */
function movableClock(): Clock & { skip(ms: number): void } {
  let offset = 0;
  const skip = (ms: number): void => {
    offset += ms;
  };
  return { now: () => NOW + offset, random: () => 0.5, sleep: async (ms) => skip(ms), skip };
}

test("a dead tag of an image that stays is reported, and removed only where that was asked for", async () => {
  const told = await sweepScenario(scenario, gitHost);
  expect(told.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-1", outcome: "reported" }]);
  expect(tags()).toContain("pr-1");
  const removed = await sweepScenario(scenario, gitHost, { "remove-stale-tags": "true" });
  expect(removed.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-1", outcome: "deleted" }]);
  expect(tags()).not.toContain("pr-1");
  expect(missingBelow(scenario.store, "next")).toEqual([]);
});

test("trap 10: a dead tag that moved since it was listed is left alone, with the image that it is on now", async () => {
  const { api } = scenario.servers;
  let moved: string | null = null;
  // The last thing before the tags go is a list of the repository: by then the tag is on another image.
  api?.inject((request) => {
    const isSecondList =
      request.path.includes("/digests?") && api.requests.filter(({ path }) => path.includes("/digests?")).length > 1;
    if (isSecondList && moved === null) {
      moved = pushImage(scenario.store, { repository: "web", seed: "moved", tags: ["pr-1"] });
    }
    return null;
  });
  const result = await sweepScenario(scenario, gitHost, { "remove-stale-tags": "true" });
  expect(moved).not.toBeNull();
  expect(result.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-1", outcome: "changed" }]);
  expect(scenario.store.resolve("web", "pr-1")?.digest).toBe(moved);
  expect(contentsOf(scenario.store).some((line) => line.startsWith(String(moved)))).toBe(true);
});

test("a dead tag that moves while others are removed for more than a minute is left alone, too", async () => {
  deadTags("pr-1-0", "pr-1-1");
  const clock = movableClock();
  let moved: string | null = null;
  scenario.servers["api"]?.inject(({ method, path }) => {
    if (method === "DELETE" && path.includes("/tags/") && moved === null) {
      clock.skip(61_000);
      const last = [...tags()].filter((tag) => tag.startsWith("pr-1") && !path.endsWith(`/${tag}`)).at(-1) ?? "";
      moved = last;
      pushImage(scenario.store, { repository: "web", seed: "moved", tags: [last] });
    }
    return null;
  });
  const result = await sweepScenario(scenario, gitHost, { "remove-stale-tags": "true", concurrency: "1" }, clock);
  expect(result.errors).toEqual([]);
  const outcomes = Object.fromEntries(
    result.repositories[0]?.staleTags.map(({ tag, outcome }) => [tag, outcome]) ?? [],
  );
  expect(outcomes[String(moved)]).toBe("changed");
  expect(Object.values(outcomes).sort()).toEqual(["changed", "deleted", "deleted"]);
  expect(tags()).toContain(moved);
});

test("what a lost permission ends halfway is told as it is", async () => {
  deadTags("pr-1-0", "pr-1-1");
  let removals = 0;
  scenario.servers["api"]?.inject(({ method, path }) => {
    if (method !== "DELETE" || !path.includes("/tags/")) return null;
    removals += 1;
    return removals === 2 ? refuse(403, {}, { id: "forbidden", message: "no" }) : null;
  });
  const result = await sweepScenario(scenario, gitHost, { "remove-stale-tags": "true", concurrency: "1" });
  expect(result.errors).toMatchObject([{ kind: "deletion" }, { kind: "permission" }]);
  const told = result.repositories[0]?.staleTags ?? [];
  expect(told.map(({ outcome }) => outcome).sort()).toEqual(["deleted", "failed", "reported"]);
  for (const { tag, outcome } of told) expect(tags().includes(tag), tag).toBe(outcome !== "deleted");
});
