import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { PLAN_PROPERTIES } from "./plan/properties.ts";
import { RECHECK_PROPERTIES } from "./plan/recheck-properties.ts";
import { sample } from "./plan/worlds.ts";

const PROPERTIES = { ...PLAN_PROPERTIES, ...RECHECK_PROPERTIES };

/**
 * `npm run prove [registries] [seed]`: checks every property of the plan in that many random registries. Then sweeps random
 * registries while other clients change them and lists contradict themselves, one for each 500, and tries every fault, every
 * signal and every change at every request of a sweep.
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

/** Runs the safety tests with every fault, signal and change at every request. `npm test` runs a sample of them. */
function checkSweeps(worlds: number, seed: number): boolean {
  const root = join(import.meta.dirname, "..");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const env = {
    ...process.env,
    REFSWEEP_PROVE: "1",
    REFSWEEP_WORLDS: String(worlds),
    REFSWEEP_SEED: String(seed),
  };
  return spawnSync(process.execPath, [vitest, "run", "test/safety"], { cwd: root, env, stdio: "inherit" }).status === 0;
}

const [registries = "100000", seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
const plan = checkPlans(Number(registries), Number(seed));
const sweeps = checkSweeps(Math.ceil(Number(registries) / 500), Number(seed));
process.exitCode = plan && sweeps ? 0 : 1;
