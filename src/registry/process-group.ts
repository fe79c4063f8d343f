import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { StringDecoder } from "node:string_decoder";
import type { Clock } from "../clock.ts";

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
  | { readonly kind: "timed out" | "cancelled"; readonly goesOn: boolean }
  | { readonly kind: "not started"; readonly error: Error };

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
  const [program, ...args] = words;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      detached: process.platform !== "win32",
      env: withoutInputs(options.environment),
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    const over = new AbortController();
    const after = (ms: number, act: () => void): void => {
      clock.sleep(Math.min(ms, LONGEST_TIMER_MS), over.signal).then(act, () => undefined);
    };
    let ended: "timed out" | "cancelled" | null = null;
    let goesOn = false;
    let lastErrors = "";
    const signalAll = (name: NodeJS.Signals): void => {
      goesOn = !endGroup(child, name);
    };
    const end = (why: "timed out" | "cancelled"): void => {
      if (ended !== null) return;
      ended = why;
      signalAll("SIGTERM");
      after(LAST_MOMENT_MS, () => {
        signalAll("SIGKILL");
        settle({ kind: why, goesOn });
      });
    };
    const onAbort = (): void => end("cancelled");
    signal.addEventListener("abort", onAbort, { once: true });
    after(options.timeoutMs, () => end("timed out"));
    const settle = (ending: Ending): void => {
      over.abort();
      signal.removeEventListener("abort", onAbort);
      // Whoever left the group may hold them open for as long as it likes.
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve(ending);
    };
    readText(child.stdout, options.onOutput);
    readText(child.stderr, (chunk) => {
      lastErrors = (lastErrors + chunk).slice(-ERROR_TAIL);
    });
    child.once("error", (error) => settle({ kind: "not started", error }));
    child.once("exit", (code, killedBy) => {
      if (ended === null) after(LAST_MOMENT_MS, () => settle(exited(code, killedBy, lastErrors)));
    });
    child.once("close", (code, killedBy) => {
      // Whoever left the group's pipes early may be at work still.
      if (ended !== null) signalAll("SIGKILL");
      settle(ended === null ? exited(code, killedBy, lastErrors) : { kind: ended, goesOn });
    });
    if (signal.aborted) onAbort();
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
