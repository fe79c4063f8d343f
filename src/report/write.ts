import { appendFileSync, closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as core from "@actions/core";
import type { Log } from "../log.ts";
import { outputsOf } from "./outputs.ts";
import { reportPieces } from "./report-file.ts";
import type { RunResult } from "./result.ts";
import { renderSummary } from "./summary.ts";

/** Characters of the report file that are written at once. */
const CHUNK = 1 << 18;

/**
 * Writes report file, outputs and summary, to `reportPath` and to the files that the runner names in `GITHUB_OUTPUT` and
 * `GITHUB_STEP_SUMMARY`. One that cannot be written is a warning and leaves the others alone. Synchronous: of a
 * cancelled job, the runner waits for nothing else.
 */
export function writeReport(result: RunResult, reportPath: string, log: Log): void {
  const attempt = (what: string, write: () => void): boolean => {
    try {
      write();
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn("report", `${what} could not be written: ${reason}. What was done is in the log, and stays done.`);
      return false;
    }
  };
  const written = attempt("The report file", () => writeReportFile(result, reportPath));
  attempt("The outputs", () => writeOutputs({ ...outputsOf(result), report: written ? reportPath : "" }));
  attempt("The summary", () => writeSummary(result));
}

/**
 * A reader finds the whole file or none. Its names may come from a private registry, and a runner may be shared: it is for
 * its user alone.
 */
function writeReportFile(result: RunResult, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.partial`;
  rmSync(partial, { force: true });
  try {
    const file = openSync(partial, "wx", 0o600);
    try {
      for (const chunk of inChunks(reportPieces(result))) writeFileSync(file, chunk);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

function* inChunks(pieces: Iterable<string>): Generator<string> {
  let chunk = "";
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = "";
  }
  yield chunk;
}

function writeOutputs(outputs: Readonly<Record<string, string>>): void {
  // Without the file, `core` would write a command that the runner no longer knows, and the outputs would be lost unsaid.
  const { GITHUB_OUTPUT: path } = process.env;
  if (!path) throw new Error("GITHUB_OUTPUT is not set, as it is on a runner");
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value);
}

function writeSummary(result: RunResult): void {
  const { GITHUB_STEP_SUMMARY: path } = process.env;
  if (path) appendFileSync(path, renderSummary(result));
}
