import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import {
  collectByCommand,
  type GcCommandOptions,
  type GcContext,
} from "../../../src/registry/distribution/gc-command.ts";
import { silentLog } from "../../run.ts";
import { createFakeClock } from "../../servers/fake-clock.ts";

/** A registry without indexes and referrers, of which no size is known. */
export const EMPTY: GcContext = { sizeOf: () => null, findIndexOrReferrer: async () => null };

let folder = "";

/** Creates a folder for each test of the file that calls this. */
export function useTempFolder(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "refsweep-gc-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
}

/** The folder of the current test; scripts get it as `TEST_FOLDER`. */
export function tempFolder(): string {
  return folder;
}

/** Returns the content of a file that a script wrote, without blanks at the ends; null: it does not exist. */
export function readFileOf(name: string): string | null {
  try {
    return readFileSync(join(folder, name), "utf8").trim();
  } catch {
    return null;
  }
}

/** Runs a script of sh as `gc-command`. */
export function collect(script: string, options: Partial<GcCommandOptions> = {}, context: GcContext = EMPTY) {
  return collectByCommand(
    {
      command: ["sh", "-c", script],
      timeoutMs: 60_000,
      clock: createFakeClock({ passes: "by hand" }),
      log: silentLog,
      signal: new AbortController().signal,
      environment: { PATH: process.env["PATH"], TEST_FOLDER: folder },
      ...options,
    },
    context,
  );
}

export async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Returns the process id that a script wrote to the file `child`, as soon as the script has written it. */
export async function childProcess(): Promise<string> {
  await waitUntil(() => (readFileOf("child") ?? "") !== "");
  return readFileOf("child") ?? "";
}

/** Returns whether a process runs; a zombie does not. */
export function isRunning(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
