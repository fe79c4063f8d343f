import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyBreak, type Break } from "./break.ts";
import { BREAKS } from "./breaks.ts";

const ROOT = join(import.meta.dirname, "../..");
/** A break can make a test hang. */
const TIMEOUT_MS = 180_000;
const COPIED = ["src", "test", "docs", "action.yml", "package.json", "tsconfig.json", "vitest.config.ts"];

/**
 * `npm run breaks [text]`: breaks one line of safety code after the other, in a copy of the sources, and runs the tests that
 * must notice it. Fails if they pass. With a text, it runs only the breaks whose file, line or danger contains it.
 */
function runBreaks(breaks: readonly Break[]): readonly Break[] {
  const copy = mkdtempSync(join(tmpdir(), "refsweep-breaks-"));
  try {
    for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"), "dir");
    const tests = [...new Set(breaks.flatMap((each) => each.tests))];
    if (failedTests(tests, copy) > 0) throw new Error("A test fails without a break. Run npm test first.");
    return breaks.filter((each) => !isNoticed(each, copy));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Whether a test fails because of the break. */
function isNoticed(each: Break, copy: string): boolean {
  const startedAt = performance.now();
  const path = join(copy, "src", each.file);
  const source = readFileSync(path, "utf8");
  const broken = applyBreak(source, each);
  if (broken === null) return report(each, "its line does not exist, or not only once", startedAt);
  writeFileSync(path, broken);
  try {
    return report(each, failedTests(each.tests, copy) > 0 ? null : "NO TEST FAILED", startedAt);
  } finally {
    writeFileSync(path, source);
  }
}

/** Runs test files up to the first failure. */
function failedTests(tests: readonly string[], copy: string): number {
  const files = tests.map((test) => `test/${test}`);
  const result = join(copy, "result.json");
  const vitest = join(copy, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--bail=1", "--silent=true", "--reporter=json", `--outputFile=${result}`, ...files];
  const options = { cwd: copy, encoding: "utf8", timeout: TIMEOUT_MS, killSignal: "SIGKILL" } as const;
  const { stderr } = spawnSync(process.execPath, args, options);
  if (!existsSync(result)) throw new Error(`Vitest did not run ${files.join(", ")}: ${stderr}`);
  const failed = /"numFailedTests":(\d+)/.exec(readFileSync(result, "utf8"))?.[1];
  rmSync(result);
  return Number(failed);
}

function report({ file, line, danger }: Break, problem: string | null, startedAt: number): boolean {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${problem === null ? "noticed" : problem} (${seconds} s): ${file}: ${danger}`);
  if (problem !== null) console.log(`  ${line}`);
  return problem === null;
}

const [text = ""] = process.argv.slice(2);
const chosen = BREAKS.filter(({ file, line, danger }) => `${file} ${line} ${danger}`.includes(text));
const survivors = runBreaks(chosen);
console.log(`${chosen.length} breaks, ${chosen.length - survivors.length} noticed, ${survivors.length} not`);
process.exitCode = survivors.length === 0 && chosen.length > 0 ? 0 : 1;
