import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What a step came to, as the runner sees it. */
export interface Step {
  readonly lines: readonly string[];
  readonly exitCode: number | null;
}

const SOURCE = fileURLToPath(new URL("../../src/", import.meta.url));

/** Runs a module's text in a process of its own, as a step does; `SRC` in it stands for the folder of the sources. */
export function runStep(module: string): Promise<Step> {
  const { PATH } = process.env;
  const text = module.replaceAll("SRC", `file://${SOURCE}`);
  const child = spawn(process.execPath, ["--input-type=module", "--eval", text], {
    env: { PATH },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ lines: output.split("\n").slice(0, -1), exitCode }));
  });
}
