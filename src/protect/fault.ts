import { Fault } from "../fault.ts";

/** Returns an error of the files of `protect-digests`. */
export function invalidFiles(problem: string, remedy: string, cause?: unknown): Fault {
  return new Fault("input", `\`protect-digests\`: ${problem}`, remedy, { cause });
}
