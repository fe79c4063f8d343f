import pMap from "p-map";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FaultPosition, positionsOf, type Recording, recordSweep, SWEEP_CASES, tryFault } from "./fault-trials.ts";
import { FAULTS } from "./faults.ts";
import { openGitHostPool } from "./git-host-pool.ts";
import type { ScenarioKind } from "./scenario.ts";

// In npm test each request meets some of the faults; with REFSWEEP_PROVE=1 (npm run prove) all of them.
const PROVES = process.env["REFSWEEP_PROVE"] !== undefined;
const EVERY = PROVES ? 1 : 7;
/** Trials at a time: those in which a server is silent are waited for beside the others. */
const GIT_HOSTS = 8;

/** The lists of a sweep, by the end of their paths. */
const PAGED: Readonly<Partial<Record<ScenarioKind, readonly string[]>>> = {
  digitalocean: ["digests", "graphql", "repositoriesV2"],
  ghcr: ["graphql", "packages", "versions"],
  oci: ["_catalog", "graphql", "list"],
};

/** The same ones in each run, others for each fault, and one at least. */
function sampleOf(positions: readonly FaultPosition[], index: number): readonly FaultPosition[] {
  const sample = positions.filter((_, position) => (position + index) % EVERY === 0);
  return sample.length > 0 ? sample : positions.slice(0, 1);
}

const tally = { trials: 0, requests: 0, began: 0 };
let pool: Awaited<ReturnType<typeof openGitHostPool>>;

beforeAll(async () => {
  tally.began = performance.now();
  pool = await openGitHostPool(GIT_HOSTS);
});

afterAll(async () => {
  await pool.close();
  const seconds = Math.round((performance.now() - tally.began) / 1_000);
  const faults = `${Object.keys(FAULTS).length} faults at ${tally.requests} requests of ${SWEEP_CASES.length} sweeps`;
  if (PROVES) console.log(`${faults}: ${tally.trials} trials, ${seconds} s`);
});

describe.each(SWEEP_CASES)("a sweep in which one request goes wrong: $title", (sweepCase) => {
  let recording: Recording;

  beforeAll(async () => {
    recording = await pool.take((gitHost) => recordSweep(sweepCase, gitHost));
    for (const { length } of Object.values(recording.requests)) tally.requests += length;
  });

  test(
    sweepCase.mostPerPage === undefined ? "only GitHub's list has pages to move between" : "all its lists have",
    () => {
      const further = Object.values(recording.requests)
        .flat()
        .filter(({ path, body }) => /[?&](?:page=[2-9]|page_token=|last=)/.test(path) || body.includes('"after":"'));
      const lists = new Set(further.map(({ path }) => path.replace(/\?.*/, "").split("/").at(-1)));
      expect([...lists].sort()).toEqual(sweepCase.mostPerPage === undefined ? ["graphql"] : PAGED[sweepCase.kind]);
    },
  );

  test.concurrent.each(Object.entries(FAULTS).map(([name, fault], index) => ({ name, fault, index })))(
    "$name",
    async ({ name, fault, index }) => {
      const positions = sampleOf(positionsOf(recording, fault), index);
      expect(positions.length).toBeGreaterThan(0);
      const failures: string[] = [];
      const trial = async (position: FaultPosition): Promise<void> => {
        try {
          await pool.take((gitHost) => tryFault(sweepCase, fault, position, gitHost, recording));
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          failures.push(`${name}, at ${position.server}'s request ${position.ordinal}: ${why}`);
        }
      };
      await pMap(positions, trial, { concurrency: GIT_HOSTS });
      tally.trials += positions.length;
      expect(failures).toEqual([]);
    },
    900_000,
  );
});
