import type { Break } from "./break.ts";

/** Lines of batches of deletions. */
export const BATCHES_BREAKS: readonly Break[] = [
  {
    file: "sweep/batches.ts",
    line: "const sendBy = start + batchMs;",
    replacement: "const sendBy = Number.POSITIVE_INFINITY;",
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
    tests: ["registry/ghcr/sweep.test.ts", "safety/refusals.test.ts"],
  },
  {
    file: "sweep/batch.ts",
    line: "if (clock.now() < recentUntil) return recentUntil;",
    replacement: "if (clock.now() < sendBy) return sendBy;",
    danger: "deletes minutes after the recheck without another check",
    tests: ["registry/ghcr/long-batches.test.ts"],
  },
  {
    file: "registry/ghcr/recent-versions.ts",
    line: "if (!this.#places.has(id)) this.#hasNew = true;",
    replacement: "if (id < 0) this.#hasNew = true;",
    danger: "deletes a platform that a new index lists, in a long batch",
    tests: ["registry/ghcr/long-batches.test.ts"],
  },
  {
    file: "sweep/batch.ts",
    line: "return isUnchanged ? Math.min(sendBy, clock.now() + CONFIRMED_MS) : null;",
    replacement: "return Math.min(sendBy, clock.now() + CONFIRMED_MS);",
    danger: "deletes an image that changed since the recheck of a long batch",
    tests: ["registry/ghcr/long-batches.test.ts"],
  },
  {
    file: "sweep/batch.ts",
    line: "if (this.#evidence === null || now - this.#evidence.readAt > CONFIRMED_MS) {",
    replacement: "if (this.#evidence === null) {",
    danger: "deletes the images of a pull request that was reopened during a long batch",
    tests: ["registry/ghcr/long-batches.test.ts"],
  },
  {
    file: "sweep/forbidden.ts",
    line: "if (!this.#permission.isProven) this.fault ??= [...this.#faults.values()].at(-1) ?? null;",
    replacement: "",
    danger: "reports a token that may not delete as a success",
    tests: ["safety/refusals.test.ts", "safety/protected-images.test.ts"],
  },
  {
    file: "sweep/batch.ts",
    line: "return error === null && isTimely && trees.mayBegin(digest, concurrency);",
    replacement: "return error === null && isTimely;",
    danger: "leaves parts of many images if it is killed",
    tests: ["safety/open-trees.test.ts"],
  },
];
