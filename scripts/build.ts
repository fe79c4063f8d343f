// npm run build             builds dist/, which is what the runner runs, from src/
// npm run build -- --check  builds it elsewhere, and compares it with the dist/ that is there

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { licensesOf } from "./licenses.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

/** A build that failed for a reason which its message tells in full. */
class BuildError extends Error {}

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const fresh = mkdtempSync(join(tmpdir(), "refsweep-dist-"));
try {
  bundleInto(fresh);
  if (values.check) check(fresh);
  else replaceDist(fresh);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

/**
 * Compiles src/ to build/, and bundles that into `folder`. The same sources give the same bytes on every machine: ncc names and numbers
 * modules by their paths from the current folder, so build/ is always called that, and packages lie in node_modules/ beside it.
 */
function bundleInto(folder: string): void {
  rmSync(join(root, "build"), { recursive: true, force: true });
  run("tsc", "typescript/bin/tsc", ["-p", "tsconfig.build.json"]);
  const stats = join(root, "build", "stats.json");
  const options = ["--no-cache", "--quiet", "--stats-out", stats];
  run("ncc", "@vercel/ncc/dist/ncc/cli.js", ["build", join("build", "index.js"), "-o", folder, ...options]);
  writeFileSync(join(folder, "licenses.txt"), licensesOf(readFileSync(stats, "utf8")));
  for (const file of readdirSync(folder)) settle(join(folder, file));
}

function run(name: string, file: string, args: readonly string[]): void {
  const script = join(root, "node_modules", file);
  const { status, error } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new BuildError(`build: ${name} failed. dist/ is as it was.`);
}

/** Git keeps dist/ with LF, whatever line ends the packages came with; and nothing of this machine goes into it. */
function settle(path: string): void {
  const text = readFileSync(path, "utf8");
  if (text.includes(root)) throw new BuildError(`build: ${path} names the folder ${root}. dist/ is as it was.`);
  writeFileSync(path, text.replaceAll("\r\n", "\n"));
}

function replaceDist(folder: string): void {
  rmSync(dist, { recursive: true, force: true });
  cpSync(folder, dist, { recursive: true });
  for (const [file, text] of filesOf(dist))
    console.log(`dist/${file}  ${Math.ceil(Buffer.byteLength(text) / 1024)} KiB`);
}

function check(folder: string): void {
  const there = filesOf(dist);
  const wanted = filesOf(folder);
  const differing = [...new Set([...there.keys(), ...wanted.keys()])].filter(
    (file) => there.get(file) !== wanted.get(file),
  );
  if (differing.length > 0) {
    const list = differing.map((file) => `  dist/${file} ${howDiffers(there.get(file), wanted.get(file))}`).join("\n");
    throw new BuildError(`dist/ is not what src/ builds:\n${list}\nRun \`npm run build\`, and commit dist/.`);
  }
  console.log(`dist/ is up to date: ${wanted.size} files.`);
}

function howDiffers(there: string | undefined, wanted: string | undefined): string {
  if (there === undefined) return "is missing";
  return wanted === undefined ? "is not built any more" : "differs";
}

function filesOf(folder: string): ReadonlyMap<string, string> {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
