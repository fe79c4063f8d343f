import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isProgram } from "./program.ts";

/** Where programs built by Go are kept for the tests: outside of the repository, as building them takes minutes. */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME } = process.env;
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "refsweep-test", "bin");
}

/**
 * The path of a program of `go-programs.txt` in the version that stands there; null: it is not built, or for another version.
 * In CI that is a failure where Go is, as a proof that is skipped is never missed.
 */
export function findGoProgram(name: string): string | null {
  const version = versions().get(name);
  if (version === undefined) throw new Error(`go-programs.txt names no ${name}`);
  const program = join(cacheFolder(), `${name}-${version}`);
  if (existsSync(program)) return program;
  const { CI } = process.env;
  if (CI && isProgram("go", "version")) {
    throw new Error(`${program} is not built; the proof by it is required in CI. Run .ci/go-programs`);
  }
  return null;
}

function versions(): ReadonlyMap<string, string> {
  const lines = readFileSync(new URL("./go-programs.txt", import.meta.url), "utf8").split("\n");
  return new Map(
    lines
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line): [string, string] => {
        const [name = "", version = ""] = line.split(" ");
        return [name, version];
      }),
  );
}
