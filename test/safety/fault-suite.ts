import pMap from "p-map";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FaultPosition, openCase, positionsOf, SWEEP_CASES, type SweepCase, tryFault } from "./fault-trials.ts";
import { FAULTS } from "./faults.ts";
import { type GitHostPool, openGitHostPool } from "./git-host-pool.ts";
import { type Baseline, baselineOf } from "./harness.ts";
import type { ScenarioKind } from "./scenario.ts";

// npm test tries each fault at some requests. With REFSWEEP_PROVE=1 (npm run prove) it tries all.
const IS_COMPLETE = process.env["REFSWEEP_PROVE"] !== undefined;
/** In npm test one position of seven, and at most this many for each fault. */
const MAX_POSITIONS = 12;
/** Concurrent trials, because a client waits for a missing response. */
const CONCURRENCY = 8;

/** The lists of a sweep that have several pages, by the last segment of their paths. */
const PAGED: Readonly<Partial<Record<ScenarioKind, readonly string[]>>> = {
  digitalocean: ["digests", "graphql", "repositoriesV2"],
  ghcr: ["graphql", "packages", "versions"],
  oci: ["_catalog", "graphql", "list"],
};

/** Returns the same sample in every run, another one for each fault, with at least one position. */
function sampleOf(positions: readonly FaultPosition[], index: number): readonly FaultPosition[] {
  if (IS_COMPLETE) return positions;
  const every = Math.max(7, Math.ceil(positions.length / MAX_POSITIONS));
  const sample = positions.filter((_, position) => (position + index) % every === 0);
  return sample.length > 0 ? sample : positions.slice(0, 1);
}

interface Totals {
  trials: number;
  requests: number;
}

/** Tests every fault at a sample of the requests of each sweep of these kinds of registries. */
export function testFaults(...kinds: readonly ScenarioKind[]): void {
  const cases = SWEEP_CASES.filter(({ kind }) => kinds.includes(kind));
  const totals: Totals = { trials: 0, requests: 0 };
  let pool: GitHostPool;
  let startedAt = 0;

  beforeAll(async () => {
    startedAt = performance.now();
    pool = await openGitHostPool(CONCURRENCY, 2);
  });

  afterAll(async () => {
    await pool.close();
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    const faults = `${Object.keys(FAULTS).length} faults at ${totals.requests} requests of ${cases.length} sweeps`;
    if (IS_COMPLETE) console.log(`${faults}: ${totals.trials} trials, ${seconds} s`);
  });

  describe.each(cases)("a sweep with one faulty request: $title", (sweepCase) => {
    testFaultsOf(sweepCase, () => pool, totals);
  });
}

function testFaultsOf(sweepCase: SweepCase, pool: () => GitHostPool, totals: Totals): void {
  const hasPages = sweepCase.maxPerPage !== undefined;
  let baseline: Baseline;

  beforeAll(async () => {
    baseline = await pool().use(async (gitHost) => baselineOf(await openCase(sweepCase), gitHost, sweepCase.inputs));
    for (const { length } of Object.values(baseline.requests)) totals.requests += length;
  });

  test(hasPages ? "all lists have pages" : "only GitHub's list has pages", () => {
    const further = Object.values(baseline.requests)
      .flat()
      .filter(({ path, body }) => /[?&](?:page=[2-9]|page_token=|last=)/.test(path) || body.includes('"after":"'));
    const lists = new Set(further.map(({ path }) => path.replace(/\?.*/, "").split("/").at(-1)));
    expect([...lists].sort()).toEqual(hasPages ? PAGED[sweepCase.kind] : ["graphql"]);
  });

  test.concurrent.each(Object.entries(FAULTS).map(([name, fault], index) => ({ name, fault, index })))(
    "$name",
    async ({ name, fault, index }) => {
      const positions = sampleOf(positionsOf(baseline, fault), index);
      expect(positions.length).toBeGreaterThan(0);
      const failures: string[] = [];
      const trial = async (position: FaultPosition): Promise<void> => {
        try {
          await pool().use((gitHost) => tryFault(sweepCase, fault, position, gitHost, baseline));
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          failures.push(`${name}, at request ${position.ordinal} to ${position.server}: ${message}`);
        }
      };
      await pMap(positions, trial, { concurrency: CONCURRENCY });
      totals.trials += positions.length;
      expect(failures).toEqual([]);
    },
    900_000,
  );
}
