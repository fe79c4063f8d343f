import assert from "node:assert/strict";
import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import type { GitHost } from "../e2e/example.ts";
import { pushImage } from "../servers/content.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { sweepScenario } from "./harness.ts";
import { type Event, event, happen, type Met, type Push, playEvents, push } from "./random-events.ts";
import { assertReport } from "./report-accuracy.ts";
import {
  contentsOf,
  missingBelow,
  NOW,
  openScenario,
  type Scenario,
  type StoreScenarioKind,
  serveScenarioGitHost,
} from "./scenario.ts";

const DAY = 86_400_000;
const RUNS = process.env["REFSWEEP_PROVE"] === undefined ? 40 : 500;

let gitHost: GitHost;

beforeAll(async () => {
  gitHost = await serveScenarioGitHost();
});

afterAll(() => gitHost.close());

const inputs = fc.record({
  "keep-count": fc.constantFrom("0", "0", "1", "2"),
  "grace-period": fc.constantFrom("0", "24h"),
  untagged: fc.constantFrom("delete", "delete", "keep"),
  "unmatched-tags": fc.constantFrom("keep", "delete"),
});
/** Which deletions are refused, by their number. */
const refusals = fc.oneof(fc.constant([]), fc.array(fc.nat(5), { minLength: 1, maxLength: 2 }));

function fill(store: RegistryStore, kind: StoreScenarioKind, pushes: readonly Push[]): void {
  pushImage(store, { repository: "web", pushedAt: NOW - 30 * DAY, seed: "main", tags: ["main"] });
  for (const [index, each] of pushes.entries()) happen(store, kind, each, NOW - (20 - index) * DAY, `push ${index}`);
}

function assertWhole({ store }: Scenario, late: ReadonlySet<string>): void {
  for (const tag of store.tags("web"))
    if (!late.has(tag)) assert.deepEqual(missingBelow(store, tag), [], `${tag} can be pulled whole`);
}

const NOTHING_MET: Pick<Met, "moved"> = { moved: new Set() };

async function sweepTruly(scenario: Scenario, rules: Record<string, string>, met?: Met): Promise<RunResult> {
  const before = contentsOf(scenario.store);
  const result = await sweepScenario(scenario, gitHost, rules, met?.clock);
  const { moved } = met ?? NOTHING_MET;
  assertReport(result, { before, after: contentsOf(scenario.store), moved, hidden: false, collection: null });
  return result;
}

describe.each<StoreScenarioKind>(["digitalocean", "distribution", "oci"])("%s: while the world goes on", (kind) => {
  test("whatever is there when the list is read stays body, the report is true, and later sweeps come to an end", async () => {
    const trial = async (
      pushes: readonly Push[],
      events: readonly Event[],
      refused: readonly number[],
      rules: Record<string, string>,
    ) => {
      const scenario = await openScenario(kind, { fill: (store) => fill(store, kind, pushes) });
      try {
        const met = playEvents(scenario, kind, events, refused);
        const first = await sweepTruly(scenario, { ...rules, concurrency: "1" }, met);
        assert.deepEqual([...new Set(first.errors.map((problem) => problem.kind))], met.refused() ? ["deletion"] : []);
        assertWhole(scenario, met.late);
        scenario.servers[kind === "digitalocean" ? "api" : "registry"]?.inject([]);
        const second = await sweepTruly(scenario, rules);
        assert.deepEqual(second.errors, []);
        assertWhole(scenario, met.late);
        const left = contentsOf(scenario.store);
        const third = await sweepTruly(scenario, rules);
        assert.deepEqual(third.errors, []);
        assert.deepEqual(contentsOf(scenario.store), left, "a sweep without news deletes nothing");
      } finally {
        await scenario.close();
      }
    };
    const pushes = fc.array(push, { minLength: 2, maxLength: 9 });
    const events = fc.array(event, { maxLength: 3 });
    await fc.assert(fc.asyncProperty(pushes, events, refusals, inputs, trial), { numRuns: RUNS });
  }, 900_000);
});
