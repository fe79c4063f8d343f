import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";

const DIST = join(import.meta.dirname, "../../dist/index.js");

/** What a workflow step gives the action, and what the runner knows. */
export interface Step {
  /** The inputs under `with:`; those left out get action.yml's defaults. */
  readonly inputs: Readonly<Record<string, string>>;
  /** `GITHUB_SERVER_URL`, `GITHUB_API_URL` and the like; nothing else of this process's environment goes in but PATH. */
  readonly environment: Readonly<Record<string, string>>;
  /** The event's name and payload; default: a schedule. */
  readonly event?: { readonly name: string; readonly payload: unknown };
  /** The `index.js` to run; default: this repository's dist/index.js. Its action.yml is in the folder above. */
  readonly dist?: string;
  /** Called with each chunk of the log, and what sends a signal to the process, as a cancelled job does. */
  readonly onOutput?: (chunk: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** What a step left behind. */
export interface StepResult {
  /** Null: killed by a signal. */
  readonly exitCode: number | null;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** The report file's JSON; undefined: none was written. */
  readonly report: unknown;
  readonly milliseconds: number;
}

interface ActionInputs {
  readonly inputs: Readonly<Record<string, { readonly default?: unknown }>>;
}

/** Runs dist/index.js as the runner runs `using: node24`: inputs and files in the environment, defaults from action.yml. */
export async function runStep(step: Step): Promise<StepResult> {
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
  const started = performance.now();
  const { exitCode, log } = await spawnAction({ ...environment, ...inputVariables(step, environment) }, step);
  const milliseconds = performance.now() - started;
  const result = {
    exitCode,
    log,
    milliseconds,
    outputs: parseOutputs(readFileSync(files.output, "utf8")),
    summary: readFileSync(files.summary, "utf8"),
    report: readReport(join(folder, "refsweep-report.json")),
  };
  rmSync(folder, { recursive: true, force: true });
  return result;
}

function inputVariables(
  { inputs: given, dist = DIST }: Step,
  environment: Readonly<Record<string, string>>,
): Record<string, string> {
  const action: ActionInputs = parse(readFileSync(join(dirname(dist), "../action.yml"), "utf8"));
  const unknown = Object.keys(given).filter((name) => !(name in action.inputs));
  if (unknown.length > 0) throw new Error(`action.yml has no input ${unknown.join(", ")}`);
  const variables: Record<string, string> = {};
  for (const [name, { default: fallback }] of Object.entries(action.inputs)) {
    const value = given[name] ?? (fallback === undefined ? "" : expand(String(fallback), environment));
    variables[`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`] = value;
  }
  return variables;
}

/** The two expressions that action.yml's defaults hold. */
function expand(value: string, environment: Readonly<Record<string, string>>): string {
  return value
    .replaceAll("${{ github.token }}", environment["GITHUB_TOKEN"] ?? "")
    .replaceAll("${{ github.repository }}", environment["GITHUB_REPOSITORY"] ?? "");
}

function spawnAction(
  environment: Readonly<Record<string, string>>,
  step: Step,
): Promise<{ exitCode: number | null; log: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [step.dist ?? DIST], {
      env: environment,
      stdio: "pipe",
    });
    let log = "";
    const read = (chunk: Buffer): void => {
      log += chunk.toString();
      step.onOutput?.(chunk.toString(), (signal) => child.kill(signal));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, log }));
  });
}

/** The `name<<delimiter` form that the toolkit writes, and `name=value`. */
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

function readReport(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
