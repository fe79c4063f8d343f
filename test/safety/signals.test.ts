import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { assertPullable, type Baseline, baselineOf, seen, sweepScenario } from "./harness.ts";
import { assertStepReport, runInterruptedStep, type Send, storedManifests } from "./interrupted-step.ts";
import { openScenario, type ScenarioKind, serveScenarioGitHost } from "./scenario.ts";

const EVERY_REQUEST = process.env["REFSWEEP_PROVE"] !== undefined;
/** In npm test so many requests to each server, spread over all of them; with REFSWEEP_PROVE=1 (npm run prove) each. */
const SAMPLES = { SIGTERM: 3, SIGINT: 1, SIGKILL: 1 } as const;

const SCENARIO_SERVERS = {
  digitalocean: ["api", "oci", "git", "github"],
  distribution: ["registry", "git", "github"],
  ghcr: ["api", "oci", "git", "github"],
} as const satisfies Partial<Record<ScenarioKind, readonly string[]>>;
const KINDS = ["digitalocean", "distribution", "ghcr"] as const;
type Signal = keyof typeof SAMPLES;

let gitHost: GitHost;
const baselines = new Map<ScenarioKind, Baseline>();

beforeAll(async () => {
  gitHost = await serveScenarioGitHost();
  for (const kind of KINDS) baselines.set(kind, await baselineOf(kind, gitHost));
});

afterAll(async () => {
  await gitHost.close();
});

/** Which requests get a signal: each, or some that differ from signal to signal. */
function ordinalsOf(count: number, signal: Signal): readonly number[] {
  if (EVERY_REQUEST) return Array.from({ length: count }, (_, index) => index + 1);
  const parts = SAMPLES[signal];
  return [...new Set(Array.from({ length: parts }, (_, index) => Math.ceil((count * (index + 0.7)) / parts)))];
}

/** One run that gets `signal` when the `ordinal`th request arrives at `server`, and one that is left alone. */
async function interrupt(kind: ScenarioKind, signal: Signal, server: string, ordinal: number): Promise<void> {
  const scenario = await openScenario(kind);
  const target = { ...scenario.servers, git: gitHost.git, github: gitHost.github }[server];
  const before = storedManifests(scenario);
  let signalledAt: number | null = null;
  try {
    const first = await runInterruptedStep(scenario, gitHost, (send: Send) =>
      target?.inject((_request, number) => {
        if (number !== ordinal) return null;
        signalledAt = performance.now();
        send(signal);
        return { kind: "delay", ms: 50 };
      }),
    );
    target?.inject([]);
    expect(signalledAt, "the request came").not.toBeNull();
    assertPullable(scenario);
    if (signal === "SIGKILL") expect(first.exitCode).toBeNull();
    else {
      expect(performance.now() - (signalledAt ?? 0)).toBeLessThan(5_000);
      expect(first.exitCode, first.log).toBe(1);
      expect(first.summary).toContain("cancelled");
      assertStepReport(first, before, scenario);
    }
    const second = await sweepScenario(scenario, gitHost);
    expect(second.errors).toEqual([]);
    expect(seen(scenario)).toEqual(baselines.get(kind)?.seen);
  } finally {
    target?.inject([]);
    await scenario.close();
  }
}

describe.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)(
  "%s at a request: nothing living breaks, the truth is told, and the next run finishes",
  (signal) => {
    test.each(KINDS.flatMap((kind) => SCENARIO_SERVERS[kind].map((server) => ({ kind, server }))))(
      "of $kind, to $server",
      async ({ kind, server }) => {
        const ordinals = ordinalsOf(baselines.get(kind)?.requests[server] ?? 0, signal);
        expect(ordinals.length).toBeGreaterThan(0);
        for (const ordinal of ordinals) await interrupt(kind, signal, server, ordinal);
      },
      300_000,
    );
  },
);
