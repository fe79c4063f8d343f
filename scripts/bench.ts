// npm run bench             every benchmark in test/bench/, one after another: side by side they would slow each other
// npm run bench http plan   only these

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

const folder = join(import.meta.dirname, "..", "test", "bench");

process.exitCode = main(process.argv.slice(2));

function main(names: readonly string[]): number {
  const all = readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => basename(file, ".ts"))
    .sort();
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    console.error(`bench: there is no benchmark "${unknown}". There are: ${all.join(", ")}.`);
    return 1;
  }
  const failed = all.filter((name) => (names.length === 0 || names.includes(name)) && !runBench(name));
  if (failed.length > 0) console.error(`FAILED: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

function runBench(name: string): boolean {
  console.log(`\n== ${name} ==`);
  const { status, error } = spawnSync(process.execPath, ["--expose-gc", join(folder, `${name}.ts`)], {
    stdio: "inherit",
  });
  if (error !== undefined) throw error;
  return status === 0;
}
