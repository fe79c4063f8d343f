import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Runs skopeo without this machine's logins. Returns its output. */
export async function skopeo(...args: readonly string[]): Promise<string> {
  const { PATH } = process.env;
  const env = { PATH, HOME: "/nonexistent", REGISTRY_AUTH_FILE: "/nonexistent/auth.json" };
  const { stdout } = await run("skopeo", ["--insecure-policy", ...args], { env, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}
