import { afterEach, describe, expect, test } from "vitest";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { closed as closedEvent } from "../e2e/fixture.ts";
import type { Event } from "../run.ts";
import { pushImage } from "../servers/content.ts";
import { pullRequest, type TestPullRequest } from "../servers/github/server.ts";
import { missingContent } from "../servers/pull.ts";
import { sweepScenario } from "./harness.ts";
import { NOW, openScenario, type Scenario } from "./scenario.ts";

const DAY = 86_400_000;
/** More than one page of open pull requests, all updated after the ones that the tests are about. */
const OTHERS = Array.from({ length: 150 }, (_, index) =>
  pullRequest(1_000 + index, { createdAt: NOW - 3 * DAY, updatedAt: NOW - index * 1_000 }),
);
const CLOSED_12 = pullRequest(12, {
  ...{ state: "closed", headBranch: "topic", createdAt: NOW - 20 * DAY },
  ...{ closedAt: NOW - 5 * DAY, updatedAt: NOW - 5 * DAY },
});
const EVENT: Event = closedEvent(12, {
  merged: false,
  closed_at: new Date(NOW - 5 * DAY).toISOString(),
  head: { ref: "topic", sha: CLOSED_12.headCommit, repo: { full_name: "octo/web" } },
});

let gitHost: GitHost;
let scenario: Scenario;

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close()]);
});

/** Opens a registry with the images of pull request 12, and of `tag`. */
async function open(pullRequests: readonly TestPullRequest[], tag: string): Promise<void> {
  gitHost = await serveGitHost({ branches: ["main"], pullRequests: [...OTHERS, ...pullRequests] });
  scenario = await openScenario("digitalocean", {
    fill: (store) => {
      for (const each of ["main", "pr-12", tag])
        pushImage(store, { repository: "web", seed: each, tags: [each], pushedAt: NOW - 6 * DAY });
    },
  });
}

function fork(headBranch: string): TestPullRequest {
  return pullRequest(40, { head: "fork", headBranch, createdAt: NOW - 7 * DAY, updatedAt: NOW - 6 * DAY });
}

const EVENTS: readonly [string, Event | undefined][] = [
  ["a schedule", undefined],
  ["the event of the closed pull request", EVENT],
];

describe.each(EVENTS)("with %s", (_title, event) => {
  test.each([
    ["pr-12-fix", "pr-12-fix", {}],
    ["12-fix", "pr-12-fix", { "tag-patterns": "pr-{pr}\npr-{pr}-*\npr-{branch}" }],
    ["fix", "pr-12-fix", { "tag-patterns": "pr-{pr}\npr-{pr}-*\npr-{pr}-{branch}" }],
  ])("the branch %s of a fork's open pull request keeps %s, although #12 is closed", async (branch, tag, inputs) => {
    await open([CLOSED_12, fork(branch)], tag);
    const options = event === undefined ? {} : { event };
    const dryRun = await sweepScenario(scenario, gitHost, { ...inputs, "dry-run": "true" }, options);
    const planned = dryRun.repositories[0]?.manifests.filter(({ outcome }) => outcome === "planned");
    // A build may name images after a number in the name of a branch.
    const keepsNumber = branch.includes("12");
    expect(planned).toMatchObject(keepsNumber ? [] : [{ tags: ["pr-12"] }]);
    const result = await sweepScenario(scenario, gitHost, inputs, options);
    expect(result.errors).toEqual([]);
    expect(scenario.store.tags("web")).toEqual(keepsNumber ? ["main", "pr-12", tag] : ["main", tag]);
  });
});

describe("a pull request that was reopened", () => {
  const reopened = pullRequest(12, { ...CLOSED_12, state: "open", closedAt: null, updatedAt: NOW - 4 * DAY });

  test("keeps its images if the job of its closed event is run again", async () => {
    await open([reopened], "pr-12-arm64");
    for (const dryRun of ["true", "false"]) {
      const result = await sweepScenario(scenario, gitHost, { "dry-run": dryRun }, { event: EVENT });
      expect(result.errors).toEqual([]);
      expect(result.repositories[0]?.manifests.filter(({ decision }) => decision === "delete")).toEqual([]);
    }
    for (const tag of ["pr-12", "pr-12-arm64"]) expect(missingContent(scenario.store, "web", tag)).toEqual([]);
  });
});
