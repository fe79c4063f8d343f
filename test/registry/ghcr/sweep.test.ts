import { afterEach, describe, expect, test } from "vitest";
import type { RunResult } from "../../../src/report/result.ts";
import { createFakeClock } from "../../servers/fake-clock.ts";
import { active } from "../../servers/ghcr/packages.ts";
import { fillPackage, type GhcrWorld, type GhcrWorldOptions, openGhcrWorld } from "./world.ts";

const opened: GhcrWorld[] = [];

async function world(options: Partial<GhcrWorldOptions> = {}): Promise<GhcrWorld> {
  const made = await openGhcrWorld({ clock: createFakeClock(), ...options });
  opened.push(made);
  return made;
}

afterEach(async () => {
  for (const made of opened.splice(0)) await made.close();
});

/** Requests to the registry: the packages API and the OCI endpoint, without those that ask the refs. */
function registryRequests({ server }: GhcrWorld): number {
  return server.api.requests.filter(({ path }) => path !== "/graphql").length + server.oci.requests.length;
}

function outcomes(result: RunResult): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { outcome, decision } of result.repositories.flatMap(({ manifests }) => manifests)) {
    if (decision === "delete") counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

const GITHUB = { pointsPerMinute: 900, secondaryStatus: 403 } as const;
/** No limit is known, and none is told of. */
const noPolicy = () => ({});

test("2,000 versions: at most two listings, each kept root, each deletion, and 8 requests more", async () => {
  const made = await world({ policy: noPolicy });
  const stock = fillPackage(made.server.packages, 2_000, 1_700);
  const result = await made.run();
  expect(result.errors).toEqual([]);
  expect(outcomes(result)).toEqual({ deleted: 1_700 });
  expect(active(made.server.packages.get("web"))).toHaveLength(stock.kept);
  const most = 2 * Math.ceil(2_000 / 100) + stock.keptRoots + stock.orphans + 8;
  expect(registryRequests(made)).toBeLessThanOrEqual(most);
});

test("the default pattern with a job's token: as many, though it may not list the packages", async () => {
  const made = await world({ policy: noPolicy });
  const stock = fillPackage(made.server.packages, 500, 400);
  const result = await made.run({ repositoryPattern: ["web", "web/**"] });
  expect(outcomes(result)).toEqual({ deleted: 400 });
  expect(registryRequests(made)).toBeLessThanOrEqual(2 * 5 + stock.keptRoots + stock.orphans + 8);
});

test("the report tells the id of each deleted version, and it can be restored by that", async () => {
  const made = await world({ policy: noPolicy });
  fillPackage(made.server.packages, 30, 20);
  const result = await made.run();
  const deleted = result.repositories[0]?.manifests.find(({ outcome }) => outcome === "deleted");
  const path = `/orgs/Acme/packages/container/web/versions/${deleted?.versionId}/restore`;
  const response = await fetch(new URL(path, made.server.apiUrl), {
    method: "POST",
    headers: { authorization: "Bearer ghp_secret" },
  });
  expect(response.status).toBe(204);
  expect(made.server.packages.find("web", deleted?.digest ?? "")).not.toBeNull();
});

describe("trap 24: GitHub's limits", () => {
  test("900 points a minute are never passed, and hardly any is left unused", async () => {
    const clock = createFakeClock();
    const limits = { ...GITHUB, perHour: 15_000 };
    const made = await world({ clock, limits, policy: () => ({ perMinute: 900, cost: cost5 }) });
    fillPackage(made.server.packages, 1_500, 1_000);
    const start = clock.now();
    const result = await made.run();
    expect(outcomes(result)).toEqual({ deleted: 1_000 });
    expect(made.server.limit.tally.refused).toBe(0);
    const minutes = Math.ceil(made.server.limit.tally.points / 900);
    expect(clock.now() - start).toBeLessThanOrEqual(minutes * 61_000);
  });

  test("an Enterprise Server without limits is not held back; one that tells of limits is", async () => {
    for (const [limits, least, most] of [
      [null, 0, 1_000],
      [{ ...GITHUB, perHour: 15_000 }, 60_000, 200_000],
    ] as const) {
      const clock = createFakeClock();
      const made = await world({ clock, limits });
      fillPackage(made.server.packages, 300, 250);
      const start = clock.now();
      expect(outcomes(await made.run())).toEqual({ deleted: 250 });
      expect(made.server.limit.tally.refused).toBe(0);
      expect(clock.now() - start).toBeGreaterThanOrEqual(least);
      expect(clock.now() - start).toBeLessThanOrEqual(most);
    }
  });

  test("a secondary limit that nobody knew of is waited out, and everything goes all the same", async () => {
    const clock = createFakeClock();
    const limits = { pointsPerMinute: 600, perHour: 15_000, secondaryStatus: 429 } as const;
    const made = await world({ clock, limits });
    fillPackage(made.server.packages, 300, 250);
    const result = await made.run();
    expect(result.errors).toEqual([]);
    expect(outcomes(result)).toEqual({ deleted: 250 });
    expect(made.server.limit.tally.refused).toBeGreaterThan(0);
  });

  test("the hour's budget: told beforehand, the largest part goes, the run succeeds, and the next goes on", async () => {
    const clock = createFakeClock();
    const made = await world({ clock, limits: { ...GITHUB, perHour: 1_000 } });
    const stock = fillPackage(made.server.packages, 1_500, 1_200);
    const first = await made.run();
    expect(first.errors).toEqual([]);
    expect(first.notices).toEqual([
      expect.stringMatching(/^\d+ of 1200 deletions are left for the next run: of the 1000/),
    ]);
    const { deleted = 0, kept = 0 } = outcomes(first);
    expect(deleted + kept).toBe(1_200);
    expect(deleted).toBeGreaterThan(800);
    const left = first.repositories[0]?.manifests.find(
      ({ decision, outcome }) => decision === "delete" && outcome === "kept",
    );
    expect(left?.error).toMatch(/^left for the next run/);
    expect(clock.now() - first.startedAt).toBeLessThan(3_600_000);
    const dangling = made.server.packages.get("web")?.versions.filter(({ tags, deletedAt, bytes }) => {
      if (tags.length === 0 || deletedAt !== null) return false;
      const { manifests = [] } = JSON.parse(bytes.toString()) as { manifests?: readonly { digest: string }[] };
      return manifests.some(({ digest }) => made.server.packages.find("web", digest) === null);
    });
    expect(dangling).toEqual([]);

    await clock.advance(3_600_000);
    const second = await made.run();
    expect(second.notices).toEqual([]);
    expect(outcomes(second)).toEqual({ deleted: kept });
    expect(active(made.server.packages.get("web"))).toHaveLength(stock.kept);
  });

  test("a budget that another job uses up on the way: the rest is left, not waited for", async () => {
    const clock = createFakeClock();
    const made = await world({ clock, limits: { ...GITHUB, perHour: 1_000 } });
    fillPackage(made.server.packages, 800, 600);
    let stolen = false;
    made.server.behaviour.beforePage = (_name, page) => {
      const deletions = made.server.api.requests.filter(({ method }) => method === "DELETE").length;
      if (page === 1 && deletions > 100 && !stolen) made.server.limit.spend(500);
      stolen ||= deletions > 100;
    };
    const result = await made.run();
    expect(result.errors).toEqual([]);
    expect(outcomes(result)["kept"]).toBeGreaterThan(0);
    expect(clock.now() - result.startedAt).toBeLessThan(3_600_000);
  });
});

function cost5(method: string): number {
  return method === "GET" || method === "HEAD" ? 1 : 5;
}

describe("what GitHub refuses", () => {
  test("the last tagged version: the newest stays, and the plan says why", async () => {
    const made = await world();
    const { packages } = made.server;
    packages.pushImage("web", "old", { tags: ["pr-1"] });
    packages.pushImage("web", "new", { tags: ["pr-2"], at: Date.UTC(2026, 9, 2) });
    const result = await made.run();
    expect(result.errors).toEqual([]);
    const kept = result.repositories[0]?.manifests.filter(({ outcome }) => outcome === "kept");
    expect(kept).toEqual([
      expect.objectContaining({ tags: ["pr-2"], reason: "GitHub keeps the last tagged version of a package" }),
    ]);
  });

  test("more than 5,000 downloads: told for that version, its children stay, and the rest goes on", async () => {
    const made = await world();
    const { packages } = made.server;
    const child = packages.pushImage("web", "popular amd64");
    packages.pushIndex("web", "popular", [child], { tags: ["pr-1"], downloads: 9_999 });
    packages.pushImage("web", "other", { tags: ["pr-2"] });
    packages.pushImage("web", "kept", { tags: ["kept-1"] });
    const result = await made.run();
    expect(result.errors).toEqual([]);
    expect(packages.find("web", child)).not.toBeNull();
    expect(packages.find("web", "pr-2")).toBeNull();
    const refused = result.repositories[0]?.manifests.find(({ tags }) => tags.includes("pr-1"));
    expect(refused).toMatchObject({ outcome: "kept", error: expect.stringContaining("5000 downloads") });
  });

  test.each([1, 16])(
    "more than 5,000 downloads: its parts stay too, those with dead tags of their own (%i in flight)",
    async (concurrency) => {
      const made = await world();
      const { packages } = made.server;
      const child = packages.pushImage("web", "popular amd64", { tags: ["pr-3"] });
      packages.pushImage("web", "other", { tags: ["pr-2"] });
      packages.pushIndex("web", "popular", [child], { tags: ["pr-1"], downloads: 9_999 });
      packages.pushImage("web", "kept", { tags: ["kept-1"] });
      const result = await made.run({ concurrency });
      expect(result.errors).toEqual([]);
      expect(packages.find("web", child)).not.toBeNull();
      expect(packages.find("web", "pr-2")).toBeNull();
    },
  );

  test("more than 5,000 downloads: after the first refusal what is left is known, and no other one takes a look", async () => {
    const made = await world();
    const { packages } = made.server;
    for (const tag of ["pr-1", "pr-2", "pr-3", "pr-4"])
      packages.pushImage("web", tag, { tags: [tag], downloads: 9_999 });
    packages.pushImage("web", "kept", { tags: ["kept-1"] });
    const result = await made.run({ concurrency: 1 });
    expect(outcomes(result)).toEqual({ kept: 4 });
    expect(made.server.api.requests.filter(({ path }) => path.includes("/versions?"))).toHaveLength(1 + 1 + 1);
  });

  test.each<[string, Parameters<typeof world>[0]]>([
    ["of all", {}],
    [
      "of as many as the hour's budget lasts for",
      { limits: { pointsPerMinute: 900, secondaryStatus: 403, perHour: 150 } },
    ],
  ])(
    "trap 22: a job without the role Admin: one deletion %s is tried, and the run says what to change",
    async (_, more) => {
      const made = await world({ behaviour: { role: "read" }, ...more });
      fillPackage(made.server.packages, 160, 150);
      const result = await made.run();
      expect(result.errors).toContainEqual(
        expect.objectContaining({ kind: "permission", remedy: expect.stringContaining("Admin") }),
      );
      const tried = made.server.api.requests.filter(({ method }) => method === "DELETE").length;
      expect(tried).toBe(1);
    },
  );

  test("trap 23: a ghost, listed and answering 404, ends nothing", async () => {
    const made = await world();
    const { packages } = made.server;
    packages.pushImage("web", "ghost", { tags: ["kept-2"] });
    packages.pushImage("web", "old", { tags: ["pr-1"] });
    packages.pushImage("web", "kept", { tags: ["kept-1"] });
    const ghost = packages.find("web", "kept-2")?.digest ?? "";
    made.server.oci.inject(({ path }) =>
      path.endsWith(ghost) ? { kind: "reply", reply: { status: 404, body: { errors: [] } } } : null,
    );
    const result = await made.run();
    expect(result.errors).toEqual([]);
    expect(outcomes(result)).toEqual({ deleted: 1 });
  });

  test("a dead tag beside a living one is told as unsupported, and takes no look of its own", async () => {
    const looks: number[] = [];
    for (const removeStaleTags of [false, true]) {
      const made = await world();
      made.server.packages.pushImage("web", "kept", { tags: ["kept-1", "pr-1"] });
      const result = await made.run({ removeStaleTags });
      const told = result.repositories.flatMap(({ staleTags }) => staleTags.map(({ tag, outcome }) => [tag, outcome]));
      expect(told).toEqual([["pr-1", removeStaleTags ? "unsupported" : "reported"]]);
      looks.push(made.server.api.requests.length);
    }
    expect(looks[1]).toBe(looks[0]);
  });

  test("single tags and a collection: unsupported, without failing", async () => {
    const made = await world();
    fillPackage(made.server.packages, 30, 20);
    const result = await made.run({ runGc: "true", removeStaleTags: true });
    expect(result.errors).toEqual([]);
    expect(result.garbageCollection.status).toBe("unsupported");
    expect(result.notices).toEqual([expect.stringContaining("no garbage collection to start")]);
  });
});
