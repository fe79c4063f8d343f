import assert from "node:assert/strict";
import fc from "fast-check";
import type { RunResult } from "../../src/report/result.ts";
import { sweepScenario } from "./harness.ts";
import { assertDeletions, assertTagsPullable } from "./random-checks.ts";
import type { ChangingRefs } from "./random-refs.ts";
import { type Disturbance, type Trace, traceRequests } from "./random-trace.ts";
import { assertReport } from "./report-accuracy.ts";
import { contentsOf, type Scenario, type StoreView } from "./scenario.ts";

const { REFSWEEP_PROVE, REFSWEEP_WORLDS = "200", REFSWEEP_SEED } = process.env;

/** Whether `npm run prove` runs. */
export const IS_PROOF = REFSWEEP_PROVE !== undefined;

/** `npm test` draws the same few worlds in every run. `npm run prove` sets their number and seed. */
export const RUNS = IS_PROOF
  ? { numRuns: Number(REFSWEEP_WORLDS), ...(REFSWEEP_SEED === undefined ? {} : { seed: Number(REFSWEEP_SEED) }) }
  : { numRuns: 4, seed: 20_261_128 };

export const NOTHING: Disturbance = { events: [], faults: [], secondsPerDeletion: 0 };

const anyDecision = fc.constantFrom<"delete" | "keep">("delete", "delete", "keep");

export const anyInputs = fc.record({
  "keep-count": fc.constantFrom("0", "0", "1", "2"),
  "grace-period": fc.constantFrom("0", "24h"),
  untagged: anyDecision,
  "unmatched-tags": fc.constantFrom<"delete" | "keep">("keep", "keep", "delete"),
  "remove-stale-tags": fc.constantFrom("false", "false", "true"),
  concurrency: fc.constantFrom("1", "1", "4"),
});

export type Inputs = typeof anyInputs extends fc.Arbitrary<infer T> ? T : never;

/** What the sweeps of one world share. */
export interface Checked {
  readonly scenario: Scenario<StoreView>;
  readonly refs: ChangingRefs;
  readonly inputs: Inputs;
  /** Content that may be missing: others deleted it, or a change came too late. */
  readonly lost: Set<string>;
  /** Whether the registry hides unmatched tags, so that they keep nothing. */
  readonly hidesTags?: true;
}

/** Sweeps once. Checks every DELETE and the report. */
export async function sweepAndCheck(
  { scenario, refs, inputs, lost, hidesTags }: Checked,
  disturbance: Disturbance,
  startAt: number,
): Promise<RunResult & { readonly trace: Trace }> {
  const before = contentsOf(scenario.store);
  // Deletions in flight at the same time were sent at the same time.
  const secondsPerDeletion = inputs.concurrency === "1" ? disturbance.secondsPerDeletion : 0;
  const trace = traceRequests(scenario, refs, { ...disturbance, secondsPerDeletion }, startAt);
  const result = await sweepScenario(scenario, refs.gitHost, inputs, { clock: trace.clock });
  const late = assertDeletions(trace, {
    untagged: inputs.untagged,
    unmatchedTags: hidesTags === true ? "delete" : inputs["unmatched-tags"],
    gracePeriodMs: inputs["grace-period"] === "0" ? 0 : 86_400_000,
    listsUntagged: scenario.kind === "digitalocean" || scenario.kind === "ghcr",
  });
  for (const digest of [...late, ...trace.dropped]) lost.add(digest);
  assertTagsPullable(scenario, lost);
  const after = contentsOf(scenario.store);
  assertReport(result, { before, after, moved: trace.moved, hidden: false, collection: null });
  const sent = Object.values(result.requests).reduce((sum, count) => sum + count, 0);
  assert.ok(sent >= trace.requests.length, "the report counts every request");
  return { ...result, trace };
}
