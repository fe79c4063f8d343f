import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { brokenTags } from "../servers/pull.ts";
import type { GitHost } from "./example.ts";
import { annotations, contents, deletionsOf, type Fixture, requestsOf } from "./fixture.ts";
import type { ProcessStep, StepResult } from "./runner.ts";
import { useFixture } from "./use-fixture.ts";

let gitHost: GitHost;
let fixture: Fixture;

useFixture((opened, shared) => {
  fixture = opened;
  gitHost = shared;
});

/** Runs a step and sends it `signals`, 100 ms apart, once `isTime` returns true. */
async function cancelledStep(
  signals: NodeJS.Signals | readonly NodeJS.Signals[],
  inputs: Readonly<Record<string, string>>,
  isTime: () => boolean,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly result: StepResult; readonly tookMs: number }> {
  let signalledAt = 0;
  let kill: ((name: NodeJS.Signals) => void) | null = null;
  const poll = setInterval(() => {
    if (signalledAt > 0 || kill === null || !isTime()) return;
    signalledAt = Date.now();
    const send = kill;
    for (const [index, signal] of [signals].flat().entries()) setTimeout(() => send(signal), index * 100);
  }, 5);
  const onOutput: ProcessStep["onOutput"] = (_chunk, send) => {
    kill = send;
  };
  const result = await fixture.processStep(inputs, {
    onOutput,
    environment: { ...gitHost.environment, ...environment },
  });
  clearInterval(poll);
  expect(signalledAt).toBeGreaterThan(0);
  return { result, tookMs: Date.now() - signalledAt };
}

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s: no new deletion starts, and the report is written within 5 s",
  async (signal) => {
    fixture.registry.api.inject((request) => (request.method === "DELETE" ? { kind: "delay", ms: 300 } : null));
    const { result, tookMs } = await cancelledStep(signal, { concurrency: "2" }, () => deletionsOf(fixture) > 0);
    expect(result.exitCode).toBe(1);
    expect(tookMs).toBeLessThan(5_000);
    expect(annotations(result.log)).toEqual([expect.stringContaining("cancelled")]);
    expect(deletionsOf(fixture)).toBeLessThan(10);
    expect(result.report).toBeDefined();
    expect(result.summary).toContain("cancelled");
    expect(brokenTags(fixture.store)).toEqual([]);
    fixture.registry.api.inject([]);
    expect((await fixture.sweep()).errors).toEqual([]);
    expect(fixture.store.tags("web")).not.toContain("pr-10");
  },
);

test("during a garbage collection: the report names the started collection", async () => {
  const { api } = fixture.registry;
  const isStarted = (): boolean => api.requests.some(({ method, status }) => method === "POST" && status === 201);
  const { result, tookMs } = await cancelledStep("SIGTERM", { "run-gc": "true" }, isStarted);
  expect(result.exitCode).toBe(1);
  expect(tookMs).toBeLessThan(5_000);
  expect(annotations(result.log)).toEqual([expect.stringContaining("eff0feee-49c7-4e8f-ba5c-000000000001")]);
  expect(result.outputs["gc-status"]).toBe("started");
  expect(result.report).toMatchObject({ garbageCollection: { status: "started" } });
  expect(result.summary).toContain("eff0feee-49c7-4e8f-ba5c-000000000001");
});

test.each([
  ["SIGTERM", "SIGTERM"],
  ["SIGINT", "SIGTERM"],
  ["SIGINT", "SIGINT", "SIGINT", "SIGTERM"],
] as const)("%s and then %s: the deletions are reported", async (...signals) => {
  fixture.registry.api.inject((request) => (request.method === "DELETE" ? { kind: "delay", ms: 700 } : null));
  const before = contents(fixture.store);
  const { result, tookMs } = await cancelledStep(signals, { concurrency: "2" }, () => deletionsOf(fixture) > 0);
  expect(result.exitCode, result.log).toBe(1);
  expect(tookMs).toBeLessThan(5_000);
  const after = new Set(contents(fixture.store));
  const gone = before.filter((each) => !after.has(each));
  expect(gone.length).toBeGreaterThan(0);
  expect([...JSON.parse(result.outputs["deleted-digests"] ?? "[]")].sort()).toEqual(gone.toSorted());
  expect(result.summary).toContain("cancelled");
  expect(result.report).toBeDefined();
});

test("at the start: nothing is deleted, and the step reports the cancellation", async () => {
  const before = requestsOf(fixture);
  const { result } = await cancelledStep("SIGTERM", { "repository-pattern": "**" }, () => true);
  expect(result.exitCode, result.log).toBe(1);
  expect(annotations(result.log)).toEqual([expect.stringContaining("cancelled")]);
  expect(result.outputs["deleted-count"]).toBe("0");
  expect(deletionsOf(fixture)).toBe(0);
  expect(requestsOf(fixture) - before).toBeLessThan(10);
});

test.each([
  ["GITHUB_STEP_SUMMARY", "outputs"],
  ["GITHUB_OUTPUT", "summary"],
] as const)("with an unwritable %s: a warning, and the %s are written", async (variable, rest) => {
  fixture.registry.api.inject((request) => (request.method === "DELETE" ? { kind: "delay", ms: 100 } : null));
  const environment = { [variable]: join(tmpdir(), "refsweep-missing-folder", "file") };
  const { result, tookMs } = await cancelledStep("SIGTERM", {}, () => deletionsOf(fixture) > 0, environment);
  expect(result.exitCode, result.log).toBe(1);
  expect(tookMs).toBeLessThan(5_000);
  const warnings = annotations(result.log, "warning");
  expect(warnings.filter((text) => text.includes("could not be written"))).toHaveLength(1);
  expect(annotations(result.log)).toEqual([expect.stringContaining("cancelled")]);
  expect(Object.keys(result[rest]).length).toBeGreaterThan(0);
  expect(result.report).toBeDefined();
});

test("while it writes its results: the report and all outputs are complete, with any exit code", async () => {
  for (const ms of [0, 4, 12]) {
    let kill: ((signal: NodeJS.Signals) => void) | null = null;
    const onOutput: ProcessStep["onOutput"] = (chunk, send) => {
      // The log groups of the repositories are written before the annotations and the report.
      if (kill !== null || !chunk.includes("::endgroup::")) return;
      kill = send;
      setTimeout(() => send("SIGTERM"), ms);
    };
    const result = await fixture.processStep({ "dry-run": "true" }, { onOutput });
    expect(kill).not.toBeNull();
    expect(result.report, `${ms} ms`).toMatchObject({ dryRun: true });
    expect(result.outputs).toHaveProperty("report");
    expect(result.summary.length).toBeGreaterThan(0);
    const errors = annotations(result.log).filter((line) => line.includes("cancelled"));
    // Null: Node was already exiting and had removed its signal handlers.
    if (errors.length === 0) expect([0, null], result.log).toContain(result.exitCode);
    else expect([result.exitCode, errors.length], result.log).toEqual([1, 1]);
  }
});
