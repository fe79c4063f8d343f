import assert from "node:assert/strict";
import type { GitHost } from "../e2e/example.ts";
import { asReport } from "../e2e/report-schema.ts";
import { runStep, type StepResult } from "../e2e/runner.ts";
import type { Scenario, StoreView } from "./scenario.ts";

/** Sends a signal to the step, or as soon as it has started. */
export type Send = (signal: NodeJS.Signals) => void;

/** The process uses the machine's clock, so no image may be kept for its age. */
export const STEP_INPUTS = { "grace-period": "0", concurrency: "2" };

export interface InterruptedStepOptions {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs dist/index.js against a scenario. Before it starts, `listen` receives a function that sends it a signal. */
export function runInterruptedStep(
  scenario: Scenario<StoreView>,
  gitHost: GitHost,
  listen: (send: Send) => void = () => undefined,
  { inputs, environment }: InterruptedStepOptions = {},
): Promise<StepResult> {
  const waiting: NodeJS.Signals[] = [];
  let kill: Send | null = null;
  listen((signal) => (kill === null ? void waiting.push(signal) : kill(signal)));
  return runStep({
    inputs: { ...scenario.inputs, ...STEP_INPUTS, ...inputs },
    environment: { ...gitHost.environment, ...scenario.environment, ...environment },
    onOutput: (_chunk, send) => {
      kill = send;
      for (const signal of waiting.splice(0)) send(signal);
    },
  });
}

/** Returns the manifests in a step's report, by `repository@digest`. */
export function outcomesOf({
  report,
}: StepResult): ReadonlyMap<string, { readonly outcome: string; readonly error: string | null }> {
  return new Map(
    asReport(report).repositories.flatMap(({ name, manifests }) =>
      manifests.map((each) => [`${name}@${each.digest}`, each]),
    ),
  );
}

/** Returns the stored manifests as `repository@digest`. */
export function storedManifests({ store }: Scenario<StoreView>): ReadonlySet<string> {
  return new Set(
    store.repositories().flatMap((name) => store.manifests(name).map(({ digest }) => `${name}@${digest}`)),
  );
}

/**
 * Throws if the report or the outputs of a cancelled step differ from the changes in the registry. A deletion in flight is
 * neither deleted nor kept.
 */
export function assertStepReport(step: StepResult, before: ReadonlySet<string>, scenario: Scenario<StoreView>): void {
  const after = storedManifests(scenario);
  const reported = outcomesOf(step);
  for (const [each, { outcome, error }] of reported) {
    if (outcome === "deleted" || outcome === "gone")
      assert.ok(!after.has(each), `${each} is reported as ${outcome} but exists`);
    if (outcome === "kept" || outcome === "changed" || outcome === "deferred")
      assert.ok(after.has(each), `${each} is reported as ${outcome} but is gone`);
    if (outcome === "failed") assert.match(error ?? "", /./, `${each} failed without an error`);
  }
  for (const each of before) assert.ok(after.has(each) || reported.has(each), `${each} is gone but not reported`);
  const deleted = [...reported].filter(([, { outcome }]) => outcome === "deleted").map(([each]) => each);
  const digests: unknown = JSON.parse(step.outputs["deleted-digests"] ?? "null");
  assert.ok(Array.isArray(digests));
  assert.deepEqual([...digests].sort(), [...deleted].sort());
  assert.equal(step.outputs["deleted-count"], String(deleted.length));
}
