import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, vi } from "vitest";

/** The files that the runner gives to a step, and the report file. */
export interface RunnerFiles {
  pathOf(name: string): string;
  read(name: string): string;
}

export const REPORT = "refsweep-report.json";

/** Gives each test of a file the runner's environment, with files in a folder of its own. */
export function useRunnerFiles(): RunnerFiles {
  let folder = "";
  const pathOf = (name: string): string => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "refsweep-runner-"));
    vi.stubEnv("RUNNER_TEMP", folder);
    for (const name of ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"]) {
      writeFileSync(pathOf(name), "");
      vi.stubEnv(name, pathOf(name));
    }
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  return { pathOf, read: (name) => readFileSync(pathOf(name), "utf8") };
}
