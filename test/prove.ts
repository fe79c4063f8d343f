import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { PLAN_PROPERTIES } from "./plan/properties.ts";
import { RECHECK_PROPERTIES } from "./plan/recheck-properties.ts";
import { sample } from "./plan/worlds.ts";

const PROPERTIES = { ...PLAN_PROPERTIES, ...RECHECK_PROPERTIES };

/**
 * `npm run prove [registries] [seed]`: checks every property of the plan in that many random registries, then every fault and
 * signal at every request of a sweep.
 *
 * Prints the seed and the path of a counterexample, with which `fc.assert` repeats it.
 */
function checkPlans(registries: number, seed: number): boolean {
  const startedAt = performance.now();
  const result = fc.check(
    fc.property(sample, (each) => {
      for (const [title, property] of Object.entries(PROPERTIES)) check(title, () => property(each));
    }),
    { numRuns: registries, seed },
  );
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(
    `${result.numRuns} registries, ${Object.keys(PROPERTIES).length} properties, ${seconds} s, seed ${result.seed}`,
  );
  if (!result.failed) return true;
  console.error(fc.defaultReportMessage(result));
  console.error(result.errorInstance);
  console.error(
    `Repeat it with: npm run prove ${registries} ${result.seed}. Counterexample path: ${result.counterexamplePath}`,
  );
  return false;
}

function check(title: string, property: () => void): void {
  try {
    property();
  } catch (cause) {
    throw new Error(`Violated property: the plan ${title}`, { cause });
  }
}

/** Runs the safety tests with every fault and every signal at every request. `npm test` runs a sample of them. */
function checkSweeps(): boolean {
  const root = join(import.meta.dirname, "..");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const env = { ...process.env, REFSWEEP_PROVE: "1" };
  return spawnSync(process.execPath, [vitest, "run", "test/safety"], { cwd: root, env, stdio: "inherit" }).status === 0;
}

const [registries = "100000", seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
const [plan, sweeps] = [checkPlans(Number(registries), Number(seed)), checkSweeps()];
process.exitCode = plan && sweeps ? 0 : 1;
