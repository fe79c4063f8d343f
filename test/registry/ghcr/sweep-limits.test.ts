import { expect, test } from "vitest";
import { createFakeClock } from "../../servers/fake-clock.ts";
import { active } from "../../servers/ghcr/packages.ts";
import { brokenIndexes, fillPackage, GITHUB, openForTest, outcomesOf } from "./sweep-fixture.ts";

const HOUR = 3_600_000;

function costOf(method: string): number {
  return method === "GET" ? 1 : 5;
}

test("uses nearly all of 900 points per minute, and never exceeds them", async () => {
  const clock = createFakeClock();
  const limits = { ...GITHUB, perHour: 15_000 };
  const fixture = await openForTest({ clock, limits, policy: () => ({ perMinute: 900, cost: costOf }) });
  fillPackage(fixture.server.packages, 1_500, 1_000);
  const start = clock.now();
  const result = await fixture.run();
  expect(outcomesOf(result)).toEqual({ deleted: 1_000 });
  expect(fixture.server.limit.totals.refused).toBe(0);
  const minutes = Math.ceil(fixture.server.limit.totals.points / 900);
  expect(clock.now() - start).toBeLessThanOrEqual(minutes * 61_000);
});

test.each([
  ["does not limit itself at an Enterprise Server without limits", null, 0, 1_000],
  ["limits itself at an Enterprise Server with limits", { ...GITHUB, perHour: 15_000 }, 60_000, 200_000],
] as const)("%s", async (_, limits, minMs, maxMs) => {
  const clock = createFakeClock();
  const fixture = await openForTest({ clock, limits });
  fillPackage(fixture.server.packages, 300, 250);
  const start = clock.now();
  expect(outcomesOf(await fixture.run())).toEqual({ deleted: 250 });
  expect(fixture.server.limit.totals.refused).toBe(0);
  expect(clock.now() - start).toBeGreaterThanOrEqual(minMs);
  expect(clock.now() - start).toBeLessThanOrEqual(maxMs);
});

test("waits for an unknown secondary limit, and then deletes everything", async () => {
  const clock = createFakeClock();
  const limits = { pointsPerMinute: 600, perHour: 15_000, secondaryStatus: 429 } as const;
  const fixture = await openForTest({ clock, limits });
  fillPackage(fixture.server.packages, 300, 250);
  const result = await fixture.run();
  expect(result.errors).toEqual([]);
  expect(outcomesOf(result)).toEqual({ deleted: 250 });
  expect(fixture.server.limit.totals.refused).toBeGreaterThan(0);
});

test("defers what the hour's budget does not allow, without a broken image, and the next run deletes it", async () => {
  const clock = createFakeClock();
  const fixture = await openForTest({ clock, limits: { ...GITHUB, perHour: 1_000 } });
  const counts = fillPackage(fixture.server.packages, 1_500, 1_200);
  const first = await fixture.run();
  expect(first.errors).toEqual([]);
  const { deleted = 0, deferred = 0 } = outcomesOf(first);
  expect(deleted + deferred).toBe(1_200);
  expect(deleted).toBeGreaterThan(850);
  const later = first.repositories[0]?.manifests.find(({ outcome }) => outcome === "deferred");
  expect(later?.error).toMatch(/rate limit/);
  expect(clock.now() - first.startedAt).toBeLessThan(HOUR);
  expect(brokenIndexes(fixture)).toEqual([]);

  await clock.advance(HOUR);
  const second = await fixture.run();
  expect(second.notices).toEqual([]);
  expect(outcomesOf(second)).toEqual({ deleted: deferred });
  expect(active(fixture.server.packages.get("web"))).toHaveLength(counts.kept);
});

test("defers complete images only, because the next run keeps untagged platforms with untagged: keep", async () => {
  const clock = createFakeClock();
  const fixture = await openForTest({ clock, limits: { ...GITHUB, perHour: 100 } });
  const { packages } = fixture.server;
  const indexes = Array.from({ length: 40 }, (_, index) => {
    const children = ["amd64", "arm64"].map((platform) => packages.pushImage("web", `${index} ${platform}`));
    return { digest: packages.pushIndex("web", String(index), children, { tags: [`pr-${index + 1}`] }), children };
  });
  const result = await fixture.run({ untagged: "keep" });
  expect(result.errors).toEqual([]);
  const { deleted = 0, deferred = 0 } = outcomesOf(result);
  expect(deleted).toBeGreaterThan(30);
  expect(deferred).toBeGreaterThan(15);
  for (const { digest, children } of indexes) {
    const isThere = packages.find("web", digest) !== null;
    for (const child of children) expect(packages.find("web", child) !== null).toBe(isThere);
  }
});

test("deletes most of the budget's rest of a large package, and lists it twice", async () => {
  const clock = createFakeClock();
  const fixture = await openForTest({ clock, limits: { ...GITHUB, perHour: 500 } });
  fillPackage(fixture.server.packages, 2_000, 1_500);
  const result = await fixture.run();
  expect(result.errors).toEqual([]);
  const { deleted = 0, deferred = 0 } = outcomesOf(result);
  expect(deleted + deferred).toBe(1_500);
  expect(deleted).toBeGreaterThan(420);
  const lists = fixture.server.api.requests.filter(({ path }) => path.endsWith("&page=20"));
  expect(lists).toHaveLength(2);
  expect(clock.now() - result.startedAt).toBeGreaterThan(60_000);
  expect(clock.now() - result.startedAt).toBeLessThan(10 * 60_000);
  expect(brokenIndexes(fixture)).toEqual([]);
  const reason = result.repositories[0]?.manifests.find(({ outcome }) => outcome === "deferred")?.error;
  expect(reason).toMatch(/^API rate limit: the token has \d+ of its 500 requests left until \d\d:\d\d UTC$/);
});

test("defers the rest if another job uses up the budget during the run", async () => {
  const clock = createFakeClock();
  const fixture = await openForTest({ clock, limits: { ...GITHUB, perHour: 1_000 } });
  fillPackage(fixture.server.packages, 800, 600);
  const { server } = fixture;
  let spent = false;
  server.behaviour.beforePage = (_name, page) => {
    const deletions = server.api.requests.filter(({ method }) => method === "DELETE").length;
    if (page === 1 && deletions > 100 && !spent) server.limit.spend(500);
    spent ||= deletions > 100;
  };
  const result = await fixture.run();
  expect(result.errors).toEqual([]);
  expect(outcomesOf(result)["deferred"]).toBeGreaterThan(0);
  expect(clock.now() - result.startedAt).toBeLessThan(HOUR);
});
