import type { Fault } from "../fault.ts";
import type { RunResult } from "./result.ts";

/** The garbage collection of a run that started none. */
export const NOT_STARTED: RunResult["garbageCollection"] = {
  status: "not-started",
  freedBytes: null,
  blobsDeleted: null,
  note: "",
};

/** Returns the result of a run that did not start, because its inputs are invalid or of a bug. */
export function resultOfFault({ kind, message, remedy }: Fault, now: number): RunResult {
  return {
    dryRun: false,
    registry: "",
    provider: "",
    gitRepositoryUrl: "",
    startedAt: now,
    finishedAt: now,
    settings: {},
    storage: { usedBytes: null, includedBytes: null },
    listsUntagged: true,
    restoreWindow: null,
    repositories: [],
    requests: {},
    garbageCollection: NOT_STARTED,
    errors: [{ kind, message, remedy }],
    warnings: [],
    loggedWarnings: [],
    notices: [],
  };
}
