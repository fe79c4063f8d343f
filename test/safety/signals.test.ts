import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Forge } from "../e2e/team.ts";
import { assertLiving, type Baseline, baselineOf, seen, sweepStage } from "./harness.ts";
import { assertToldTruly, holdingsOf, type Send, signalledStep } from "./signalled.ts";
import { openStage, type StageKind, serveStageForge } from "./stage.ts";

const EVERY_REQUEST = process.env["REFSWEEP_PROVE"] !== undefined;
/** In npm test so many requests to each server, spread over all of them; with REFSWEEP_PROVE=1 (npm run prove) each. */
const SAMPLES = { SIGTERM: 3, SIGINT: 1, SIGKILL: 1 } as const;

const STAGES = {
  digitalocean: ["api", "oci", "git", "github"],
  distribution: ["registry", "git", "github"],
  ghcr: ["api", "oci", "git", "github"],
} as const satisfies Partial<Record<StageKind, readonly string[]>>;
const KINDS = ["digitalocean", "distribution", "ghcr"] as const;
type Signal = keyof typeof SAMPLES;

let forge: Forge;
const baselines = new Map<StageKind, Baseline>();

beforeAll(async () => {
  forge = await serveStageForge();
  for (const kind of KINDS) baselines.set(kind, await baselineOf(kind, forge));
});

afterAll(async () => {
  await forge.close();
});

/** Which requests get a signal: each, or some that differ from signal to signal. */
function ordinalsOf(count: number, signal: Signal): readonly number[] {
  if (EVERY_REQUEST) return Array.from({ length: count }, (_, index) => index + 1);
  const parts = SAMPLES[signal];
  return [...new Set(Array.from({ length: parts }, (_, index) => Math.ceil((count * (index + 0.7)) / parts)))];
}

/** One run that gets `signal` when the `ordinal`th request arrives at `server`, and one that is left alone. */
async function interrupt(kind: StageKind, signal: Signal, server: string, ordinal: number): Promise<void> {
  const stage = await openStage(kind);
  const target = { ...stage.servers, git: forge.git, github: forge.github }[server];
  const before = holdingsOf(stage);
  let signalledAt: number | null = null;
  try {
    const first = await signalledStep(stage, forge, (send: Send) =>
      target?.inject((_request, number) => {
        if (number !== ordinal) return null;
        signalledAt = performance.now();
        send(signal);
        return { kind: "delay", ms: 50 };
      }),
    );
    target?.inject([]);
    expect(signalledAt, "the request came").not.toBeNull();
    assertLiving(stage);
    if (signal === "SIGKILL") expect(first.exitCode).toBeNull();
    else {
      expect(performance.now() - (signalledAt ?? 0)).toBeLessThan(5_000);
      expect(first.exitCode, first.log).toBe(1);
      expect(first.summary).toContain("cancelled");
      assertToldTruly(first, before, stage);
    }
    const second = await sweepStage(stage, forge);
    expect(second.errors).toEqual([]);
    expect(seen(stage)).toEqual(baselines.get(kind)?.seen);
  } finally {
    target?.inject([]);
    await stage.close();
  }
}

describe.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)(
  "%s at a request: nothing living breaks, the truth is told, and the next run finishes",
  (signal) => {
    test.each(KINDS.flatMap((kind) => STAGES[kind].map((server) => ({ kind, server }))))(
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
