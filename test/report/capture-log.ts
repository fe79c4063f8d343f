import { vi } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { type ActionsLog, createActionsLog } from "../../src/report/actions-log.ts";

/** What a step wrote to its output. */
export interface CapturedLog {
  readonly lines: readonly string[];
  readonly failed: boolean;
}

const STOPPED: Clock = { now: () => 0, random: () => 0, sleep: async () => {} };

/** Runs `work` with the log of a step, and returns what it wrote to the standard output. */
export async function captureLog(
  work: (log: ActionsLog) => void | Promise<void>,
  clock: Clock = STOPPED,
): Promise<CapturedLog> {
  let output = "";
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    output += String(chunk);
    return true;
  });
  try {
    const log = createActionsLog(clock);
    await work(log);
    return { lines: output.split("\n").slice(0, -1), failed: log.failed() };
  } finally {
    stdout.mockRestore();
  }
}
