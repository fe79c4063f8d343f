import { afterEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { IMAGE, pushImage, pushIndex } from "../servers/content.ts";
import { refuse, type ServedRequest } from "../servers/http-server.ts";
import { missingContent } from "../servers/pull.ts";
import { sweepScenario } from "./harness.ts";
import { contentsOf, NOW, openScenario, type Scenario } from "./scenario.ts";
import { AT, fillOrphanedIndex, HOUR, isDeletion, slowDeletions } from "./slow-deletions.ts";
import { useGitHost } from "./use-git-host.ts";

const ONE_BY_ONE = { concurrency: "1" };
const NOT_FOUND = refuse(404, {}, { errors: [{ code: "MANIFEST_UNKNOWN" }] });

let gitHost: GitHost;
let scenario: Scenario;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

test.each([
  ["500", refuse(500)],
  ["404, although it is listed", NOT_FOUND],
])(
  "a new index answers %s in the recheck: its possible children are kept, and the step fails",
  async (_title, answer) => {
    scenario = await openScenario("digitalocean");
    const children = fillOrphanedIndex(scenario.store);
    let pushed = "";
    scenario.servers["oci"]?.inject(({ path }) => (pushed !== "" && path.endsWith(pushed) ? answer : null));
    const clock = slowDeletions(scenario, () => {
      pushed ||= pushIndex(scenario.store, {
        repository: "web",
        tags: ["next"],
        children: children.slice(1),
        pushedAt: NOW,
      });
      return null;
    });
    const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE, { clock });
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining(pushed) }]);
    expect(missingContent(scenario.store, "web", "next")).toEqual([]);
    const outcomes = result.repositories[0]?.manifests.filter(({ digest }) => children.includes(digest));
    expect(outcomes).toMatchObject(children.map(() => ({ decision: "delete", outcome: "deferred" })));
  },
);

test("a list that is empty in the recheck keeps an image that got a live tag meanwhile", async () => {
  scenario = await openScenario("distribution");
  fillOrphanedIndex(scenario.store);
  const index = scenario.store.resolve("web", "pr-2")?.digest ?? "sha256:";
  let lists = 0;
  scenario.servers["registry"]?.inject(({ path }) => {
    if (!path.includes("/tags/list")) return null;
    lists += 1;
    // The plan reads two lists.
    if (lists === 3) scenario.store.tag("web", "next", index);
    return lists < 3 ? null : refuse(200, {}, { name: "web", tags: [] });
  });
  const result = await sweepScenario(scenario, gitHost);
  expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("was empty") }]);
  expect(missingContent(scenario.store, "web", "next")).toEqual([]);
});

/** Returns the referrers of a manifest; null: the request asks for something else. */
function referrersOf({ path }: ServedRequest): readonly string[] | null {
  const subject = /\/referrers\/(sha256:\w+)$/.exec(path)?.[1];
  return subject === undefined ? null : scenario.store.referrersOf("web", subject).map(({ digest }) => digest);
}

const indexOf = (digests: readonly string[]) =>
  refuse(
    200,
    { "content-type": "application/vnd.oci.image.index.v1+json" },
    { schemaVersion: 2, manifests: digests.map((digest) => ({ digest, mediaType: IMAGE, size: 1 })) },
  );

describe("a referrers API", () => {
  test("that answers 404 for a missing manifest keeps the signature of a live image", async () => {
    scenario = await openScenario("digitalocean");
    fillOrphanedIndex(scenario.store);
    const live = scenario.store.resolve("web", "main")?.digest;
    if (live === undefined) throw new Error("main does not exist");
    const signature = pushImage(scenario.store, { ...AT, seed: "signature", subject: live });
    const ghost = pushIndex(scenario.store, { ...AT, children: [], tags: ["pr-3"], pushedAt: NOW - HOUR });
    scenario.servers["oci"]?.inject((request) => {
      if (request.path.endsWith(ghost)) return NOT_FOUND;
      const referrers = request.headers.authorization === undefined ? null : referrersOf(request);
      return referrers === null ? null : indexOf(referrers);
    });
    const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE, { clock: slowDeletions(scenario) });
    expect(result.errors).toEqual([]);
    expect(scenario.store.resolve("web", signature)).not.toBeNull();
    expect(scenario.store.tags("web")).toEqual(["main"]);
  });

  test.each([
    ["for one manifest", (requests: number) => requests > 1],
    ["in a recheck", (_requests: number, deletions: number) => deletions > 0],
  ])("that stops working %s makes the list incomplete", async (_title, isDown) => {
    scenario = await openScenario("distribution");
    fillOrphanedIndex(scenario.store);
    let requests = 0;
    let deletions = 0;
    const before = contentsOf(scenario.store).length;
    const clock = slowDeletions(scenario);
    scenario.servers["registry"]?.inject((request) => {
      if (isDeletion(request)) {
        deletions += 1;
        clock.sleep(61_000);
      }
      const referrers = referrersOf(request);
      if (referrers === null) return null;
      requests += 1;
      return isDown(requests, deletions) ? NOT_FOUND : indexOf(referrers);
    });
    const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE, { clock });
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("referrers") }]);
    expect(contentsOf(scenario.store)).toHaveLength(before - deletions);
    expect(deletions).toBeLessThan(2);
  });
});

describe("a token that is refused meanwhile ends the run", () => {
  test("while manifests are read: it is not an unreadable manifest", async () => {
    scenario = await openScenario("digitalocean");
    const before = contentsOf(scenario.store);
    scenario.servers["oci"]?.inject(({ path, headers }) =>
      headers.authorization !== undefined && path.includes("/manifests/") ? refuse(403) : null,
    );
    const result = await sweepScenario(scenario, gitHost);
    // It is an error of the run, not of one repository.
    expect(result.errors).toMatchObject([{ kind: "permission", message: expect.not.stringMatching(/^web: /) }]);
    expect(contentsOf(scenario.store)).toEqual(before);
  });

  test("while manifests are deleted: the remaining ones are deferred with a reason", async () => {
    scenario = await openScenario("digitalocean");
    let deletions = 0;
    scenario.servers["api"]?.inject(({ method }) => {
      if (method === "DELETE") deletions += 1;
      return method === "DELETE" && deletions > 1 ? refuse(401, {}, { id: "unauthorized", message: "no" }) : null;
    });
    const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE);
    expect(result.errors.map(({ kind }) => kind)).toContain("permission");
    expect(deletions).toBe(2);
    const planned = result.repositories[0]?.manifests.filter(({ decision }) => decision === "delete") ?? [];
    const [deleted, failed, ...others] = planned;
    expect([deleted?.outcome, failed?.outcome]).toEqual(["deleted", "failed"]);
    expect(new Set(others.map(({ outcome }) => outcome))).toEqual(new Set(["deferred"]));
    for (const { error } of others) expect(error).toMatch(/./);
  });
});
