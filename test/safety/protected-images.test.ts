import { afterEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { pushImage } from "../servers/content.ts";
import { type FaultScript, refuse } from "../servers/http-server.ts";
import { sweepScenario } from "./harness.ts";
import { NOW, openScenario, type Scenario, type ScenarioKind, type StoreView } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const AT = { pushedAt: NOW - 240 * 3_600_000 } as const;
const KINDS: readonly ScenarioKind[] = ["digitalocean", "ghcr", "distribution", "oci"];
const ONE = { "repository-pattern": "web" };
const ALL = { "repository-pattern": "**" };
/** The error of the first deletion with each kind of token. */
const FORBIDDEN = refuse(403, {}, { message: "no", errors: [{ code: "DENIED", message: "no" }] });

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

async function open(kind: ScenarioKind, repositories: readonly string[], images: number): Promise<void> {
  scenario = await openScenario(kind, {
    fill: (store) => {
      for (const repository of repositories) {
        pushImage(store, { ...AT, repository, seed: "main", tags: ["main"] });
        for (let number = 1; number <= images; number += 1) {
          pushImage(store, { ...AT, repository, seed: `${number}`, tags: [`pr-1-${number}`] });
        }
      }
    },
  });
}

/** Refuses the DELETEs with these ordinals. Returns how many were sent. */
function forbid(isForbidden: (deletion: number, path: string) => boolean): () => number {
  let deletions = 0;
  const script: FaultScript = ({ method, path }) => {
    // Refsweep checks that deletes are enabled with a digest of zeros.
    if (method !== "DELETE" || path.includes("0".repeat(64))) return null;
    deletions += 1;
    return isForbidden(deletions, path) ? FORBIDDEN : null;
  };
  for (const server of Object.values(scenario.servers)) server.inject(script);
  return () => deletions;
}

const outcomesOf = (result: Awaited<ReturnType<typeof sweepScenario>>, repository = "web") =>
  result.repositories
    .find(({ name }) => name === repository)
    ?.manifests.filter(({ decision }) => decision === "delete")
    .map(({ outcome }) => outcome)
    .sort();

describe.each(KINDS)("%s: an image that may not be deleted (403)", (kind) => {
  test("first does not stop the others", async () => {
    await open(kind, ["web"], 4);
    forbid((deletion) => deletion === 1);
    const result = await sweepScenario(scenario, gitHost, ONE);
    expect(result.errors).toEqual([]);
    expect(outcomesOf(result)).toEqual(["deleted", "deleted", "deleted", "refused"]);
  });

  test("after others does not stop the rest", async () => {
    await open(kind, ["web"], 4);
    forbid((deletion) => deletion === 2 || deletion === 3);
    const result = await sweepScenario(scenario, gitHost, { ...ONE, concurrency: "1" });
    expect(result.errors).toEqual([]);
    expect(outcomesOf(result)).toEqual(["deleted", "deleted", "refused", "refused"]);
  });

  test.each([
    ["two images", 4, 2],
    ["the only image", 1, 1],
  ])("is one error about the permission if the first are %s", async (_, images, sent) => {
    await open(kind, ["web"], images);
    const deletions = forbid(() => true);
    const result = await sweepScenario(scenario, gitHost, ONE);
    expect(result.errors).toMatchObject([{ kind: "permission" }]);
    expect(deletions()).toBe(sent);
    expect(outcomesOf(result)?.filter((outcome) => outcome === "failed")).toHaveLength(sent);
  });

  test("is an error about the permission if all later ones may not be deleted either", async () => {
    await open(kind, ["web"], 30);
    const deletions = forbid((deletion) => deletion > 5);
    const result = await sweepScenario(scenario, gitHost, { ...ONE, concurrency: "1" });
    expect(result.errors).toMatchObject([{ kind: "permission" }]);
    expect(deletions()).toBe(5 + 8);
  });
});

describe("a repository in which nothing may be deleted", () => {
  const ofApi = (path: string): boolean => /(?:\/api\/|%2Fapi\/|\/container\/api\/)/.test(path);

  test.each(["ghcr", "oci"] as const)(
    "%s: does not stop the others, because tokens are per repository",
    async (kind) => {
      await open(kind, ["api", "web"], 3);
      forbid((_, path) => ofApi(path));
      const result = await sweepScenario(scenario, gitHost, ALL);
      expect(result.errors).toMatchObject([{ kind: "permission", message: expect.stringMatching(/^api: /) }]);
      expect(outcomesOf(result, "api")).toEqual(["deferred", "failed", "failed"]);
      expect(outcomesOf(result, "web")).toEqual(["deleted", "deleted", "deleted"]);
    },
  );

  test.each([
    ["stops the run after two images", 3, ["deferred", "deferred", "deferred"]],
    ["does not stop it after one", 1, ["deleted"]],
  ])("digitalocean: %s", async (_, images, web) => {
    await open("digitalocean", ["api", "web"], images);
    forbid((_, path) => ofApi(path));
    const result = await sweepScenario(scenario, gitHost, ALL);
    expect(result.errors).toMatchObject([{ kind: "permission" }]);
    expect(outcomesOf(result, "web")).toEqual(web);
  });
});
