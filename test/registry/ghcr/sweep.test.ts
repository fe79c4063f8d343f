import { describe, expect, onTestFinished, test } from "vitest";
import type { RunResult } from "../../../src/report/result.ts";
import { renderSummary } from "../../../src/report/summary.ts";
import { createFakeClock } from "../../servers/fake-clock.ts";
import { active } from "../../servers/ghcr/packages.ts";
import { refuse } from "../../servers/http-server.ts";
import { fillPackage, openSweepFixture, type SweepFixture, type SweepFixtureOptions } from "./sweep-fixture.ts";

async function open(options: Partial<SweepFixtureOptions> = {}): Promise<SweepFixture> {
  const fixture = await openSweepFixture({ clock: createFakeClock(), ...options });
  onTestFinished(() => fixture.close());
  return fixture;
}

/** Counts requests to the packages API and the OCI endpoint, without those about refs. */
function registryRequests({ server }: SweepFixture): number {
  return server.api.requests.filter(({ path }) => path !== "/graphql").length + server.oci.requests.length;
}

/** Counts the outcomes of the manifests that the plan deletes. */
function outcomes(result: RunResult): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { outcome, decision } of result.repositories.flatMap(({ manifests }) => manifests)) {
    if (decision === "delete") counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

/** Returns the result for the image with this tag. */
function manifestWith(tag: string, result: RunResult) {
  return result.repositories[0]?.manifests.find(({ tags }) => tags.includes(tag));
}

/** No limit is known, and the server has none. */
const UNLIMITED = { policy: () => ({}) };

describe("requests of a run", () => {
  test("are at most two lists, one read per version, one per deletion, and 8 more", async () => {
    const fixture = await open(UNLIMITED);
    const counts = fillPackage(fixture.server.packages, 2_000, 1_700);
    const result = await fixture.run();
    expect(result.errors).toEqual([]);
    expect(outcomes(result)).toEqual({ deleted: 1_700 });
    expect(active(fixture.server.packages.get("web"))).toHaveLength(counts.kept);
    const max = 2 * Math.ceil(2_000 / 100) + counts.kept + 2 * counts.orphaned + 8;
    expect(registryRequests(fixture)).toBeLessThanOrEqual(max);
  });

  test("are no more with the default pattern and a job's token, which cannot list the packages", async () => {
    const fixture = await open(UNLIMITED);
    const counts = fillPackage(fixture.server.packages, 500, 400);
    const result = await fixture.run({ repositoryPattern: ["web", "web/**"] });
    expect(outcomes(result)).toEqual({ deleted: 400 });
    expect(registryRequests(fixture)).toBeLessThanOrEqual(2 * 6 + counts.kept + 2 * counts.orphaned + 8);
  });
});

test.each([
  ["is a warning, also in the summary, for other patterns", ["web", "tools-*"], 1],
  ["is a notice for the default pattern", ["web", "web/**"], 0],
] as const)("a job's token, which cannot list the packages, %s", async (_title, repositoryPattern, count) => {
  const fixture = await open();
  fillPackage(fixture.server.packages, 30, 20);
  const result = await fixture.run({ repositoryPattern });
  const warning = expect.stringMatching(/includes only those that repository-pattern names without a wildcard: web/);
  expect(result.loggedWarnings).toEqual(Array(count).fill(warning));
  expect(result.warnings).toEqual([]);
  expect(result.notices).toEqual(Array(1 - count).fill(warning));
  expect(renderSummary(result).includes("> [!WARNING]\n> The token may not list the packages")).toBe(count > 0);
  expect(renderSummary(result)).toContain(count > 0 ? "### ⚠️ Deleted" : "### ✔️ Deleted");
});

test("a deleted version can be restored by the id in the result", async () => {
  const fixture = await open(UNLIMITED);
  fillPackage(fixture.server.packages, 30, 20);
  const result = await fixture.run();
  const deleted = result.repositories[0]?.manifests.find(({ outcome }) => outcome === "deleted");
  const path = `/orgs/Acme/packages/container/web/versions/${deleted?.versionId}/restore`;
  const response = await fetch(new URL(path, fixture.server.apiUrl), {
    method: "POST",
    headers: { authorization: "Bearer ghp_secret" },
  });
  expect(response.status).toBe(204);
  expect(fixture.server.packages.find("web", deleted?.digest ?? "")).not.toBeNull();
});

describe("deletions that GitHub refuses", () => {
  test("the last tagged version: the plan keeps the newest, with a reason", async () => {
    const fixture = await open();
    const { packages } = fixture.server;
    packages.pushImage("web", "old", { tags: ["pr-1"] });
    packages.pushImage("web", "new", { tags: ["pr-2"], at: Date.UTC(2026, 9, 2) });
    const result = await fixture.run();
    expect(result.errors).toEqual([]);
    const kept = result.repositories[0]?.manifests.filter(({ outcome }) => outcome === "kept");
    expect(kept).toEqual([expect.objectContaining({ tags: ["pr-2"], reason: expect.stringMatching(/last tagged/) })]);
  });

  test("many downloads: the image is kept with its platforms, and the others are deleted", async () => {
    const fixture = await open();
    const { packages } = fixture.server;
    const child = packages.pushImage("web", "popular amd64");
    packages.pushIndex("web", "popular", [child], { tags: ["pr-1"], downloads: 9_999 });
    packages.pushImage("web", "other", { tags: ["pr-2"] });
    packages.pushImage("web", "kept", { tags: ["kept-1"] });
    const result = await fixture.run();
    expect(result.errors).toEqual([]);
    expect(packages.find("web", child)).not.toBeNull();
    expect(packages.find("web", "pr-2")).toBeNull();
    expect(manifestWith("pr-1", result)).toMatchObject({
      outcome: "refused",
      error: expect.stringContaining("5000 downloads"),
    });
  });

  test.each([1, 16])(
    "many downloads: its platforms with orphaned tags are kept too (%i in flight)",
    async (concurrency) => {
      const fixture = await open();
      const { packages } = fixture.server;
      const child = packages.pushImage("web", "popular amd64", { tags: ["pr-3"] });
      packages.pushImage("web", "other", { tags: ["pr-2"] });
      packages.pushIndex("web", "popular", [child], { tags: ["pr-1"], downloads: 9_999 });
      packages.pushImage("web", "kept", { tags: ["kept-1"] });
      const result = await fixture.run({ concurrency });
      expect(result.errors).toEqual([]);
      expect(packages.find("web", child)).not.toBeNull();
      expect(packages.find("web", "pr-2")).toBeNull();
    },
  );

  test.each([1, 16])(
    "many downloads of an untagged index: it is kept with all its platforms (%i in flight)",
    async (concurrency) => {
      const fixture = await open();
      const { packages } = fixture.server;
      const children = ["amd64", "arm64"].map((platform) => packages.pushImage("web", platform));
      const index = packages.pushIndex("web", "popular", children, { downloads: 5_001 });
      const nested = packages.pushIndex("web", "outer", [index]);
      packages.pushImage("web", "kept", { tags: ["kept-1"] });
      const result = await fixture.run({ concurrency });
      expect(result.errors).toEqual([]);
      expect(outcomes(result)).toEqual({ deleted: 1, refused: 1, changed: 2 });
      for (const digest of [index, ...children]) expect(packages.find("web", digest)).not.toBeNull();
      expect(packages.find("web", nested)).toBeNull();
    },
  );

  test("many downloads: refusals of single images need no recheck", async () => {
    const fixture = await open();
    const { packages } = fixture.server;
    for (const tag of ["pr-1", "pr-2", "pr-3", "pr-4"]) {
      packages.pushImage("web", tag, { tags: [tag], downloads: 9_999 });
    }
    packages.pushImage("web", "kept", { tags: ["kept-1"] });
    const result = await fixture.run({ concurrency: 1 });
    expect(outcomes(result)).toEqual({ refused: 4 });
    expect(fixture.server.api.requests.filter(({ path }) => path.includes("/versions?"))).toHaveLength(2);
  });

  test.each<[string, Partial<SweepFixtureOptions>]>([
    ["any budget", {}],
    ["a budget for some deletions", { limits: { pointsPerMinute: 900, secondaryStatus: 403, perHour: 150 } }],
  ])("a missing role Admin: two deletions are tried, and the error says what to change (%s)", async (_, options) => {
    const fixture = await open({ behaviour: { role: "read" }, ...options });
    fillPackage(fixture.server.packages, 160, 150);
    const result = await fixture.run();
    expect(result.errors).toMatchObject([{ kind: "permission", remedy: expect.stringContaining("Admin") }]);
    expect(fixture.server.api.requests.filter(({ method }) => method === "DELETE")).toHaveLength(2);
  });
});

test("a ghost, which is listed but returns 404, does not stop the run", async () => {
  const fixture = await open();
  const { packages } = fixture.server;
  packages.pushImage("web", "ghost", { tags: ["kept-2"] });
  packages.pushImage("web", "old", { tags: ["pr-1"] });
  packages.pushImage("web", "kept", { tags: ["kept-1"] });
  const ghost = packages.find("web", "kept-2")?.digest ?? "";
  fixture.server.oci.inject(({ path }) =>
    path.endsWith(ghost) ? { kind: "reply", reply: { status: 404, body: { errors: [] } } } : null,
  );
  const result = await fixture.run();
  expect(result.errors).toEqual([]);
  expect(outcomes(result)).toEqual({ deleted: 1 });
});

describe("a list that still shows deleted versions", () => {
  /** Deletes all versions, then runs again with an outdated list. */
  async function runTwice(isReachable: boolean) {
    const fixture = await open();
    const { packages } = fixture.server;
    for (const label of ["a", "b", "c"]) packages.pushImage("web", label);
    fixture.server.behaviour.listsDeleted = true;
    const first = await fixture.run();
    expect(outcomes(first)).toEqual({ deleted: 3 });
    if (!isReachable) {
      packages.pushImage("web", "d");
      fixture.server.oci.inject(({ path }) => (path.includes("/manifests/") ? refuse(404) : null));
    }
    return { second: await fixture.run(), fixture };
  }

  test("is no error if each version returns 404 too", async () => {
    const { second, fixture } = await runTwice(true);
    expect(second.errors).toEqual([]);
    expect(outcomes(second)).toEqual({ gone: 3 });
    expect(active(fixture.server.packages.get("web"))).toEqual([]);
  });

  test("is an error if versions exist, but no manifest can be read", async () => {
    const { second, fixture } = await runTwice(false);
    expect(second.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("wrong name") }]);
    expect(active(fixture.server.packages.get("web"))).toHaveLength(1);
  });
});

describe("what GitHub does not support", () => {
  test("deleting a stale tag is reported as unsupported, without more requests", async () => {
    const requests: number[] = [];
    for (const removeStaleTags of [false, true]) {
      const fixture = await open();
      fixture.server.packages.pushImage("web", "kept", { tags: ["kept-1", "pr-1"] });
      const result = await fixture.run({ removeStaleTags });
      const staleTags = result.repositories.flatMap((repository) =>
        repository.staleTags.map(({ tag, outcome }) => [tag, outcome]),
      );
      expect(staleTags).toEqual([["pr-1", removeStaleTags ? "unsupported" : "reported"]]);
      requests.push(fixture.server.api.requests.length);
    }
    expect(requests[1]).toBe(requests[0]);
  });

  test("garbage collection is reported as unsupported, and does not fail the run", async () => {
    const fixture = await open();
    fillPackage(fixture.server.packages, 30, 20);
    const result = await fixture.run({ runGc: "true", removeStaleTags: true });
    expect(result.errors).toEqual([]);
    expect(result.garbageCollection.status).toBe("unsupported");
    const texts = [result.garbageCollection.note, ...result.notices];
    expect(texts.filter((text) => text.includes("no garbage collection to start"))).not.toEqual([]);
  });
});
