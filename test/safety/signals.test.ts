import { beforeAll, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { assertPullable, type Baseline, baselineOf, listed, serversOf, sweepScenario } from "./harness.ts";
import { assertStepReport, runInterruptedStep, type Send, STEP_INPUTS, storedManifests } from "./interrupted-step.ts";
import { openScenario, type ScenarioKind } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const IS_COMPLETE = process.env["REFSWEEP_PROVE"] !== undefined;
/** The number of requests to each server that get a signal in npm test. With REFSWEEP_PROVE=1 (npm run prove) all do. */
const SAMPLES = { SIGTERM: 3, SIGINT: 1, SIGKILL: 1 } as const;

const SERVERS = {
  digitalocean: ["api", "oci", "git", "github"],
  distribution: ["registry", "git", "github"],
  ghcr: ["api", "oci", "git", "github"],
} as const satisfies Partial<Record<ScenarioKind, readonly string[]>>;
const KINDS = ["digitalocean", "distribution", "ghcr"] as const;
type Signal = keyof typeof SAMPLES;

let gitHost: GitHost;
const baselines = new Map<ScenarioKind, Baseline>();

useGitHost((served) => {
  gitHost = served;
});

beforeAll(async () => {
  for (const kind of KINDS) baselines.set(kind, await baselineOf(await openScenario(kind), gitHost, STEP_INPUTS));
});

/** Returns the requests that get a signal: all, or a sample that depends on the signal. */
function ordinalsOf(count: number, signal: Signal): readonly number[] {
  if (IS_COMPLETE) return Array.from({ length: count }, (_, index) => index + 1);
  const parts = SAMPLES[signal];
  return [...new Set(Array.from({ length: parts }, (_, index) => Math.ceil((count * (index + 0.7)) / parts)))];
}

/** Sends `signal` to a run when the `ordinal`th request arrives at `server`, then runs again without a signal. */
async function interrupt(kind: ScenarioKind, signal: Signal, server: string, ordinal: number): Promise<void> {
  const scenario = await openScenario(kind);
  const target = serversOf(scenario, gitHost)[server];
  const before = storedManifests(scenario);
  const received = () =>
    Object.values(serversOf(scenario, gitHost)).reduce((sum, { requests }) => sum + requests.length, 0);
  const receivedBefore = received();
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
    expect(signalledAt, "the request was sent").not.toBeNull();
    assertPullable(scenario);
    if (signal === "SIGKILL") expect(first.exitCode).toBeNull();
    else {
      expect(performance.now() - (signalledAt ?? 0)).toBeLessThan(5_000);
      expect(first.exitCode, first.log).toBe(1);
      expect(first.summary).toContain("cancelled");
      assertStepReport(first, before, scenario);
      const reported = Object.values(first.report?.requests ?? {}).reduce((sum, count) => sum + count, 0);
      expect(reported).toBeGreaterThanOrEqual(received() - receivedBefore);
    }
    const second = await sweepScenario(scenario, gitHost);
    expect(second.errors).toEqual([]);
    expect(listed(scenario)).toEqual(baselines.get(kind)?.listed);
  } finally {
    target?.inject([]);
    await scenario.close();
  }
}

describe.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)(
  "%s at a request breaks no kept image, the report is accurate, and the next run completes the work",
  (signal) => {
    test.each(KINDS.flatMap((kind) => SERVERS[kind].map((server) => ({ kind, server }))))(
      "of $kind, to $server",
      async ({ kind, server }) => {
        const ordinals = ordinalsOf(baselines.get(kind)?.requests[server]?.length ?? 0, signal);
        expect(ordinals.length).toBeGreaterThan(0);
        for (const ordinal of ordinals) await interrupt(kind, signal, server, ordinal);
      },
      300_000,
    );
  },
);
