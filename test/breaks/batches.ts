import type { Break } from "./break.ts";

/** Lines of batches of deletions. */
export const BATCHES_BREAKS: readonly Break[] = [
  {
    file: "sweep/batches.ts",
    line: "isOver: () => clock.now() < start || clock.now() >= sendBy,",
    replacement: "isOver: () => false,",
    danger: "deletes hours after the recheck",
    tests: ["sweep/batches.test.ts", "safety/batches.test.ts"],
  },
  {
    file: "sweep/sweep-repository.ts",
    line: "const limit = (): number => (permission.isProven ? concurrency : 1);",
    replacement: "const limit = (): number => concurrency;",
    danger: "sends several deletions before the first is permitted",
    tests: ["safety/first-deletion.test.ts"],
  },
  {
    file: "sweep/settlement.ts",
    line: 'return deletion.outcome === "deleted";',
    replacement: "return true;",
    danger: "deletes the platforms of an index that the registry refuses to delete",
    tests: ["safety/random-sweeps.test.ts", "safety/vanished-manifests.test.ts", "registry/ghcr/sweep.test.ts"],
  },
  {
    file: "sweep/batch.ts",
    line: "return error === null && isTimely && trees.open < concurrency;",
    replacement: "return error === null && isTimely;",
    danger: "leaves parts of many images if it is killed",
    tests: ["safety/open-trees.test.ts"],
  },
];
