import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import type { GitHost } from "../e2e/example.ts";
import { pushImage } from "../servers/content.ts";
import { refuse, type ServedRequest } from "../servers/http-server.ts";
import { missingContent } from "../servers/pull.ts";
import { sweepScenario } from "./harness.ts";
import { contentsOf, NOW, openScenario, type Scenario } from "./scenario.ts";
import { isList, movableClock } from "./slow-deletions.ts";
import { useGitHost } from "./use-git-host.ts";

const REMOVE = { "remove-stale-tags": "true" };

let gitHost: GitHost;
let scenario: Scenario;

useGitHost((served) => {
  gitHost = served;
});

beforeEach(async () => {
  scenario = await openScenario("digitalocean");
});

afterEach(() => scenario.close());

const tags = (): readonly string[] => scenario.store.tags("web");

/** Adds orphaned tags to the image of the branch `next`, which already has the tag `pr-1`. */
function addStaleTags(...names: readonly string[]): void {
  const image = scenario.store.resolve("web", "next");
  if (image === null) throw new Error("next does not exist");
  for (const name of names) scenario.store.tag("web", name, image.digest);
}

test("a stale tag of a kept image is reported, and removed only with remove-stale-tags", async () => {
  const reported = await sweepScenario(scenario, gitHost);
  expect(reported.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-1", outcome: "reported" }]);
  expect(tags()).toContain("pr-1");
  const removed = await sweepScenario(scenario, gitHost, REMOVE);
  expect(removed.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-1", outcome: "deleted" }]);
  expect(tags()).not.toContain("pr-1");
  expect(missingContent(scenario.store, "web", "next")).toEqual([]);
});

test("a stale tag that moved to another image since it was listed is not removed, and neither is that image", async () => {
  const { api } = scenario.servers;
  let moved: string | null = null;
  // The repository is listed again right before the tags are removed. In that list the tag is on another image.
  api?.inject((request) => {
    const isSecondList =
      request.path.includes("/digests?") && api.requests.filter(({ path }) => path.includes("/digests?")).length > 1;
    if (isSecondList && moved === null) {
      moved = pushImage(scenario.store, { repository: "web", seed: "moved", tags: ["pr-1"] });
    }
    return null;
  });
  const result = await sweepScenario(scenario, gitHost, REMOVE);
  expect(moved).not.toBeNull();
  expect(result.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-1", outcome: "changed" }]);
  expect(scenario.store.resolve("web", "pr-1")?.digest).toBe(moved);
  expect(contentsOf(scenario.store).some((line) => line.startsWith(String(moved)))).toBe(true);
});

test("a stale tag that moved to another kept image since it was listed is not removed, although it is stale there too", async () => {
  const { api } = scenario.servers;
  const main = scenario.store.resolve("web", "main")?.digest;
  api?.inject((request) => {
    const isSecondList =
      request.path.includes("/digests?") && api.requests.filter(({ path }) => path.includes("/digests?")).length > 1;
    if (isSecondList && main !== undefined) scenario.store.tag("web", "pr-1", main);
    return null;
  });
  const result = await sweepScenario(scenario, gitHost, REMOVE);
  expect(result.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-1", outcome: "changed" }]);
  expect(scenario.store.resolve("web", "pr-1")?.digest).toBe(main);
});

test("a stale tag whose pull request was reopened since it was listed is not removed", async () => {
  const pulls = gitHost.github.state.repositories.get("octo/web")?.pullRequests;
  const closed = pulls?.get(1);
  if (closed === undefined) throw new Error("pull request 1 does not exist");
  const { api } = scenario.servers;
  api?.inject(() => {
    const lists = api.requests.filter(({ path }) => path.includes("/digests?")).length;
    if (lists > 1) pulls?.set(1, { ...closed, state: "open", closedAt: null, updatedAt: NOW });
    return null;
  });
  const result = await sweepScenario(scenario, gitHost, REMOVE);
  pulls?.set(1, closed);
  expect(result.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-1", outcome: "changed" }]);
  expect(tags()).toContain("pr-1");
});

test("a stale tag that moves while others are removed for more than a minute is not removed", async () => {
  addStaleTags("pr-1-0", "pr-1-1");
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
  const result = await sweepScenario(scenario, gitHost, { ...REMOVE, concurrency: "1" }, { clock });
  expect(result.errors).toEqual([]);
  const outcomes = Object.fromEntries(
    result.repositories[0]?.staleTags.map(({ tag, outcome }) => [tag, outcome]) ?? [],
  );
  expect(outcomes[String(moved)]).toBe("changed");
  expect(Object.values(outcomes).sort()).toEqual(["changed", "deleted", "deleted"]);
  expect(tags()).toContain(moved);
});

test("a stale tag that moves right before it is removed is not removed, and neither is its new image", async () => {
  addStaleTags("pr-1-0");
  let moved: string | null = null;
  scenario.servers["api"]?.inject(({ method, path }) => {
    if (method !== "DELETE" || !path.endsWith("/tags/pr-1")) return null;
    moved = pushImage(scenario.store, { repository: "web", seed: "moved", tags: ["pr-1-0"] });
    return null;
  });
  const result = await sweepScenario(scenario, gitHost, { ...REMOVE, concurrency: "1" });
  expect(result.errors).toEqual([]);
  expect(result.repositories[0]?.staleTags).toMatchObject([{ outcome: "deleted" }, { outcome: "changed" }]);
  expect(scenario.store.resolve("web", "pr-1-0")?.digest).toBe(moved);
});

test("a permission that is revoked meanwhile ends the removals, and each tag is reported accurately", async () => {
  addStaleTags("pr-1-0", "pr-1-1");
  let removals = 0;
  scenario.servers["api"]?.inject(({ method, path }) => {
    if (method !== "DELETE" || !path.includes("/tags/")) return null;
    removals += 1;
    return removals === 2 ? refuse(403, {}, { id: "forbidden", message: "no" }) : null;
  });
  const result = await sweepScenario(scenario, gitHost, { ...REMOVE, concurrency: "1" });
  expect(result.errors).toMatchObject([{ kind: "permission" }]);
  const reported = result.repositories[0]?.staleTags ?? [];
  expect(reported.map(({ outcome }) => outcome).sort()).toEqual(["deleted", "failed", "reported"]);
  for (const { tag, outcome } of reported) expect(tags().includes(tag), tag).toBe(outcome !== "deleted");
});

describe("the report shows a stale tag as", () => {
  const isRemoval = ({ method, path }: Pick<ServedRequest, "method" | "path">): boolean =>
    method === "DELETE" && path.includes("/tags/");
  const staleIn = ({ repositories }: RunResult) =>
    repositories[0]?.staleTags.map(({ tag, outcome }) => `${tag} ${outcome}`);

  test("deleted, if only the answer to its DELETE was lost", async () => {
    addStaleTags("pr-1-0");
    let removals = 0;
    scenario.servers["api"]?.inject((request) => {
      if (isRemoval(request)) removals += 1;
      return isRemoval(request) && removals === 1 ? { kind: "reset after" } : null;
    });
    const result = await sweepScenario(scenario, gitHost, { ...REMOVE, concurrency: "1" });
    expect(result.errors).toEqual([]);
    expect(staleIn(result)).toEqual(["pr-1 deleted", "pr-1-0 deleted"]);
    expect(removals).toBe(2);
  });

  test("gone, if another client deleted it", async () => {
    addStaleTags("pr-1-0");
    let removals = 0;
    let isDropped = false;
    scenario.servers["api"]?.inject((request) => {
      if (isRemoval(request)) removals += 1;
      // The manifests are deleted now; the tags are rechecked with a new list.
      if (isList(request) && !tags().includes("pr-3") && !isDropped) {
        isDropped = true;
        scenario.store.deleteTag("web", "pr-1");
      }
      return null;
    });
    const result = await sweepScenario(scenario, gitHost, REMOVE);
    expect(result.errors).toEqual([]);
    expect(staleIn(result)).toEqual(["pr-1 gone", "pr-1-0 deleted"]);
    expect(removals).toBe(1);
  });

  test("failed, if the answer to its DELETE was lost and the recheck after it fails", async () => {
    let removals = 0;
    scenario.servers["api"]?.inject((request) => {
      if (isRemoval(request)) removals += 1;
      if (isRemoval(request)) return { kind: "reset after" };
      return removals > 0 ? refuse(500) : null;
    });
    const result = await sweepScenario(scenario, gitHost, REMOVE);
    expect(tags()).not.toContain("pr-1");
    expect(staleIn(result)).toEqual(["pr-1 failed"]);
  });

  test.each([
    { outcome: "failed", cause: "the registry answers each DELETE with 503", fault: refuse(503) },
    { outcome: "reported", cause: "the host limits each DELETE", fault: refuse(429, { "retry-after": "1" }) },
  ])("$outcome, if $cause, and the step fails", async ({ outcome, fault }) => {
    scenario.servers["api"]?.inject((request) => (isRemoval(request) ? fault : null));
    const result = await sweepScenario(scenario, gitHost, REMOVE);
    expect(result.errors).toMatchObject([{ kind: "deletion" }]);
    expect(staleIn(result)).toEqual([`pr-1 ${outcome}`]);
    expect(tags()).toContain("pr-1");
  });
});
