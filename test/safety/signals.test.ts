import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runStep, type StepResult } from "../e2e/runner.ts";
import type { Forge } from "../e2e/team.ts";
import { assertLiving, type Baseline, baselineOf } from "./harness.ts";
import { contentsOf, openStage, type Stage, serveStageForge } from "./stage.ts";

// In npm test some of the requests; with REFSWEEP_PROVE=1 (npm run prove) each of them.
const EVERY = process.env["REFSWEEP_PROVE"] === undefined ? 4 : 1;

let forge: Forge;
let baseline: Baseline;

beforeAll(async () => {
  forge = await serveStageForge();
  baseline = await baselineOf("digitalocean", forge);
});

afterAll(async () => {
  await forge.close();
});

function run(
  stage: Stage,
  onOutput: (kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<StepResult> {
  // The stage plays in November 2026; the process has the machine's clock, so nothing here may be young by it.
  return runStep({
    inputs: { ...stage.inputs, "grace-period": "0", concurrency: "2" },
    environment: forge.environment,
    onOutput: (_chunk, kill) => onOutput(kill),
  });
}

/** One run that gets `signal` when the registry's `ordinal`th request arrives, and one that is left alone. */
async function interrupted(signal: NodeJS.Signals, server: string, ordinal: number): Promise<void> {
  const stage = await openStage("digitalocean");
  let kill: ((name: NodeJS.Signals) => void) | null = null;
  let signalledAt = 0;
  try {
    stage.servers[server]?.inject((_request, number) => {
      if (number !== ordinal) return null;
      signalledAt = performance.now();
      kill?.(signal);
      return { kind: "delay", ms: 50 };
    });
    const first = await run(stage, (send) => {
      kill = send;
    });
    assertLiving(stage);
    if (signal === "SIGTERM") {
      expect(performance.now() - signalledAt).toBeLessThan(5_000);
      expect(first.exitCode).toBe(1);
      expect(first.report).toMatchObject({ version: 1 });
      expect(first.summary).toContain("cancelled");
      expect(first.outputs).toHaveProperty("deleted-count");
    } else {
      expect(first.exitCode).toBeNull();
    }
    stage.servers[server]?.inject([]);
    const second = await run(stage);
    expect(second.exitCode, second.log).toBe(0);
    expect(contentsOf(stage.store)).toEqual(baseline.contents);
  } finally {
    await stage.close();
  }
}

describe.each(["SIGTERM", "SIGKILL"] as const)(
  "%s at a request: nothing living breaks, and the next run finishes",
  (signal) => {
    test.each(["api", "oci"])(
      "to the registry's %s",
      async (server) => {
        const count = baseline.requests[server] ?? 0;
        const ordinals = Array.from({ length: count }, (_, index) => index + 1).filter(
          (each) => each % EVERY === 1 % EVERY,
        );
        expect(ordinals.length).toBeGreaterThan(1);
        for (const ordinal of ordinals) await interrupted(signal, server, ordinal);
      },
      120_000,
    );
  },
);
