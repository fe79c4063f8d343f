import assert from "node:assert/strict";
import * as v from "valibot";
import type { GitHost } from "../e2e/example.ts";
import { runStep, type StepResult } from "../e2e/runner.ts";
import type { Scenario, StoreView } from "./scenario.ts";

/** As much of the report file as tells what became of what. */
const Report = v.object({
  version: v.literal(1),
  repositories: v.array(
    v.object({
      name: v.string(),
      error: v.nullable(v.string()),
      manifests: v.array(
        v.object({ digest: v.string(), outcome: v.string(), decision: v.string(), error: v.nullable(v.string()) }),
      ),
    }),
  ),
  garbageCollection: v.object({ status: v.string() }),
});

/** Sends a signal to the step as soon as it runs. */
export type Send = (signal: NodeJS.Signals) => void;

/**
 * Runs dist/index.js against a scenario. `listen` is given, before it starts, what sends it a signal.
 *
 * The scenario plays at a time of its own and the process has the machine's clock, so nothing may be young by it.
 */
export function runInterruptedStep(
  scenario: Scenario<StoreView>,
  gitHost: GitHost,
  listen: (send: Send) => void = () => undefined,
  more: {
    readonly inputs?: Readonly<Record<string, string>>;
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<StepResult> {
  const waiting: NodeJS.Signals[] = [];
  let kill: Send | null = null;
  listen((signal) => (kill === null ? void waiting.push(signal) : kill(signal)));
  return runStep({
    inputs: { ...scenario.inputs, "grace-period": "0", concurrency: "2", ...more.inputs },
    environment: { ...gitHost.environment, ...scenario.environment, ...more.environment },
    onOutput: (_chunk, send) => {
      kill = send;
      for (const signal of waiting.splice(0)) send(signal);
    },
  });
}

/** The manifests that a step's report tells of, as `repository@digest`, with what it says became of each. */
export function outcomesOf({
  report,
}: StepResult): ReadonlyMap<string, { readonly outcome: string; readonly error: string | null }> {
  const { repositories } = v.parse(Report, report);
  return new Map(
    repositories.flatMap(({ name, manifests }) => manifests.map((each) => [`${name}@${each.digest}`, each])),
  );
}

export function storedManifests({ store }: Scenario<StoreView>): ReadonlySet<string> {
  return new Set(
    store.repositories().flatMap((name) => store.manifests(name).map(({ digest }) => `${name}@${digest}`)),
  );
}

/**
 * What a cancelled step tells is what the registry holds: in its report, its outputs and its summary. What was in flight may
 * have gone or not, and is told as neither deleted nor kept.
 */
export function assertStepReport(step: StepResult, before: ReadonlySet<string>, scenario: Scenario<StoreView>): void {
  const after = storedManifests(scenario);
  const told = outcomesOf(step);
  const gone = [...before].filter((each) => !after.has(each));
  for (const [each, { outcome, error }] of told) {
    if (outcome === "deleted" || outcome === "gone")
      assert.ok(!after.has(each), `${each} is told as ${outcome}, and is there`);
    if (outcome === "kept" || outcome === "changed")
      assert.ok(after.has(each), `${each} is told as ${outcome}, and is gone`);
    if (outcome === "failed") assert.match(error ?? "", /./, `${each} failed, and it is not told why`);
  }
  for (const each of gone) assert.ok(told.has(each), `${each} is gone, and not told of`);
  assertOutputs(
    step,
    [...told].filter(([, { outcome }]) => outcome === "deleted").map(([each]) => each),
  );
}

function assertOutputs({ outputs, summary }: StepResult, deleted: readonly string[]): void {
  const digests: unknown = JSON.parse(outputs["deleted-digests"] ?? "null");
  assert.ok(Array.isArray(digests));
  assert.deepEqual([...digests].sort(), [...deleted].sort());
  assert.equal(outputs["deleted-count"], String(deleted.length));
  const count = deleted.length === 1 ? "1 manifest deleted" : `${deleted.length} manifests deleted`;
  assert.match(summary, deleted.length === 0 ? /Nothing was deleted/ : new RegExp(count));
}
