import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { PROPERTIES } from "./plan/properties.ts";
import { sample } from "./plan/worlds.ts";

/**
 * `npm run prove [worlds] [seed]`: holds the plan to every law of it, in as many random registries as asked for.
 * Prints the seed and the path of a world that breaks one, which `fc.assert` takes to play it again.
 */
function prove(worlds: number, seed: number): boolean {
  const began = performance.now();
  const result = fc.check(
    fc.property(sample, (each) => {
      for (const [sentence, property] of Object.entries(PROPERTIES)) hold(sentence, () => property(each));
    }),
    { numRuns: worlds, seed },
  );
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${result.numRuns} worlds, ${Object.keys(PROPERTIES).length} laws, ${seconds} s, seed ${result.seed}`);
  if (!result.failed) return true;
  console.error(fc.defaultReportMessage(result));
  console.error(result.errorInstance);
  console.error(
    `Again: npm run prove ${worlds} ${result.seed}. Path of the smallest world: ${result.counterexamplePath}`,
  );
  return false;
}

function hold(sentence: string, check: () => void): void {
  try {
    check();
  } catch (cause) {
    throw new Error(`Broken: the plan ${sentence}`, { cause });
  }
}

/** Every fault and every signal at every request of a whole sweep, in place of the some that `npm test` has time for. */
function proveSweeps(): boolean {
  const root = join(import.meta.dirname, "..");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const env = { ...process.env, REFSWEEP_PROVE: "1" };
  return spawnSync(process.execPath, [vitest, "run", "test/safety"], { cwd: root, env, stdio: "inherit" }).status === 0;
}

const [worlds = "100000", seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
const [plan, sweeps] = [prove(Number(worlds), Number(seed)), proveSweeps()];
process.exitCode = plan && sweeps ? 0 : 1;
