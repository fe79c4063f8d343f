const { REFSWEEP_WORLDS: worlds, REFSWEEP_SEED: seed } = process.env;

/** `npm test` draws the same few worlds in every run. `npm run prove` sets their number and seed. */
export const RUNS =
  worlds === undefined
    ? { numRuns: 6, seed: 20_261_128 }
    : { numRuns: Number(worlds), ...(seed ? { seed: Number(seed) } : {}) };
