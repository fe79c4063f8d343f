// npm run build             builds dist/, which GitHub's runner runs, from src/
// npm run build -- --check  builds it in a temporary folder and compares it with dist/

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { licensesOf } from "./licenses.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

/** A failed build. Its message is complete and needs no stack trace. */
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
 * Compiles src/ to build/ and bundles build/ into `folder`. The same sources give the same bytes on every machine, because ncc
 * numbers modules by their paths relative to the repository's root.
 */
function bundleInto(folder: string): void {
  rmSync(join(root, "build"), { recursive: true, force: true });
  run("tsc", "typescript/bin/tsc", ["-p", "tsconfig.build.json"]);
  const stats = join(root, "build", "stats.json");
  const options = ["--no-cache", "--quiet", "--stats-out", stats];
  run("ncc", "@vercel/ncc/dist/ncc/cli.js", ["build", join("build", "index.js"), "-o", folder, ...options]);
  writeFileSync(join(folder, "licenses.txt"), licensesOf(readFileSync(stats, "utf8")));
  for (const file of readdirSync(folder)) normalize(join(folder, file));
}

function run(name: string, file: string, args: readonly string[]): void {
  const script = join(root, "node_modules", file);
  const { status, error } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new BuildError(`build: ${name} failed. dist/ is unchanged.`);
}

/** Converts line ends to LF, as Git stores them. Throws a BuildError if the file contains a path of this machine. */
function normalize(path: string): void {
  const text = readFileSync(path, "utf8");
  if (text.includes(root)) throw new BuildError(`build: ${path} contains the path ${root}. dist/ is unchanged.`);
  writeFileSync(path, text.replaceAll("\r\n", "\n"));
}

function replaceDist(folder: string): void {
  rmSync(dist, { recursive: true, force: true });
  cpSync(folder, dist, { recursive: true });
  for (const [file, text] of filesOf(dist))
    console.log(`dist/${file}  ${Math.ceil(Buffer.byteLength(text) / 1024)} KiB`);
}

function check(folder: string): void {
  const committed = filesOf(dist);
  const built = filesOf(folder);
  const differing = [...new Set([...committed.keys(), ...built.keys()])].filter(
    (file) => committed.get(file) !== built.get(file),
  );
  if (differing.length > 0) {
    const list = differing
      .map((file) => `  dist/${file} ${difference(committed.get(file), built.get(file))}`)
      .join("\n");
    throw new BuildError(`dist/ does not match src/:\n${list}\nRun \`npm run build\` and commit dist/.`);
  }
  console.log(`dist/ is up to date: ${built.size} files.`);
}

function difference(committed: string | undefined, built: string | undefined): string {
  if (committed === undefined) return "is missing";
  return built === undefined ? "is not built any more" : "differs";
}

function filesOf(folder: string): ReadonlyMap<string, string> {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
