// npm run check             everything about the code but its tests
// npm run check types dist  only these

import { spawnSync } from "node:child_process";
import { join } from "node:path";

interface Check {
  readonly what: string;
  /** A script under the repository's root, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** What to do where it fails and does not say so itself. */
  readonly remedy: string;
}

const CHECKS: Readonly<Record<string, Check>> = {
  types: {
    what: "types",
    command: ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"],
    remedy: "Mend the errors above.",
  },
  style: {
    what: "lint and format",
    command: ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"],
    remedy: "Run `npx biome check --write`, and mend what it leaves.",
  },
  docs: {
    what: "tables of the README",
    command: ["scripts/docs.ts", "--check"],
    remedy: "Run `npm run docs`, and commit README.md.",
  },
  dist: {
    what: "dist/ up to date",
    command: ["scripts/build.ts", "--check"],
    remedy: "Run `npm run build`, and commit dist/.",
  },
};

const root = join(import.meta.dirname, "..");

process.exitCode = main(process.argv.slice(2));

/** Runs the checks that are named, or all; all of them even where one fails. */
function main(names: readonly string[]): number {
  const unknown = names.find((name) => CHECKS[name] === undefined);
  if (unknown !== undefined) {
    console.error(`check: there is no check "${unknown}". There are: ${Object.keys(CHECKS).join(", ")}.`);
    return 1;
  }
  const wanted = Object.entries(CHECKS).filter(([name]) => names.length === 0 || names.includes(name));
  const results = wanted.map(([, check]) => runCheck(check));
  return results.every((passed) => passed) ? 0 : 1;
}

function runCheck({ what, command: [script, ...args], remedy }: Check): boolean {
  const { status, error } = spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status === 0) console.log(`ok: ${what}`);
  else console.error(`FAILED: ${what}. ${remedy}`);
  return status === 0;
}
