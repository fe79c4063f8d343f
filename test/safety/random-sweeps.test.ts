import assert from "node:assert/strict";
import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import { pushImage } from "../servers/content.ts";
import { applyToRegistry, builder, change, push, type RegistryChange } from "./random-changes.ts";
import { type ChangingRefs, pushedBefore, serveChangingRefs } from "./random-refs.ts";
import { anyInputs, type Checked, type Inputs, NOTHING, RUNS, sweepAndCheck } from "./random-sweep.ts";
import { type Disturbance, deletionFault, type Event, place } from "./random-trace.ts";
import { contentsOf, NOW, openScenario, type Scenario, type ScenarioKind, type StoreView } from "./scenario.ts";

const HOUR = 3_600_000;

let refs: ChangingRefs;

beforeAll(async () => {
  refs = await serveChangingRefs();
});

afterAll(() => refs.close());

interface World {
  readonly pushes: readonly RegistryChange[];
  readonly inputs: Inputs;
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

async function checkWorld(kind: ScenarioKind, { pushes, inputs, disturbance }: World): Promise<void> {
  const scenario = await open(kind, pushes);
  const checked: Checked = { scenario, refs, inputs, lost: new Set() };
  try {
    await sweepAndCheck(checked, disturbance, NOW);
    const second = await sweepAndCheck(checked, NOTHING, NOW + HOUR);
    assert.deepEqual(second.errors, [], "the second sweep finishes");
    const contents = contentsOf(scenario.store);
    const third = await sweepAndCheck(checked, NOTHING, NOW + 2 * HOUR);
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
