/**
 * A whole sweep of GitHub's registry, played: 5,000 versions of which 3,500 are to go, 30 % multi-arch.
 *
 * 1. 50 ms latency and no rate limit: the time it takes, the requests, and how many were in flight.
 * 2. 900 points a minute, on a clock that runs 20 times as fast: how much of the limit is used, and how often it is met.
 *
 * `node test/bench/ghcr.ts [versions] [orphans]`
 */
import { type Clock, systemClock } from "../../src/clock.ts";
import type { RunResult } from "../../src/report/result.ts";
import { fillPackage, openGhcrWorld } from "../registry/ghcr/world.ts";

const MINUTE = 60_000;
const POINTS_A_MINUTE = 900;
const TIMES_AS_FAST = 20;

/** The machine's clock, `factor` times as fast. */
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

async function unlimited(versions: number, orphans: number): Promise<void> {
  const world = await openGhcrWorld({ clock: systemClock, latencyMs: 50 });
  const stock = fillPackage(world.server.packages, versions, orphans);
  const start = performance.now();
  const deleted = deletedIn(await world.run());
  const seconds = (performance.now() - start) / 1_000;
  const { api, oci } = world.server;
  const requests = api.requests.filter(({ path }) => path !== "/graphql").length + oci.requests.length;
  const most = 2 * Math.ceil(versions / 100) + stock.keptRoots + orphans + 8;
  console.log(
    `50 ms, no limit: ${deleted} of ${versions} versions deleted in ${seconds.toFixed(1)} s, ${requests} requests ` +
      `(at most ${most}), in flight at most ${api.peak()} to the API and ${oci.peak()} to the OCI endpoint`,
  );
  await world.close();
}

async function limited(versions: number, orphans: number): Promise<void> {
  const clock = fastClock(TIMES_AS_FAST);
  const limits = { pointsPerMinute: POINTS_A_MINUTE, perHour: 15_000, secondaryStatus: 429 } as const;
  const world = await openGhcrWorld({ clock, limits, latencyMs: 2 });
  fillPackage(world.server.packages, versions, orphans);
  const start = clock.now();
  const deleted = deletedIn(await world.run());
  const elapsed = clock.now() - start;
  const { points, granted, refused } = world.server.limit.tally;
  // Whoever spends a whole minute's points at its very beginning uses all of the limit.
  const available = POINTS_A_MINUTE * (Math.floor(elapsed / MINUTE) + 1);
  console.log(
    `${POINTS_A_MINUTE} points a minute: ${deleted} versions deleted in ${(elapsed / MINUTE).toFixed(1)} min, ` +
      `${(points / available).toFixed(3)} of the limit used (goal 0.95), ` +
      `${refused} of ${granted + refused} requests refused (goal at most 1 %)`,
  );
  await world.close();
}

const [versions, orphans] = [Number(process.argv[2] ?? 5_000), Number(process.argv[3] ?? 3_500)];
await unlimited(versions, orphans);
await limited(versions, orphans);
