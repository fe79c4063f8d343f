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

const [worlds = "100000", seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
process.exitCode = prove(Number(worlds), Number(seed)) ? 0 : 1;
