import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { GitHost } from "./example.ts";
import { annotations, broken, contents, deletionsOf, type Fixture, requestsOf } from "./fixture.ts";
import type { Step, StepResult } from "./runner.ts";
import { useFixture } from "./use-fixture.ts";

let gitHost: GitHost;
let fixture: Fixture;

useFixture((own, shared) => {
  fixture = own;
  gitHost = shared;
});

/** Runs a step, and signals it as soon as `isTime`, with all of `signals` 100 ms apart. */
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
  const onOutput: Step["onOutput"] = (_chunk, send) => {
    kill = send;
  };
  const result = await fixture.step(inputs, { onOutput, environment: { ...gitHost.environment, ...environment } });
  clearInterval(poll);
  expect(signalledAt).toBeGreaterThan(0);
  return { result, tookMs: Date.now() - signalledAt };
}

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s: no new deletion begins, and the report is written within 5 s",
  async (signal) => {
    fixture.registry.api.inject((request) => (request.method === "DELETE" ? { kind: "delay", ms: 300 } : null));
    const { result, tookMs } = await cancelledStep(signal, { concurrency: "2" }, () => deletionsOf(fixture) > 0);
    expect(result.exitCode).toBe(1);
    expect(tookMs).toBeLessThan(5_000);
    expect(annotations(result.log)).toEqual([expect.stringContaining("cancelled")]);
    expect(deletionsOf(fixture)).toBeLessThan(10);
    expect(result.report).toMatchObject({ version: 1 });
    expect(result.summary).toContain("cancelled");
    expect(broken(fixture.store)).toEqual([]);
    fixture.registry.api.inject([]);
    expect((await fixture.sweep()).errors).toEqual([]);
    expect(fixture.store.tags("web")).not.toContain("pr-10");
  },
);

test("during a garbage collection: the report says that it was started, and which", async () => {
  const { api } = fixture.registry;
  const begun = (): boolean => api.requests.some(({ method, status }) => method === "POST" && status === 201);
  const { result, tookMs } = await cancelledStep("SIGTERM", { "run-gc": "true" }, begun);
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
] as const)("%s and %s while it winds down: what was deleted is told all the same", async (...signals) => {
  fixture.registry.api.inject((request) => (request.method === "DELETE" ? { kind: "delay", ms: 700 } : null));
  const before = contents(fixture.store);
  const { result, tookMs } = await cancelledStep(signals, { concurrency: "2" }, () => deletionsOf(fixture) > 0);
  expect(result.exitCode, result.log).toBe(1);
  expect(tookMs).toBeLessThan(5_000);
  const after = new Set(contents(fixture.store));
  const gone = before.filter((each) => !after.has(each));
  expect(gone.length).toBeGreaterThan(0);
  expect([...JSON.parse(result.outputs["deleted-digests"] ?? "[]")].sort()).toEqual(gone.toSorted());
  expect(result.summary).toContain("The job was cancelled");
  expect(result.report).toMatchObject({ version: 1 });
});

test("as soon as it begins: nothing is deleted, and the step tells that it was cancelled", async () => {
  const asked = requestsOf(fixture);
  const { result } = await cancelledStep("SIGTERM", { "repository-pattern": "**" }, () => true);
  expect(result.exitCode, result.log).toBe(1);
  expect(annotations(result.log)).toEqual([expect.stringContaining("cancelled")]);
  expect(result.summary).toContain("Nothing was deleted");
  expect(deletionsOf(fixture)).toBe(0);
  expect(requestsOf(fixture) - asked).toBeLessThan(10);
});

test.each([
  ["GITHUB_STEP_SUMMARY", "The summary could not be written", "outputs"],
  ["GITHUB_OUTPUT", "The outputs could not be written", "summary"],
] as const)("and %s cannot be written: that is told, and the rest is written", async (variable, told, rest) => {
  fixture.registry.api.inject((request) => (request.method === "DELETE" ? { kind: "delay", ms: 100 } : null));
  const environment = { [variable]: join(tmpdir(), "refsweep-is-not-there", "file") };
  const { result, tookMs } = await cancelledStep("SIGTERM", {}, () => deletionsOf(fixture) > 0, environment);
  expect(result.exitCode, result.log).toBe(1);
  expect(tookMs).toBeLessThan(5_000);
  expect(annotations(result.log, "warning").join("\n")).toContain(told);
  expect(annotations(result.log)).toEqual([expect.stringContaining("cancelled")]);
  expect(Object.keys(result[rest]).length).toBeGreaterThan(0);
  expect(result.report).toMatchObject({ version: 1 });
});

test("while it writes what it did: whatever the exit code, the report and all outputs are there", async () => {
  for (const ms of [0, 4, 12]) {
    let kill: ((signal: NodeJS.Signals) => void) | null = null;
    const onOutput: Step["onOutput"] = (chunk, send) => {
      // Before the annotations and the report come the groups of what was done.
      if (kill !== null || !chunk.includes("::endgroup::")) return;
      kill = send;
      setTimeout(() => send("SIGTERM"), ms);
    };
    const result = await fixture.step({ "dry-run": "true" }, { onOutput });
    expect(kill).not.toBeNull();
    expect(result.report, `${ms} ms`).toMatchObject({ version: 1, dryRun: true });
    expect(result.outputs).toHaveProperty("report");
    expect(result.summary).toContain("Requests:");
    const told = annotations(result.log).filter((line) => line.includes("cancelled"));
    // Null: Node was winding down by then, and no longer listened.
    if (told.length === 0) expect([0, null], result.log).toContain(result.exitCode);
    else expect([result.exitCode, told.length], result.log).toEqual([1, 1]);
  }
});
