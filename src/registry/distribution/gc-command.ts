import type { Digest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import { counted, formatBytes, formatDuration } from "../../format.ts";
import { HttpError } from "../../http/errors.ts";
import type { Log } from "../../log.ts";
import type { GarbageCollection } from "../registry.ts";
import { type Command, type CommandOptions, type CommandResult, runCommand, startDetached } from "./command.ts";
import { deletesUntagged, type GcOutput, GcOutputParser, isDryRun } from "./gc-output.ts";

/** With a `timeoutMs` of 0, the command is started and not waited for. */
export interface GcCommandOptions extends Omit<CommandOptions, "onOutput"> {
  readonly command: Command;
  readonly log: Log;
}

/** What a run knows about the registry before its collection. */
export interface GcContext {
  /** Returns the size of a manifest or blob in bytes; null: unknown. */
  sizeOf(digest: Digest): number | null;
  /** Searches all repositories for an index or a referrer. Returns the first as `NAME@DIGEST`; null if there is none. */
  findIndexOrReferrer(): Promise<string | null>;
}

const RUN_AGAIN = "Run again with `run-gc: always`.";

/**
 * Runs the user's garbage collection command, without a shell. A command that fails is a result. Throws Fault
 * `garbage-collection` before it runs a command that would delete child manifests or referrers, and Fault `interrupted` if
 * the job is cancelled.
 */
export async function collectByCommand(options: GcCommandOptions, context: GcContext): Promise<GarbageCollection> {
  const { command, timeoutMs, log, signal } = options;
  if (deletesUntagged(command)) await checkNoUntaggedInUse(context);
  signal.throwIfAborted();
  log.info(
    "A push during Distribution's garbage collection can lose its blobs. Keep the registry read-only meanwhile. Restart it " +
      "afterwards, because it caches which blobs exist.",
  );
  log.info(`Collecting garbage: ${command.join(" ")}`);
  if (timeoutMs === 0) {
    const error = await startDetached(command, options.environment);
    if (error !== null) return notStarted(command, error);
    return resultOf("started", "gc-command was started. Refsweep does not wait for it (`gc-timeout: 0`).");
  }
  const parser = new GcOutputParser();
  const result = await runCommand(command, { ...options, onOutput: (chunk) => parser.add(chunk) });
  return collectionOf(result, parser.result(), options, context);
}

/**
 * `-m` of Distribution 2.8 deletes the child manifests of tagged indexes (distribution#3178); of all versions, referrers.
 */
async function checkNoUntaggedInUse(context: GcContext): Promise<void> {
  const problem = "gc-command was not started: `-m` (`--delete-untagged`) deletes child manifests and referrers";
  const remedy = "Remove `-m` from `gc-command`. Refsweep deletes orphaned untagged manifests itself.";
  let found: string | null;
  try {
    found = await context.findIndexOrReferrer();
  } catch (error) {
    if (error instanceof HttpError && error.code === "interrupted") throw error;
    const message = `${problem}, and the registry could not be checked for them`;
    throw new Fault("garbage-collection", message, remedy, { cause: error });
  }
  if (found !== null) throw new Fault("garbage-collection", `${problem} of kept images, such as ${found}`, remedy);
}

function collectionOf(
  result: CommandResult,
  output: GcOutput,
  { command, timeoutMs, signal }: GcCommandOptions,
  context: GcContext,
): GarbageCollection {
  switch (result.kind) {
    case "not started":
      return notStarted(command, result.error);
    case "timed out":
      return resultOf(
        "timed-out",
        `gc-command did not finish within ${formatDuration(timeoutMs)}; ${stateOf(result)}. Increase \`gc-timeout\`. ${RUN_AGAIN}`,
      );
    case "cancelled":
      throw new Fault(
        "interrupted",
        `The job was cancelled during gc-command; ${stateOf(result)}`,
        `${RUN_AGAIN} An interrupted collection leaves garbage, but damages nothing.`,
        { cause: signal.reason },
      );
    case "exited":
      return result.code === 0 ? succeeded(output, command, context) : failed(result);
  }
}

function stateOf({ isRunning }: { readonly isRunning: boolean }): string {
  return isRunning ? "it is still running, because it belongs to another user" : "Refsweep ended it";
}

function notStarted([program]: Command, error: Error): GarbageCollection {
  const note = `gc-command could not be started: ${program}: ${error.message}. It runs on the runner, without a shell.`;
  return resultOf("failed", note);
}

function failed({ code, signal, errorOutput }: Extract<CommandResult, { kind: "exited" }>): GarbageCollection {
  const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
  const output = errorOutput === "" ? "It printed no error." : `Its error output: ${errorOutput}`;
  return resultOf("failed", `gc-command ${how}. ${output}`);
}

function succeeded({ summary, eligible }: GcOutput, command: Command, context: GcContext): GarbageCollection {
  if (isDryRun(command)) {
    const blobs = summary === null ? "an unknown number of blobs" : counted(summary.blobs, "blob");
    return resultOf("succeeded", `gc-command is a dry run. It would delete ${blobs}.`, 0, 0);
  }
  if (summary === null) return resultOf("succeeded", "gc-command succeeded, but did not print what it freed.");
  const sizes = [...eligible].map((digest) => context.sizeOf(digest)).filter((size) => size !== null);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const isComplete = sizes.length === summary.blobs;
  const known = isComplete ? "" : ` Sizes are known for ${counted(sizes.length, "blob")}: ${formatBytes(bytes)}.`;
  const deleted = `${counted(summary.blobs, "blob")} and ${counted(summary.manifests, "manifest")} deleted`;
  const note = `gc-command succeeded: ${counted(summary.marked, "blob")} marked, ${deleted}.${known}`;
  return resultOf("succeeded", note, isComplete ? bytes : null, summary.blobs);
}

function resultOf(
  status: GarbageCollection["status"],
  note: string,
  freedBytes: number | null = null,
  blobsDeleted: number | null = null,
): GarbageCollection {
  return { status, freedBytes, blobsDeleted, note };
}
