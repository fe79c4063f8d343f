import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Forge } from "../e2e/team.ts";
import { FAULTS } from "./faults.ts";
import { baselineOf, tryFault } from "./harness.ts";
import { type StageKind, serveStageForge } from "./stage.ts";

let forge: Forge;

beforeAll(async () => {
  forge = await serveStageForge();
});

afterAll(async () => {
  await forge.close();
});

describe.each<StageKind>(["digitalocean", "distribution", "ghcr"])(
  "a sweep of a %s registry in which one request goes wrong",
  (kind) => {
    test.each(Object.entries(FAULTS))(
      "%s, at each request in turn",
      async (name, fault) => {
        const baseline = await baselineOf(kind, forge);
        const failures: string[] = [];
        let trials = 0;
        for (const [server, count] of Object.entries(baseline.requests)) {
          for (let ordinal = 1; ordinal <= count; ordinal += 1) {
            trials += 1;
            try {
              await tryFault({ kind, server, ordinal, fault }, forge, baseline);
            } catch (error) {
              failures.push(
                `${name} at ${server}'s request ${ordinal}: ${error instanceof Error ? error.message : error}`,
              );
            }
          }
        }
        expect(failures).toEqual([]);
        expect(trials).toBeGreaterThan(20);
      },
      120_000,
    );
  },
);
