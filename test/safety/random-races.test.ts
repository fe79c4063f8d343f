import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import type { GitHost } from "../e2e/example.ts";
import { pushImage } from "../servers/content.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { missingContent } from "../servers/pull.ts";
import { sweepScenario } from "./harness.ts";
import { applyChange, type Event, type EventTrace, event, injectEvents, type Push, push } from "./random-events.ts";
import { assertReport } from "./report-accuracy.ts";
import { contentsOf, NOW, openScenario, type Scenario, type StoreScenarioKind } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const DAY = 86_400_000;
/** npm test draws the same changes in every run. With REFSWEEP_PROVE=1 (npm run prove) they are new ones. */
const RUNS = process.env["REFSWEEP_PROVE"] === undefined ? { numRuns: 40, seed: 20_261_128 } : { numRuns: 500 };

let gitHost: GitHost;

useGitHost((served) => {
  gitHost = served;
});

type Inputs = Readonly<Record<string, string>>;

const anyInputs: fc.Arbitrary<Inputs> = fc.record({
  "keep-count": fc.constantFrom("0", "0", "1", "2"),
  "grace-period": fc.constantFrom("0", "24h"),
  untagged: fc.constantFrom("delete", "delete", "keep"),
  "unmatched-tags": fc.constantFrom("keep", "delete"),
});
/** The numbers of the refused deletions. */
const refusals = fc.oneof(fc.constant([]), fc.array(fc.nat(5), { minLength: 1, maxLength: 2 }));

function fill(store: RegistryStore, kind: StoreScenarioKind, pushes: readonly Push[]): void {
  pushImage(store, { repository: "web", pushedAt: NOW - 30 * DAY, seed: "main", tags: ["main"] });
  for (const [index, each] of pushes.entries())
    applyChange(store, kind, each, NOW - (20 - index) * DAY, `push ${index}`);
}

function assertTagsPullable({ store }: Scenario, late: ReadonlySet<string>): void {
  for (const tag of store.tags("web"))
    if (!late.has(tag)) assert.deepEqual(missingContent(store, "web", tag), [], `${tag} can be pulled`);
}

/** Sweeps and checks the report. */
async function sweepAndCheck(scenario: Scenario, inputs: Inputs, events?: EventTrace): Promise<RunResult> {
  const before = contentsOf(scenario.store);
  const options = events === undefined ? {} : { clock: events.clock };
  const result = await sweepScenario(scenario, gitHost, inputs, options);
  const moved = events?.moved ?? new Set();
  assertReport(result, { before, after: contentsOf(scenario.store), moved, hidden: false, collection: null });
  return result;
}

describe.each<StoreScenarioKind>(["digitalocean", "distribution", "oci"])("%s: with concurrent changes", (kind) => {
  test("every listed tag can be pulled, the report is accurate, and the third sweep deletes nothing", async () => {
    const trial = async (
      pushes: readonly Push[],
      events: readonly Event[],
      refused: readonly number[],
      inputs: Inputs,
    ) => {
      const scenario = await openScenario(kind, { fill: (store) => fill(store, kind, pushes) });
      try {
        const trace = injectEvents(scenario, kind, events, refused);
        const first = await sweepAndCheck(scenario, { ...inputs, concurrency: "1" }, trace);
        // A refused deletion may be no longer planned in its recheck. Then it is not an error.
        const hasFailed = first.repositories[0]?.manifests.some(({ outcome }) => outcome === "failed") === true;
        assert.deepEqual([...new Set(first.errors.map((error) => error.kind))], hasFailed ? ["deletion"] : []);
        assert.ok(trace.refused() || !hasFailed, "only a refused deletion fails");
        assertTagsPullable(scenario, trace.late);
        scenario.servers[kind === "digitalocean" ? "api" : "registry"]?.inject([]);
        const second = await sweepAndCheck(scenario, inputs);
        assert.deepEqual(second.errors, []);
        assertTagsPullable(scenario, trace.late);
        const contents = contentsOf(scenario.store);
        const third = await sweepAndCheck(scenario, inputs);
        assert.deepEqual(third.errors, []);
        assert.deepEqual(contentsOf(scenario.store), contents, "a sweep without changes deletes nothing");
      } finally {
        await scenario.close();
      }
    };
    const pushes = fc.array(push, { minLength: 2, maxLength: 9 });
    const events = fc.array(event, { maxLength: 3 });
    await fc.assert(fc.asyncProperty(pushes, events, refusals, anyInputs, trial), RUNS);
  }, 900_000);
});
