import fc from "fast-check";
import { describe, test } from "vitest";
import { PROPERTIES } from "./properties.ts";
import { sample } from "./worlds.ts";

describe("of any registry, the plan", () => {
  test.each(Object.entries(PROPERTIES))("%s", (_sentence, property) => {
    fc.assert(fc.property(sample, property), { numRuns: 2000 });
  });
});
