import { type ChildProcess, type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Clock } from "../../clock.ts";

// @actions/exec neither gives its child away nor starts a group: nothing could end it, let alone its children.

/** How a command came to its end; `lastErrors`: the end of its standard error. */
export type Ending =
  | {
      readonly kind: "exited";
      readonly code: number;
      readonly killedBy: NodeJS.Signals | null;
      readonly lastErrors: string;
    }
  /** `goesOn`: it belongs to another user, as under sudo, and could not be ended. */
  | { readonly kind: CutOff; readonly goesOn: boolean }
  | { readonly kind: "not started"; readonly error: Error };

/** Why a command was ended before its own end. */
type CutOff = "timed out" | "cancelled";

export interface RunOptions {
  readonly clock: Clock;
  readonly environment: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called with each piece of standard output. */
  readonly onOutput: (chunk: string) => void;
}

type Words = readonly [string, ...string[]];

/** How much of standard error is kept, in characters. */
const ERROR_TAIL = 1_000;
/** What is asked to end gets this long before it is ended; a cancelled job has 5 s in all. */
const LAST_MOMENT_MS = 2_000;
/** A timer's longest time in Node: 24 days and a bit. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs a command without a shell. Past its time, or when the job is cancelled, it is ended with all that it started.
 * It is over when it has exited and its output has ended, or a moment after it exited: a server that it started may hold
 * its output open for good.
 */
export function runToEnd(words: Words, options: RunOptions): Promise<Ending> {
  const { clock, signal } = options;
  return new Promise((resolve) => {
    const child = startGroup(words, options.environment);
    const over = new AbortController();
    const after = (ms: number, act: () => void): void => {
      clock.sleep(Math.min(ms, LONGEST_TIMER_MS), over.signal).then(act, () => undefined);
    };
    let cutOff: CutOff | null = null;
    const settle = (ending: Ending): void => {
      over.abort();
      signal.removeEventListener("abort", onAbort);
      // Whoever left the group may hold them open for as long as it likes.
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve(ending);
    };
    const end = (why: CutOff): void => {
      if (cutOff !== null) return;
      cutOff = why;
      endGroup(child, "SIGTERM");
      after(LAST_MOMENT_MS, () => settle(killed(child, why)));
    };
    const onAbort = (): void => end("cancelled");
    signal.addEventListener("abort", onAbort, { once: true });
    after(options.timeoutMs, () => end("timed out"));
    readText(child.stdout, options.onOutput);
    const lastErrors = tailOf(child.stderr);
    child.once("error", (error) => settle({ kind: "not started", error }));
    child.once("exit", (code, killedBy) => {
      if (cutOff === null) after(LAST_MOMENT_MS, () => settle(exited(code, killedBy, lastErrors())));
    });
    // Once it is cut off, whoever left the group's pipes early may be at work still.
    child.once("close", (code, killedBy) =>
      settle(cutOff === null ? exited(code, killedBy, lastErrors()) : killed(child, cutOff)),
    );
    if (signal.aborted) onAbort();
  });
}

function startGroup(
  [program, ...args]: Words,
  environment: NodeJS.ProcessEnv,
): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(program, args, {
    detached: process.platform !== "win32",
    env: withoutInputs(environment),
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
}

/** Starts a command that outlives this process. Null: it runs; else why it does not. */
export function leaveRunning(words: Words, environment: NodeJS.ProcessEnv): Promise<Error | null> {
  // The runner ends whatever carries this variable when the job does (actions/runner, JobExtension).
  const { RUNNER_TRACKING_ID: _tracking, ...env } = withoutInputs(environment);
  const [program, ...args] = words;
  return new Promise((resolve) => {
    const child = spawn(program, args, { detached: true, env, stdio: "ignore", windowsHide: true });
    child.once("error", resolve);
    child.once("spawn", () => {
      child.unref();
      resolve(null);
    });
  });
}

/** The environment without this action's inputs, which hold its credentials. */
function withoutInputs(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^INPUT_/i.test(name)));
}

function exited(code: number | null, killedBy: NodeJS.Signals | null, lastErrors: string): Ending {
  const status = code ?? 128 + (killedBy === null ? 0 : constants.signals[killedBy]);
  return { kind: "exited", code: status, killedBy, lastErrors: lastErrors.trim() };
}

function killed(child: ChildProcess, kind: CutOff): Ending {
  return { kind, goesOn: !endGroup(child, "SIGKILL") };
}

/** Reads a stream, and tells the end of what it has said so far. */
function tailOf(stream: NodeJS.ReadableStream): () => string {
  let tail = "";
  readText(stream, (chunk) => {
    tail = (tail + chunk).slice(-ERROR_TAIL);
  });
  return () => tail;
}

function readText(stream: NodeJS.ReadableStream, take: (chunk: string) => void): void {
  const decoder = new StringDecoder("utf8");
  stream.on("data", (chunk: Buffer) => take(decoder.write(chunk)));
}

/** Signals a child and all that it started, false: it may not; Windows has no groups, and ends a tree at once. */
function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return true;
  if (process.platform === "win32") {
    return spawnSync("taskkill", ["/pid", String(pid), "/T", "/F"], { stdio: "ignore" }).status === 0;
  }
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}
