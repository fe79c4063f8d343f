import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Whether skopeo is there. Where `CI` is set it has to be: a proof that is skipped there would never be missed. */
export function hasSkopeo(): boolean {
  const { CI } = process.env;
  try {
    execFileSync("skopeo", ["--version"], { stdio: "ignore" });
    return true;
  } catch (error) {
    if (CI) throw new Error("skopeo is not installed; the proof by it is required in CI", { cause: error });
    return false;
  }
}

/** Runs skopeo, without any login of this machine's. Returns what it printed; rejects with what it complained of. */
export async function skopeo(...args: readonly string[]): Promise<string> {
  const { PATH } = process.env;
  const env = { PATH, HOME: "/nonexistent", REGISTRY_AUTH_FILE: "/nonexistent/auth.json" };
  const { stdout } = await run("skopeo", ["--insecure-policy", ...args], { env, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}
