import fc from "fast-check";
import { describe, test } from "vitest";
import { PLAN_PROPERTIES } from "./properties.ts";
import { RECHECK_PROPERTIES } from "./recheck-properties.ts";
import { sample } from "./worlds.ts";

const RUNS = 2000;

describe("the plan of any registry", () => {
  test.each(Object.entries(PLAN_PROPERTIES))("%s", (_sentence, property) => {
    fc.assert(fc.property(sample, property), { numRuns: RUNS });
  });
});

describe("the recheck of any plan", () => {
  test.each(Object.entries(RECHECK_PROPERTIES))("%s", (_sentence, property) => {
    fc.assert(fc.property(sample, property), { numRuns: RUNS });
  });
});
