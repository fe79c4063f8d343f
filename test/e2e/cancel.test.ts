import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { annotations, broken, deletionsOf, openPlay, type Play } from "./play.ts";
import type { Step, StepResult } from "./runner.ts";
import { type Forge, serveForge } from "./team.ts";

let forge: Forge;
let play: Play;

beforeAll(async () => {
  forge = await serveForge(Date.now());
});
afterAll(() => forge.close());
beforeEach(async () => {
  play = await openPlay(forge);
});
afterEach(() => play.close());

/** Runs a step, and signals it as soon as `isTime`. */
async function cancelledStep(
  signal: NodeJS.Signals,
  inputs: Readonly<Record<string, string>>,
  isTime: () => boolean,
): Promise<{ readonly result: StepResult; readonly tookMs: number }> {
  let signalledAt = 0;
  let kill: ((name: NodeJS.Signals) => void) | null = null;
  const poll = setInterval(() => {
    if (signalledAt > 0 || kill === null || !isTime()) return;
    signalledAt = Date.now();
    kill(signal);
  }, 5);
  const onOutput: Step["onOutput"] = (_chunk, send) => {
    kill = send;
  };
  const result = await play.step(inputs, { onOutput });
  clearInterval(poll);
  expect(signalledAt).toBeGreaterThan(0);
  return { result, tookMs: Date.now() - signalledAt };
}

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s: no new deletion begins, and the report is written within 5 s",
  async (signal) => {
    play.registry.api.inject((request) => (request.method === "DELETE" ? { kind: "delay", ms: 300 } : null));
    const { result, tookMs } = await cancelledStep(signal, { concurrency: "2" }, () => deletionsOf(play) > 0);
    expect(result.exitCode).toBe(1);
    expect(tookMs).toBeLessThan(5_000);
    expect(annotations(result.log)).toEqual([expect.stringContaining("cancelled")]);
    expect(deletionsOf(play)).toBeLessThan(10);
    expect(result.report).toMatchObject({ version: 1 });
    expect(result.summary).toContain("cancelled");
    expect(broken(play.store)).toEqual([]);
    play.registry.api.inject([]);
    expect((await play.sweep()).problems).toEqual([]);
    expect(play.store.tags("web")).not.toContain("pr-10");
  },
);

test("during a garbage collection: the report says that it was started, and which", async () => {
  const { api } = play.registry;
  const begun = (): boolean => api.requests.some(({ method, status }) => method === "POST" && status === 201);
  const { result, tookMs } = await cancelledStep("SIGTERM", { "run-gc": "true" }, begun);
  expect(result.exitCode).toBe(1);
  expect(tookMs).toBeLessThan(5_000);
  expect(annotations(result.log)).toEqual([expect.stringContaining("eff0feee-49c7-4e8f-ba5c-000000000001")]);
  expect(result.outputs["gc-status"]).toBe("started");
  expect(result.report).toMatchObject({ garbageCollection: { status: "started" } });
  expect(result.summary).toContain("eff0feee-49c7-4e8f-ba5c-000000000001");
});
