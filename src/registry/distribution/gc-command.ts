import type { Clock } from "../../clock.ts";
import type { Digest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import type { Log } from "../../log.ts";
import type { GarbageCollection } from "../registry.ts";
import { createGcOutput, deletesUntagged, type GcTold, isDryRun } from "./gc-output.ts";
import { type Ending, leaveRunning, runToEnd } from "./process-group.ts";

export interface GcCommandOptions {
  /** The words of `gc-command`: a program and its arguments. */
  readonly words: readonly [string, ...string[]];
  /** 0: it is started and not waited for. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
}

/** What a run has read of a registry before its collection. */
export interface Holdings {
  /** In bytes, of blobs and of manifests; null: no manifest that was read told it. */
  sizeOf(digest: Digest): number | null;
  /** Manifests that are there and hold untagged ones: indexes, and what is attached to a subject. */
  readonly holders: number;
}

/** Of a command that changed its user. */
const NOT_OURS = "as it belongs to a user whose processes this one may not end";
const NONE = { freedBytes: null, blobsDeleted: null } as const;

/**
 * Collects the registry's garbage by a command of the user's, run without a shell. Throws a Fault of kind `interrupted`
 * where the job is cancelled meanwhile; a command that fails is a result.
 */
export async function collectByCommand(options: GcCommandOptions, holdings: Holdings): Promise<GarbageCollection> {
  const { words, timeoutMs, log, signal } = options;
  warn(words, log, holdings);
  signal.throwIfAborted();
  log.info(`Collecting garbage: ${words.join(" ")}`);
  if (timeoutMs === 0) return started(await leaveRunning(words, options.environment), words[0]);
  const output = createGcOutput();
  const ending = await runToEnd(words, {
    clock: options.clock,
    environment: options.environment,
    timeoutMs,
    signal,
    onOutput: (chunk) => output.feed(chunk),
  });
  return resultOf(ending, output.told(), options, holdings);
}

function warn(words: readonly string[], log: Log, { holders }: Holdings): void {
  log.warn(
    "gc-command",
    "A push while Distribution collects garbage can be left without its blobs: keep the registry read-only meanwhile, " +
      "and restart it afterwards, as it remembers blobs that are gone.",
  );
  if (!deletesUntagged(words) || holders === 0) return;
  log.warn(
    "gc-command-untagged",
    `gc-command deletes untagged manifests, and ${holders} indexes or referrers are there: Distribution 2.8 takes the ` +
      "children of every living index with them, and no version spares referrers. Leave out `-m` (`--delete-untagged`).",
  );
}

function started(error: Error | null, program: string): GarbageCollection {
  return error === null
    ? { status: "started", ...NONE, note: "gc-command was started; it goes on by itself, and nothing waits for it." }
    : { status: "failed", ...NONE, note: notStarted(program, error) };
}

function notStarted(program: string, error: Error): string {
  return `gc-command could not be started: ${program}: ${error.message}. It is run without a shell, on the runner.`;
}

function resultOf(ending: Ending, told: GcTold, options: GcCommandOptions, holdings: Holdings): GarbageCollection {
  switch (ending.kind) {
    case "not started":
      return { status: "failed", ...NONE, note: notStarted(options.words[0], ending.error) };
    case "timed out": {
      const minutes = Math.round(options.timeoutMs / 6_000) / 10;
      const how = ending.goesOn ? `goes on by itself, ${NOT_OURS}` : "was ended";
      const note = `gc-command did not end within ${minutes} min, and ${how}. Raise gc-timeout, and run this again with run-gc: always.`;
      return { status: "timed-out", ...NONE, note };
    }
    case "cancelled":
      throw new Fault(
        "interrupted",
        `The job was cancelled during gc-command, which ${ending.goesOn ? `goes on by itself, ${NOT_OURS}` : "was ended"}`,
        "Run it again with run-gc: always: a collection that was cut off has left garbage, and broken nothing.",
        { cause: options.signal.reason },
      );
    case "exited":
      if (ending.code !== 0) return failed(ending);
      return succeeded(told, options.words, holdings);
  }
}

function failed({ code, killedBy, lastErrors }: Extract<Ending, { kind: "exited" }>): GarbageCollection {
  const how = killedBy === null ? `ended with exit code ${code}` : `was ended by ${killedBy}`;
  const said = lastErrors === "" ? "It said nothing." : `It said: ${lastErrors}`;
  return { status: "failed", ...NONE, note: `gc-command ${how}. ${said}` };
}

function succeeded(told: GcTold, words: readonly string[], holdings: Holdings): GarbageCollection {
  if (isDryRun(words)) {
    const note = `gc-command is a dry run: it would delete ${told.summary?.blobs ?? "an unknown number of"} blobs.`;
    return { status: "succeeded", freedBytes: 0, blobsDeleted: 0, note };
  }
  if (told.summary === null) {
    return {
      status: "succeeded",
      ...NONE,
      note: "gc-command succeeded, and printed nothing that tells what it freed.",
    };
  }
  const { marked, blobs, manifests } = told.summary;
  const sizes = [...told.eligible].map((digest) => holdings.sizeOf(digest));
  const known = sizes.filter((size) => size !== null);
  const bytes = known.reduce((sum, size) => sum + size, 0);
  const isWhole = known.length === blobs;
  const unknown = isWhole
    ? ""
    : ` ${known.length} of the blobs had ${bytes} bytes; no manifest told the others' sizes.`;
  return {
    status: "succeeded",
    freedBytes: isWhole ? bytes : null,
    blobsDeleted: blobs,
    note: `gc-command succeeded: ${marked} blobs marked, ${blobs} blobs and ${manifests} manifests deleted.${unknown}`,
  };
}
