import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { StringDecoder } from "node:string_decoder";
import type { Clock } from "../../clock.ts";
import { excerpt } from "../../http/redact.ts";

// @actions/exec starts no process group, so it cannot end a command with its children.

export type CommandResult =
  | {
      readonly kind: "exited";
      readonly code: number;
      readonly signal: NodeJS.Signals | null;
      /** The end of standard error, in one line. */
      readonly errorOutput: string;
    }
  /** `isRunning`: it could not be ended, because it belongs to another user (sudo). */
  | { readonly kind: StopReason; readonly isRunning: boolean }
  | { readonly kind: "not started"; readonly error: Error };

type StopReason = "timed out" | "cancelled";

export interface CommandOptions {
  readonly clock: Clock;
  readonly environment: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called with each chunk of standard output. */
  readonly onOutput: (chunk: string) => void;
}

/** A program and its arguments. */
export type Command = readonly [string, ...string[]];

/** In characters. */
const MAX_ERROR_OUTPUT = 1_000;
/** How long a command may take to end after SIGTERM. A cancelled job has 5 s in all. */
const END_TIMEOUT_MS = 2_000;
/** The longest timer of Node.js: about 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs a command without a shell, until it has exited and closed its output. Two seconds after its exit the output is
 * closed, because a process that it started can hold it open. At the timeout, or if the job is cancelled, the command
 * and all processes of its group are ended.
 */
export function runCommand([program, ...args]: Command, options: CommandOptions): Promise<CommandResult> {
  const { clock, signal } = options;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      detached: process.platform !== "win32",
      env: withoutInputs(options.environment),
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    const timers = new AbortController();
    const after = (ms: number, act: () => void): void => {
      clock.sleep(Math.min(ms, MAX_TIMER_MS), timers.signal).then(act, () => undefined);
    };
    let stopReason: StopReason | null = null;
    let errorOutput = "";
    const finish = (result: CommandResult): void => {
      timers.abort();
      signal.removeEventListener("abort", onAbort);
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve(result);
    };
    const stop = (reason: StopReason): void => {
      if (stopReason !== null) return;
      stopReason = reason;
      signalGroup(child, "SIGTERM");
      after(END_TIMEOUT_MS, () => finish(killed(child, reason)));
    };
    const onAbort = (): void => stop("cancelled");
    signal.addEventListener("abort", onAbort, { once: true });
    after(options.timeoutMs, () => stop("timed out"));
    onText(child.stdout, options.onOutput);
    onText(child.stderr, (chunk) => {
      errorOutput = (errorOutput + chunk).slice(-MAX_ERROR_OUTPUT);
    });
    child.once("error", (error) => finish({ kind: "not started", error }));
    child.once("exit", (code, killedBy) => {
      if (stopReason === null) after(END_TIMEOUT_MS, () => finish(exited(code, killedBy, errorOutput)));
    });
    // After a stop, other processes of the group can be running although the output is closed.
    child.once("close", (code, killedBy) =>
      finish(stopReason === null ? exited(code, killedBy, errorOutput) : killed(child, stopReason)),
    );
    if (signal.aborted) onAbort();
  });
}

/** Starts a command that runs on after this process ends. Returns the error if it cannot be started. */
export function startDetached([program, ...args]: Command, environment: NodeJS.ProcessEnv): Promise<Error | null> {
  // When the job ends, the runner ends all processes that have this variable (actions/runner, JobExtension).
  const { RUNNER_TRACKING_ID: _tracking, ...env } = withoutInputs(environment);
  return new Promise((resolve) => {
    const child = spawn(program, args, { detached: true, env, stdio: "ignore", windowsHide: true });
    child.once("error", resolve);
    child.once("spawn", () => {
      child.unref();
      resolve(null);
    });
  });
}

/** Removes this action's inputs, because they contain credentials. */
function withoutInputs(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^INPUT_/i.test(name)));
}

function exited(code: number | null, signal: NodeJS.Signals | null, errorOutput: string): CommandResult {
  const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  return { kind: "exited", code: exitCode, signal, errorOutput: excerpt(errorOutput, [], MAX_ERROR_OUTPUT) };
}

function killed(child: ChildProcess, kind: StopReason): CommandResult {
  return { kind, isRunning: !signalGroup(child, "SIGKILL") };
}

function onText(stream: NodeJS.ReadableStream, receive: (chunk: string) => void): void {
  const decoder = new StringDecoder("utf8");
  stream.on("data", (chunk: Buffer) => receive(decoder.write(chunk)));
}

/** Sends a signal to a child's process group; on Windows ends its process tree. Returns false if that is not permitted. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): boolean {
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
