// npm run check             runs all checks except the tests
// npm run check types dist  runs only these

import { spawnSync } from "node:child_process";
import { join } from "node:path";

interface Check {
  readonly title: string;
  /** A script, relative to the repository's root, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** How to fix a failure. */
  readonly remedy: string;
}

const CHECKS: Readonly<Record<string, Check>> = {
  types: {
    title: "types",
    command: ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"],
    remedy: "Fix the errors above.",
  },
  style: {
    title: "lint and format",
    command: ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"],
    remedy: "Run `npx biome check --write` and fix the remaining errors.",
  },
  docs: {
    title: "tables of the README",
    command: ["scripts/docs.ts", "--check"],
    remedy: "Run `npm run docs` and commit README.md.",
  },
  dist: {
    title: "dist/ up to date",
    command: ["scripts/build.ts", "--check"],
    remedy: "Run `npm run build` and commit dist/.",
  },
};

const root = join(import.meta.dirname, "..");

process.exitCode = main(process.argv.slice(2));

/** Runs the named checks, or all. Continues after a failure. */
function main(names: readonly string[]): number {
  const unknown = names.find((name) => CHECKS[name] === undefined);
  if (unknown !== undefined) {
    console.error(`check: unknown check "${unknown}". Use one of: ${Object.keys(CHECKS).join(", ")}.`);
    return 1;
  }
  const wanted = Object.entries(CHECKS).filter(([name]) => names.length === 0 || names.includes(name));
  const results = wanted.map(([, check]) => runCheck(check));
  return results.every((passed) => passed) ? 0 : 1;
}

function runCheck({ title, command: [script, ...args], remedy }: Check): boolean {
  const { status, error } = spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status === 0) console.log(`ok: ${title}`);
  else console.error(`FAILED: ${title}. ${remedy}`);
  return status === 0;
}
