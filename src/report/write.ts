import { accessSync, appendFileSync, closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { EOL, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unexpected } from "../fault.ts";
import type { Log } from "../log.ts";
import { outputsOf } from "./outputs.ts";
import { reportPieces } from "./report-file.ts";
import type { RunResult } from "./result.ts";
import { renderSummary } from "./summary.ts";
import { prepareKeyValueMessage } from "./workflow-commands.ts";

/** Characters of the report file that are written at once. */
const CHUNK_LENGTH = 1 << 18;

/**
 * Writes report file, outputs and summary. If one cannot be written, logs a warning, or an error if a bug is the cause, and
 * writes the others. Synchronous, because the runner waits for nothing else of a cancelled job.
 *
 * @param environment names the folder of the report file, and the runner's files for outputs and summary
 */
export function writeReport(result: RunResult, environment: NodeJS.ProcessEnv, log: Pick<Log, "warn" | "error">): void {
  const reportPath = join(environment["RUNNER_TEMP"] || tmpdir(), "refsweep-report.json");
  const attempt = (file: string, write: () => void): boolean => {
    try {
      write();
      return true;
    } catch (error) {
      // The system's errors have a code.
      const isSystemError = error instanceof Error && ("code" in error || error instanceof MissingFileError);
      const { message, remedy } = unexpected(error);
      if (!isSystemError) log.error("unexpected", `${file} could not be written: ${message}\n${remedy}`);
      else log.warn("report", `${file} could not be written: ${error.message}. The log shows all deletions.`);
      return false;
    }
  };
  const written = attempt("The report file", () => writeReportFile(result, reportPath));
  attempt("The outputs", () => {
    const outputs = { ...outputsOf(result), report: written ? reportPath : "" };
    writeOutputs(outputs, environment["GITHUB_OUTPUT"]);
  });
  const summaryPath = environment["GITHUB_STEP_SUMMARY"];
  if (summaryPath) attempt("The summary", () => appendFileSync(summaryPath, renderSummary(result)));
}

class MissingFileError extends Error {}

/** Writes a complete file or none, readable only by its owner: it can contain private names, and runners are shared. */
function writeReportFile(result: RunResult, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.partial`;
  rmSync(partial, { force: true });
  try {
    const file = openSync(partial, "wx", 0o600);
    try {
      let chunk = "";
      for (const piece of reportPieces(result)) {
        chunk += piece;
        if (chunk.length < CHUNK_LENGTH) continue;
        writeFileSync(file, chunk);
        chunk = "";
      }
      writeFileSync(file, chunk);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** Appends to the runner's file, and fails if it does not exist: the runner would not read a new one. */
function writeOutputs(outputs: Readonly<Record<string, string>>, path: string | undefined): void {
  if (!path) throw new MissingFileError("GITHUB_OUTPUT is not set");
  accessSync(path);
  const lines = Object.entries(outputs).map(([name, value]) => `${prepareKeyValueMessage(name, value)}${EOL}`);
  appendFileSync(path, lines.join(""));
}
