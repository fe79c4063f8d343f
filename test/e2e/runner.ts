import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { runAction } from "../../src/action.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { asReport, type Report } from "./report-schema.ts";

const DIST = join(import.meta.dirname, "../../dist/index.js");

/** A workflow step that uses the action. */
export interface Step {
  /** The inputs under `with:`. Missing ones have the defaults of action.yml. */
  readonly inputs: Readonly<Record<string, string>>;
  /** `GITHUB_SERVER_URL`, `GITHUB_API_URL` and the like. Of this process's environment the step gets only PATH. */
  readonly environment: Readonly<Record<string, string>>;
  /** Default: a schedule. */
  readonly event?: { readonly name: string; readonly payload: unknown };
}

/** A step in a process of its own. */
export interface ProcessStep extends Step {
  /** The `index.js` to run; default: this repository's dist/index.js. Its action.yml is in the parent folder. */
  readonly dist?: string;
  /** Receives each chunk of the log, and a function that sends the process a signal. */
  readonly onOutput?: (chunk: string, kill: (signal: NodeJS.Signals) => void) => void;
}

export interface StepResult {
  /** Null: a signal ended the process. */
  readonly exitCode: number | null;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** The report file, checked against its schema; undefined: there is none. */
  readonly report: Report | undefined;
  readonly milliseconds: number;
}

type Environment = Readonly<Record<string, string>>;

/** Runs dist/index.js like a runner with `using: node24`. For exit codes, signals, memory and the bundle itself. */
export function runStep(step: ProcessStep): Promise<StepResult> {
  return withRunnerFiles(step, step.dist ?? DIST, (environment) => spawnAction(environment, step));
}

/**
 * Runs the action's entry in this process, which is faster than `runStep`. Runs wait for each other, because the action writes to
 * the standard output.
 *
 * @param clock default: waits take no time
 */
export function runStepInProcess(step: Step, clock: Clock = instantClock()): Promise<StepResult> {
  const result = inProcessQueue.then(() =>
    withRunnerFiles(step, DIST, (environment) => callAction(environment, clock)),
  );
  inProcessQueue = result.catch(() => undefined);
  return result;
}

let inProcessQueue: Promise<unknown> = Promise.resolve();

/** The machine's clock with waits that take no time. */
function instantClock(): Clock {
  let skipped = 0;
  return {
    now: () => systemClock.now() + skipped,
    random: () => systemClock.random(),
    sleep: async (ms, signal) => {
      await systemClock.sleep(0, signal);
      skipped += ms;
    },
  };
}

async function withRunnerFiles(
  step: Step,
  dist: string,
  run: (environment: Environment) => Promise<{ exitCode: number | null; log: string }>,
): Promise<StepResult> {
  const folder = mkdtempSync(join(tmpdir(), "refsweep-step-"));
  const file = (name: string, content = ""): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const event = step.event ?? { name: "schedule", payload: {} };
  const files = { output: file("output"), summary: file("summary"), state: file("state"), env: file("env") };
  const environment = {
    PATH: process.env["PATH"] ?? "",
    RUNNER_TEMP: folder,
    GITHUB_ACTIONS: "true",
    GITHUB_WORKSPACE: folder,
    GITHUB_EVENT_NAME: event.name,
    GITHUB_EVENT_PATH: file("event.json", JSON.stringify(event.payload)),
    GITHUB_OUTPUT: files.output,
    GITHUB_STEP_SUMMARY: files.summary,
    GITHUB_STATE: files.state,
    GITHUB_ENV: files.env,
    ...step.environment,
  };
  try {
    const startedAt = performance.now();
    const { exitCode, log } = await run({ ...environment, ...inputVariables(step, dist, environment) });
    return {
      exitCode,
      log,
      milliseconds: performance.now() - startedAt,
      outputs: parseOutputs(readFileSync(files.output, "utf8")),
      summary: readFileSync(files.summary, "utf8"),
      report: readReport(join(folder, "refsweep-report.json"), dist),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface ActionInputs {
  readonly inputs: Readonly<Record<string, { readonly default?: unknown }>>;
}

function inputVariables({ inputs: given }: Step, dist: string, environment: Environment): Environment {
  const action: ActionInputs = parse(readFileSync(join(dirname(dist), "../action.yml"), "utf8"));
  const unknown = Object.keys(given).filter((name) => !(name in action.inputs));
  if (unknown.length > 0) throw new Error(`action.yml has no input ${unknown.join(", ")}`);
  return Object.fromEntries(
    Object.entries(action.inputs).map(([name, { default: fallback }]) => [
      `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`,
      given[name] ?? (fallback === undefined ? "" : expand(String(fallback), environment)),
    ]),
  );
}

/** Replaces the two expressions in the defaults of action.yml. */
function expand(value: string, environment: Environment): string {
  return value
    .replaceAll("${{ github.token }}", environment["GITHUB_TOKEN"] ?? "")
    .replaceAll("${{ github.repository }}", environment["GITHUB_REPOSITORY"] ?? "");
}

function spawnAction(
  environment: Environment,
  { dist = DIST, onOutput }: ProcessStep,
): Promise<{ exitCode: number | null; log: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [dist], { env: environment, stdio: "pipe" });
    let log = "";
    const read = (chunk: Buffer): void => {
      log += chunk.toString();
      onOutput?.(chunk.toString(), (signal) => child.kill(signal));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, log }));
  });
}

async function callAction(environment: Environment, clock: Clock): Promise<{ exitCode: number; log: string }> {
  const write = process.stdout.write;
  const { GITHUB_OUTPUT: output } = process.env;
  let log = "";
  process.stdout.write = (chunk: string | Uint8Array): boolean => {
    log += chunk.toString();
    return true;
  };
  // @actions/core reads it from the process's environment.
  process.env["GITHUB_OUTPUT"] = environment["GITHUB_OUTPUT"];
  try {
    return { exitCode: await runAction(environment, new AbortController().signal, clock), log };
  } finally {
    process.stdout.write = write;
    if (output === undefined) delete process.env["GITHUB_OUTPUT"];
    else process.env["GITHUB_OUTPUT"] = output;
  }
}

/** Parses `name<<delimiter`, which the toolkit writes, and `name=value`. */
function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    const heredoc = /^(.+?)<<(.+)$/.exec(line);
    if (heredoc?.[1] !== undefined) {
      const end = lines.indexOf(heredoc[2] ?? "");
      outputs[heredoc[1]] = lines
        .splice(0, end + 1)
        .slice(0, -1)
        .join("\n");
    } else if (line.includes("=")) {
      outputs[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
    }
  }
  return outputs;
}

/** Reports of other versions of the action have other schemas and are not returned. */
function readReport(path: string, dist: string): Report | undefined {
  return existsSync(path) && dist === DIST ? asReport(JSON.parse(readFileSync(path, "utf8"))) : undefined;
}
