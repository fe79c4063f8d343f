import { execFileSync } from "node:child_process";

/** Whether a program of this name can be run. */
export function isProgram(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args.length === 0 ? ["--version"] : args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
