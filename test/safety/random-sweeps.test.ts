import assert from "node:assert/strict";
import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import { pushImage } from "../servers/content.ts";
import { sweepScenario } from "./harness.ts";
import { applyToRegistry, builder, change, push, type RegistryChange } from "./random-changes.ts";
import { assertDeletions, assertTagsPullable } from "./random-checks.ts";
import { type ChangingRefs, pushedBefore, serveChangingRefs } from "./random-refs.ts";
import { RUNS } from "./random-runs.ts";
import { type Disturbance, deletionFault, type Event, place, traceRequests } from "./random-trace.ts";
import { assertReport } from "./report-accuracy.ts";
import { contentsOf, NOW, openScenario, type Scenario, type ScenarioKind, type StoreView } from "./scenario.ts";

const NOTHING: Disturbance = { events: [], faults: [], secondsPerDeletion: 0 };

const HOUR = 3_600_000;

let refs: ChangingRefs;

beforeAll(async () => {
  refs = await serveChangingRefs();
});

afterAll(() => refs.close());

const anyInputs = fc.record({
  "keep-count": fc.constantFrom("0", "0", "1", "2"),
  "grace-period": fc.constantFrom("0", "24h"),
  untagged: fc.constantFrom<"delete" | "keep">("delete", "delete", "keep"),
  "unmatched-tags": fc.constantFrom<"delete" | "keep">("keep", "keep", "delete"),
  "remove-stale-tags": fc.constantFrom("false", "false", "true"),
  concurrency: fc.constantFrom("1", "1", "4"),
});

interface World {
  readonly pushes: readonly RegistryChange[];
  readonly inputs: typeof anyInputs extends fc.Arbitrary<infer T> ? T : never;
  readonly disturbance: Disturbance;
}

function open(kind: ScenarioKind, pushes: readonly RegistryChange[]): Promise<Scenario<StoreView>> {
  return openScenario(kind, {
    fill: (store) => {
      pushImage(store, { repository: "web", pushedAt: pushedBefore(0), seed: "main", tags: ["main"] });
      const context = { store, hasReferrersApi: kind === "oci", built: new Map() };
      for (const [index, each] of pushes.entries())
        applyToRegistry(each, { ...context, pushedAt: pushedBefore(index), seed: `push ${index}` });
    },
  });
}

/** Sweeps once. Checks every DELETE and the report. */
async function sweepAndCheck(
  scenario: Scenario<StoreView>,
  { inputs }: World,
  disturbance: Disturbance,
  startAt: number,
  lost: Set<string>,
): Promise<RunResult> {
  const before = contentsOf(scenario.store);
  // Deletions in flight at the same time were sent at the same time.
  const secondsPerDeletion = inputs.concurrency === "1" ? disturbance.secondsPerDeletion : 0;
  const trace = traceRequests(scenario, refs, { ...disturbance, secondsPerDeletion }, startAt);
  const result = await sweepScenario(scenario, refs.gitHost, inputs, { clock: trace.clock });
  const late = assertDeletions(trace, {
    untagged: inputs.untagged,
    unmatchedTags: inputs["unmatched-tags"],
    gracePeriodMs: inputs["grace-period"] === "0" ? 0 : 86_400_000,
    listsUntagged: scenario.kind === "digitalocean" || scenario.kind === "ghcr",
  });
  for (const digest of [...late, ...trace.dropped]) lost.add(digest);
  assertTagsPullable(scenario, lost);
  const after = contentsOf(scenario.store);
  assertReport(result, { before, after, moved: trace.moved, hidden: false, collection: null });
  const sent = Object.values(result.requests).reduce((sum, count) => sum + count, 0);
  assert.ok(sent >= trace.requests.length, "the report counts every request");
  return result;
}

async function checkWorld(kind: ScenarioKind, world: World): Promise<void> {
  const scenario = await open(kind, world.pushes);
  const lost = new Set<string>();
  try {
    await sweepAndCheck(scenario, world, world.disturbance, NOW, lost);
    const second = await sweepAndCheck(scenario, world, NOTHING, NOW + HOUR, lost);
    assert.deepEqual(second.errors, [], "the second sweep finishes");
    const contents = contentsOf(scenario.store);
    const third = await sweepAndCheck(scenario, world, NOTHING, NOW + 2 * HOUR, lost);
    assert.deepEqual(third.errors, [], "the third sweep finishes");
    assert.deepEqual(contentsOf(scenario.store), contents, "the third sweep deletes nothing");
  } finally {
    refs.reset();
    await scenario.close();
  }
}

const events = fc.array(fc.record({ at: place, change }), { minLength: 1, maxLength: 4 });
/** The steps of two or three builders, each at a later place than the one before. */
const builds: fc.Arbitrary<readonly Event[]> = fc
  .array(fc.record({ steps: builder, at: fc.array(place, { minLength: 5, maxLength: 5 }) }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((all) =>
    all.flatMap(({ steps, at }) => {
      const places = at.toSorted(
        (a, b) => Number(a.since !== "start") - Number(b.since !== "start") || a.number - b.number || a.after - b.after,
      );
      return steps.flatMap((step, index) => (places[index] === undefined ? [] : [{ at: places[index], change: step }]));
    }),
  );

function worldOf(disturbance: fc.Arbitrary<Disturbance>) {
  return fc.record({ pushes: fc.array(push, { minLength: 2, maxLength: 9 }), inputs: anyInputs, disturbance });
}

const secondsPerDeletion = fc.constantFrom(0, 0, 20, 61);
const noFaults = fc.constant([]);

const KINDS: readonly ScenarioKind[] = ["digitalocean", "ghcr", "distribution", "oci"];
const DISTURBANCES = {
  "changes between any two requests": fc.record({ events, faults: noFaults, secondsPerDeletion }),
  "lost and refused deletions, with changes between": fc.record({
    events,
    faults: fc.array(deletionFault, { minLength: 1, maxLength: 3 }),
    secondsPerDeletion,
  }),
  "several builders that push shared platforms": fc.record({ events: builds, faults: noFaults, secondsPerDeletion }),
};

describe.each(KINDS)("%s: a sweep during", (kind) => {
  test.each(Object.entries(DISTURBANCES))(
    "%s deletes nothing that is needed, reports what it did, and the third sweep deletes nothing",
    async (_title, disturbance) => {
      await fc.assert(
        fc.asyncProperty(worldOf(disturbance), (world) => checkWorld(kind, world)),
        RUNS,
      );
    },
    3_600_000,
  );
});
