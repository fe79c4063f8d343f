import fc from "fast-check";
import { describe, test } from "vitest";
import { PLAN_PROPERTIES } from "./properties.ts";
import { RECHECK_PROPERTIES } from "./recheck-properties.ts";
import { sample } from "./worlds.ts";

/** The same registries in every run, so that a failure is the change's. `npm run prove` draws others. */
const RUNS = { numRuns: 2000, seed: 20_261_128 };

describe("the plan of any registry", () => {
  test.each(Object.entries(PLAN_PROPERTIES))("%s", (_sentence, property) => {
    fc.assert(fc.property(sample, property), RUNS);
  });
});

describe("the recheck of any plan", () => {
  test.each(Object.entries(RECHECK_PROPERTIES))("%s", (_sentence, property) => {
    fc.assert(fc.property(sample, property), RUNS);
  });
});
