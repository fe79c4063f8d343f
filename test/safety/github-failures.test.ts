import { afterEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { refuse } from "../servers/http-server.ts";
import { sweepScenario } from "./harness.ts";
import { contentsOf, openScenario, type Scenario, type StoreView } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const FAILURES = [
  ["an error in a 200", refuse(200, {}, { data: null, errors: [{ message: "Something went wrong" }] })],
  ["522", refuse(522)],
] as const;

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

describe.each(FAILURES)("if GitHub always answers %s", (_title, fault) => {
  test("for closed pull requests, their images are kept with a notice, and untagged ones are deleted", async () => {
    scenario = await openScenario("digitalocean");
    gitHost.github.inject(({ body }) => (/query (Closed)?PullRequests/.test(body.toString()) ? fault : null));
    const result = await sweepScenario(scenario, gitHost);
    expect(result.errors).toEqual([]);
    expect(result.notices).toEqual([
      expect.stringMatching(/^Some images are kept, because not all evidence could be read[.] .*[.] Run it again/),
    ]);
    expect(scenario.store.tags("web").filter((tag) => tag.startsWith("pr-"))).toHaveLength(5);
    const deleted = result.repositories.flatMap(({ manifests }) => manifests.filter((m) => m.outcome === "deleted"));
    expect(deleted).toMatchObject([{ tags: [], status: "untagged" }]);
  });

  test.each([
    ["open pull requests", "query OpenPullRequests", {}],
    ["open pull requests of a recheck", "query UpdatedPullRequests", {}],
    ["numbers, and unmatched tags may be deleted", "query PullRequests", { "unmatched-tags": "delete" }],
  ])("for %s, nothing is deleted", async (_query, operation, inputs) => {
    scenario = await openScenario("digitalocean");
    const before = contentsOf(scenario.store);
    gitHost.github.inject(({ body }) => (body.includes(operation) ? fault : null));
    const result = await sweepScenario(scenario, gitHost, inputs);
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("pull requests") }]);
    expect(contentsOf(scenario.store)).toEqual(before);
  });
});
