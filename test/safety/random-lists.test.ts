import assert from "node:assert/strict";
import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import { pushImage } from "../servers/content.ts";
import { applyToRegistry, change, push, type RefChange, type RegistryChange } from "./random-changes.ts";
import { alterList, type WrongList, wrongList } from "./random-lists.ts";
import { type ChangingRefs, pushedBefore, serveChangingRefs } from "./random-refs.ts";
import { anyInputs, type Checked, type Inputs, NOTHING, RUNS, sweepAndCheck } from "./random-sweep.ts";
import { type Event, place } from "./random-trace.ts";
import { contentsOf, NOW, openScenario, type Scenario, type ScenarioKind, type StoreView } from "./scenario.ts";

const HOUR = 3_600_000;
/** The servers' pages: a round number, as every page size. */
const PAGE = 10;

let refs: ChangingRefs;

beforeAll(async () => {
  refs = await serveChangingRefs();
});

afterAll(() => refs.close());

/** Three or four pages of manifests, and two of repositories. The oldest manifests are on the last page. */
function openLong(kind: ScenarioKind, pushes: readonly RegistryChange[], count: number): Promise<Scenario<StoreView>> {
  return openScenario(kind, {
    maxPerPage: PAGE,
    fill: (store) => {
      const context = { store, hasReferrersApi: false, built: new Map() };
      pushImage(store, { repository: "web", pushedAt: pushedBefore(0), seed: "main", tags: ["main"] });
      for (const [index, each] of pushes.entries())
        applyToRegistry(each, { ...context, pushedAt: pushedBefore(0), seed: `push ${index}` });
      for (let index = 0; index < count; index += 1) {
        const tags = index % 3 === 0 ? [`pr-${1 + (index % 2)}-${index}`] : [];
        pushImage(store, { repository: "web", pushedAt: pushedBefore(10), seed: `other ${index}`, tags });
      }
      for (let index = 0; index < 11; index += 1)
        pushImage(store, { repository: `a${index}`, pushedAt: pushedBefore(0), seed: `${index}`, tags: ["main"] });
    },
  });
}

async function checkList(kind: ScenarioKind, world: LongWorld): Promise<void> {
  const scenario = await openLong(kind, world.pushes, world.count);
  const checked: Checked = { scenario, refs, inputs: world.inputs, lost: new Set() };
  refs.gitHost.github.state.maxPerPage = 2;
  try {
    const first = await sweepAndCheck(checked, { ...NOTHING, alter: alterList(world.wrong) }, NOW);
    const contents = contentsOf(scenario.store);
    const second = await sweepAndCheck(checked, NOTHING, NOW + HOUR);
    assert.deepEqual(second.errors, [], "the second sweep finishes");
    // Without closed pull requests there is less evidence, which is safe.
    if (first.errors.length === 0 && world.wrong.list !== "pull requests")
      assert.deepEqual(contentsOf(scenario.store), contents, "a sweep without an error read complete lists");
  } finally {
    refs.gitHost.github.state.maxPerPage = 100;
    refs.reset();
    await scenario.close();
  }
}

interface LongWorld {
  readonly pushes: readonly RegistryChange[];
  readonly count: number;
  readonly inputs: Inputs;
  readonly wrong: WrongList;
}

const longWorld: fc.Arbitrary<LongWorld> = fc.record({
  pushes: fc.array(push, { minLength: 2, maxLength: 8 }),
  count: fc.integer({ min: 8, max: 28 }),
  inputs: anyInputs,
  wrong: wrongList,
});

test.each<ScenarioKind>(["digitalocean", "ghcr"])(
  "%s: a list whose pages contradict each other is read completely, or is an error",
  async (kind) => {
    await fc.assert(
      fc.asyncProperty(longWorld, (world) => checkList(kind, world)),
      RUNS,
    );
  },
  3_600_000,
);

/**
 * Many begin with another: a registry on S3 hides these. None has an ending that only the build knows, such as `pr-10-arm64`: no
 * client can request these by name.
 */
const NESTED = ["next", "next-2", "hotfix", "hotfix-b", "pr-1", "pr-10", "pr-100", "v1", "v10", "v10.0.0"];
const LIVE: readonly RefChange[] = [
  { action: "create branch", branch: "next-2" },
  { action: "create branch", branch: "hotfix-b" },
  { action: "create tag", gitTag: "v10.0.0" },
  { action: "create tag", gitTag: "v1" },
  { action: "open pull request", number: 10 },
  { action: "open pull request", number: 100 },
];

interface HiddenWorld {
  /** The tags of each image. A later image takes them from an earlier one. */
  readonly images: readonly (readonly string[])[];
  readonly live: readonly RefChange[];
  readonly inputs: Inputs;
  readonly events: readonly Event[];
}

const hiddenWorld: fc.Arbitrary<HiddenWorld> = fc.record({
  images: fc.array(fc.subarray(NESTED, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 7 }),
  live: fc.subarray([...LIVE]),
  inputs: anyInputs,
  events: fc.array(fc.record({ at: place, change }), { maxLength: 2 }),
});

async function checkHidden(kind: "distribution" | "oci", world: HiddenWorld): Promise<void> {
  const scenario = await openScenario(kind, {
    behaviour: { hiddenTags: "that begin with another" },
    fill: (store) => {
      pushImage(store, { repository: "web", pushedAt: pushedBefore(0), seed: "main", tags: ["main"] });
      for (const [index, tags] of world.images.entries())
        pushImage(store, { repository: "web", pushedAt: pushedBefore(index), seed: `image ${index}`, tags });
    },
  });
  const checked: Checked = { scenario, refs, inputs: world.inputs, lost: new Set(), hidesTags: true };
  for (const number of [10, 100]) {
    refs.apply({ action: "open pull request", number }, NOW - 20 * 24 * HOUR);
    refs.apply({ action: "close pull request", number }, NOW - 10 * 24 * HOUR);
  }
  for (const each of world.live) refs.apply(each, NOW - 5 * HOUR);
  try {
    for (const [index, events] of [world.events, [], []].entries())
      await sweepAndCheck(checked, { ...NOTHING, events }, NOW + index * HOUR);
  } finally {
    refs.reset();
    await scenario.close();
  }
}

describe.each(["distribution", "oci"] as const)("%s: a list that hides tags", (kind) => {
  test("deletes no image that a live ref names", async () => {
    await fc.assert(
      fc.asyncProperty(hiddenWorld, (world) => checkHidden(kind, world)),
      RUNS,
    );
  }, 3_600_000);
});
