/**
 * A run on an embedded GitHub container registry: 5,000 versions, of which 3,500 are deleted, 30 % multi-platform.
 *
 * 1. 50 ms latency and no rate limit: duration, number of requests, and requests in flight.
 * 2. 900 points per minute, on a clock that is 20 times as fast: used part of the limit, and refused requests.
 *
 * `node test/bench/ghcr.ts [versions] [orphaned]`
 */
import { type Clock, systemClock } from "../../src/clock.ts";
import type { RunResult } from "../../src/report/result.ts";
import { fillPackage, openSweepFixture } from "../registry/ghcr/sweep-fixture.ts";

const MINUTE = 60_000;
const POINTS_PER_MINUTE = 900;
const CLOCK_FACTOR = 20;

/** Returns the machine's clock, `factor` times as fast. */
function fastClock(factor: number): Clock {
  const start = systemClock.now();
  const origin = performance.now();
  return {
    now: () => start + (performance.now() - origin) * factor,
    random: () => Math.random(),
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
  };
}

function deletedIn(result: RunResult): number {
  const deleted = result.repositories
    .flatMap(({ manifests }) => manifests)
    .filter((m) => m.outcome === "deleted").length;
  if (result.errors.length > 0) throw new Error(result.errors.map(({ message }) => message).join("\n"));
  return deleted;
}

async function unlimited(versions: number, orphaned: number): Promise<void> {
  const fixture = await openSweepFixture({ clock: systemClock, latencyMs: 50 });
  const counts = fillPackage(fixture.server.packages, versions, orphaned);
  const start = performance.now();
  const deleted = deletedIn(await fixture.run());
  const seconds = (performance.now() - start) / 1_000;
  const { api, oci } = fixture.server;
  const requests = api.requests.filter(({ path }) => path !== "/graphql").length + oci.requests.length;
  const max = 2 * Math.ceil(versions / 100) + counts.kept + 2 * orphaned + 8;
  console.log(
    `50 ms, no limit: ${deleted} of ${versions} versions deleted in ${seconds.toFixed(1)} s, ${requests} requests ` +
      `(at most ${max}), at most ${api.peak()} in flight to the API and ${oci.peak()} to the OCI endpoint`,
  );
  await fixture.close();
}

async function limited(versions: number, orphaned: number): Promise<void> {
  const clock = fastClock(CLOCK_FACTOR);
  const limits = { pointsPerMinute: POINTS_PER_MINUTE, perHour: 15_000, secondaryStatus: 429 } as const;
  const fixture = await openSweepFixture({ clock, limits, latencyMs: 2 });
  fillPackage(fixture.server.packages, versions, orphaned);
  const start = clock.now();
  const deleted = deletedIn(await fixture.run());
  const elapsed = clock.now() - start;
  const { points, accepted, refused } = fixture.server.limit.totals;
  // A run can use a minute's points at its start.
  const available = POINTS_PER_MINUTE * (Math.floor(elapsed / MINUTE) + 1);
  console.log(
    `${POINTS_PER_MINUTE} points per minute: ${deleted} versions deleted in ${(elapsed / MINUTE).toFixed(1)} min, ` +
      `${(points / available).toFixed(3)} of the limit used (goal 0.95), ` +
      `${refused} of ${accepted + refused} requests refused (goal at most 1 %)`,
  );
  await fixture.close();
}

const [versions, orphaned] = [Number(process.argv[2] ?? 5_000), Number(process.argv[3] ?? 3_500)];
await unlimited(versions, orphaned);
await limited(versions, orphaned);
