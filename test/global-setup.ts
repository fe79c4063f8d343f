import { isProgram } from "./servers/tools.ts";

/** Stops the run at once if Git is missing: most tests serve a real Git repository. */
export default function checkGit(): void {
  if (!isProgram("git")) throw new Error("git is not installed. Install it: most tests serve a real Git repository.");
}
