import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { pullRequest } from "../servers/github/server.ts";
import { manifestIn, sweepScenario } from "./harness.ts";
import { contentsOf, NOW, openScenario, type Scenario, serveScenarioGitHost } from "./scenario.ts";
import { deletionServer, fillOrphanedIndex, isDeletion, isList, movableClock } from "./slow-deletions.ts";

const ONE_BY_ONE = { concurrency: "1" };
/** Longer than a recheck may take, in milliseconds. */
const TOO_LONG_MS = 601_000;

let gitHost: GitHost;
let scenario: Scenario;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost();
});

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close()]);
});

const orphanedIndex = () => scenario.store.resolve("web", "pr-2")?.digest ?? "sha256:";

/** Counts the lists of the repository, and the deletions. */
function countRequests(): { readonly lists: () => number; readonly deletions: () => number } {
  const requests = () => deletionServer(scenario)?.requests ?? [];
  return { lists: () => requests().filter(isList).length, deletions: () => requests().filter(isDeletion).length };
}

describe.each(["digitalocean", "distribution"] as const)("%s: if GitHub takes more than 10 minutes", (kind) => {
  test("after the list of a recheck, an image that got a live tag meanwhile is kept", async () => {
    scenario = await openScenario(kind);
    fillOrphanedIndex(scenario.store);
    const index = orphanedIndex();
    const { lists, deletions } = countRequests();
    const clock = movableClock();
    let isSlow = false;
    gitHost.github.inject(() => {
      if (lists() < 2 || isSlow) return null;
      isSlow = true;
      scenario.store.tag("web", "next", index);
      clock.skip(TOO_LONG_MS);
      return null;
    });
    const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE, { clock });
    expect(isSlow).toBe(true);
    expect(result.errors).toEqual([]);
    expect(deletions()).toBe(0);
    expect(manifestIn(result, index)).toMatchObject({ outcome: "changed", error: "branch next" });
  });

  test("in every recheck, nothing is deleted and the step fails", async () => {
    scenario = await openScenario(kind);
    fillOrphanedIndex(scenario.store);
    const before = contentsOf(scenario.store);
    const { lists } = countRequests();
    const clock = movableClock();
    gitHost.github.inject(() => {
      if (lists() > 1) clock.skip(TOO_LONG_MS);
      return null;
    });
    const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE, { clock });
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("more than 10 min") }]);
    expect(contentsOf(scenario.store)).toEqual(before);
    expect(manifestIn(result, orphanedIndex())).toMatchObject({ outcome: "deferred" });
  });
});

test("oci: a recheck whose referrers took more than 10 minutes is repeated, and reads pull requests again", async () => {
  scenario = await openScenario("oci");
  fillOrphanedIndex(scenario.store);
  const clock = movableClock();
  const { lists, deletions } = countRequests();
  let isReopened = false;
  deletionServer(scenario)?.inject(({ path }) => {
    if (lists() === 2 && path.includes("/referrers/") && !isReopened) {
      isReopened = true;
      clock.skip(TOO_LONG_MS);
      const reopened = pullRequest(2, { createdAt: NOW - 9e8, updatedAt: NOW });
      gitHost.github.state.repositories.get("octo/web")?.pullRequests.set(2, reopened);
    }
    return null;
  });
  const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE, { clock });
  expect(isReopened).toBe(true);
  expect(deletions()).toBe(0);
  expect(manifestIn(result, orphanedIndex())).toMatchObject({ error: "pull request #2 is open" });
});
