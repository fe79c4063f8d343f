import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { runInterruptedStep } from "./interrupted-step.ts";
import { contentsOf, openScenario, type Scenario } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const folder = mkdtempSync(join(tmpdir(), "refsweep-unexpected-"));

let gitHost: GitHost;
let scenario: Scenario;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["error", 'throw new TypeError("boom")'],
  ["rejection", 'Promise.reject(new TypeError("boom"))'],
  ["rejection without an error", 'Promise.reject("TypeError: boom")'],
])("an uncaught %s in mid-run: nothing more is deleted, summary and report are written", async (_title, code) => {
  scenario = await openScenario("digitalocean");
  const before = contentsOf(scenario.store);
  // The error is thrown while the first list is read.
  const module = join(folder, `${code.length}.cjs`);
  writeFileSync(module, `process.on("SIGUSR2", () => { ${code} });`);
  const step = await runInterruptedStep(
    scenario,
    gitHost,
    (send) =>
      scenario.servers["api"]?.inject((_request, ordinal) => {
        if (ordinal !== 2) return null;
        send("SIGUSR2");
        return { kind: "delay", ms: 3_000 };
      }),
    { environment: { NODE_OPTIONS: `--require ${module}` } },
  );
  expect([step.exitCode, step.log]).toEqual([1, expect.stringMatching(/Unexpected error: .*TypeError: boom/)]);
  expect(step.summary).toContain("boom");
  expect(step.report?.requests).toBeDefined();
  expect(step.outputs["deleted-count"]).toBe("0");
  expect(contentsOf(scenario.store)).toEqual(before);
});
