import pMap from "p-map";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Course, courseOf, PLAYS, type Place, placesOf, tryFault } from "./fault-trials.ts";
import { FAULTS } from "./faults.ts";
import { openLanes } from "./lanes.ts";
import type { StageKind } from "./stage.ts";

// In npm test each request meets some of the faults; with REFSWEEP_PROVE=1 (npm run prove) all of them.
const PROVES = process.env["REFSWEEP_PROVE"] !== undefined;
const EVERY = PROVES ? 1 : 7;
/** Trials at a time: those in which a server is silent are waited for beside the others. */
const LANES = 8;

/** The lists of a sweep, by the end of their paths. */
const PAGED: Readonly<Partial<Record<StageKind, readonly string[]>>> = {
  digitalocean: ["digests", "graphql", "repositoriesV2"],
  ghcr: ["graphql", "packages", "versions"],
  oci: ["_catalog", "graphql", "list"],
};

/** The same ones in each run, others for each fault, and one at least. */
function sampleOf(places: readonly Place[], index: number): readonly Place[] {
  const sample = places.filter((_, place) => (place + index) % EVERY === 0);
  return sample.length > 0 ? sample : places.slice(0, 1);
}

const tally = { trials: 0, requests: 0, began: 0 };
let lanes: Awaited<ReturnType<typeof openLanes>>;

beforeAll(async () => {
  tally.began = performance.now();
  lanes = await openLanes(LANES);
});

afterAll(async () => {
  await lanes.close();
  const seconds = Math.round((performance.now() - tally.began) / 1_000);
  const faults = `${Object.keys(FAULTS).length} faults at ${tally.requests} requests of ${PLAYS.length} sweeps`;
  if (PROVES) console.log(`${faults}: ${tally.trials} trials, ${seconds} s`);
});

describe.each(PLAYS)("a sweep in which one request goes wrong: $title", (play) => {
  let course: Course;

  beforeAll(async () => {
    course = await lanes.take((forge) => courseOf(play, forge));
    for (const { length } of Object.values(course.requests)) tally.requests += length;
  });

  test(play.mostPerPage === undefined ? "only GitHub's list has pages to move between" : "all its lists have", () => {
    const further = Object.values(course.requests)
      .flat()
      .filter(({ path, body }) => /[?&](?:page=[2-9]|page_token=|last=)/.test(path) || body.includes('"after":"'));
    const lists = new Set(further.map(({ path }) => path.replace(/\?.*/, "").split("/").at(-1)));
    expect([...lists].sort()).toEqual(play.mostPerPage === undefined ? ["graphql"] : PAGED[play.kind]);
  });

  test.concurrent.each(Object.entries(FAULTS).map(([name, fault], index) => ({ name, fault, index })))(
    "$name",
    async ({ name, fault, index }) => {
      const places = sampleOf(placesOf(course, fault), index);
      expect(places.length).toBeGreaterThan(0);
      const failures: string[] = [];
      const trial = async (place: Place): Promise<void> => {
        try {
          await lanes.take((forge) => tryFault(play, fault, place, forge, course));
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          failures.push(`${name}, at ${place.server}'s request ${place.ordinal}: ${why}`);
        }
      };
      await pMap(places, trial, { concurrency: LANES });
      tally.trials += places.length;
      expect(failures).toEqual([]);
    },
    900_000,
  );
});
