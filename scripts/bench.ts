// npm run bench                      runs every benchmark in test/bench/, one after another
// npm run bench http plan            runs only these
// npm run bench plan -- --flag 1     passes the arguments from the first `--…` on to the benchmarks

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

const folder = join(import.meta.dirname, "..", "test", "bench");

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  const firstOption = args.findIndex((arg) => arg.startsWith("-"));
  const names = firstOption < 0 ? args : args.slice(0, firstOption);
  const options = firstOption < 0 ? [] : args.slice(firstOption);
  const all = readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => basename(file, ".ts"))
    .sort();
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    console.error(`bench: unknown benchmark "${unknown}". Use one of: ${all.join(", ")}.`);
    return 1;
  }
  const failed = all.filter((name) => (names.length === 0 || names.includes(name)) && !runBench(name, options));
  if (failed.length > 0) console.error(`FAILED: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

function runBench(name: string, options: readonly string[]): boolean {
  console.log(`\n== ${name} ==`);
  const { status, error } = spawnSync(process.execPath, ["--expose-gc", join(folder, `${name}.ts`), ...options], {
    stdio: "inherit",
  });
  if (error !== undefined) throw error;
  return status === 0;
}
