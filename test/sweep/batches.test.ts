import { expect, test } from "vitest";
import { batchTimer, inBatches } from "../../src/sweep/batches.ts";

/** Runs batches after which so many are left, and returns how many ran and how long it waited between them. */
async function batchesOf(
  left: readonly number[],
): Promise<{ finished: boolean; batches: number; waits: readonly number[] }> {
  const waits: number[] = [];
  const sleep = async (ms: number): Promise<void> => void waits.push(ms);
  let batches = 0;
  const finished = await inBatches(
    { clock: { now: () => 0, random: () => 0.5, sleep }, signal: new AbortController().signal },
    () => left[batches] ?? 0,
    async () => {
      batches += 1;
      return (left[batches] ?? 0) < (left[batches - 1] ?? 0);
    },
  );
  return { finished, batches, waits };
}

test.each<[string, readonly number[], number, readonly number[]]>([
  ["runs no batch if nothing is left", [0], 0, []],
  ["runs batches without a wait while each has a result", [3, 2, 1, 0], 3, []],
  ["waits after a batch without a result", [3, 3, 2, 0], 3, [500]],
  ["waits three times as long after each further one", [3, 3, 3, 3, 0], 4, [500, 1_500, 4_500]],
  ["starts with the short wait again after a result", [3, 3, 3, 2, 2, 0], 5, [500, 1_500, 500]],
])("%s", async (_, left, batches, waits) => {
  expect(await batchesOf(left)).toEqual({ finished: true, batches, waits });
});

test("gives up after five batches in a row without a result", async () => {
  const result = await batchesOf(Array.from({ length: 9 }, () => 3));
  expect(result).toMatchObject({ finished: false, batches: 5 });
});

test.each([
  [0, false],
  [59_999, false],
  [60_000, true],
  [-1, true],
])("ends a batch after a minute, or if the clock is set back: after %i ms it is over: %s", (ms, isOver) => {
  let now = 1_000_000;
  const timer = batchTimer({ now: () => now, random: () => 0, sleep: async () => undefined });
  expect([timer.sendBy, timer.recentUntil]).toEqual([1_060_000, 1_060_000]);
  now += ms;
  expect(timer.isOver()).toBe(isOver);
});

test("ends a longer batch at its end, and its first minute after a minute", () => {
  let now = 1_000_000;
  const timer = batchTimer({ now: () => now, random: () => 0, sleep: async () => undefined }, 600_000);
  expect([timer.sendBy, timer.recentUntil]).toEqual([1_600_000, 1_060_000]);
  now += 599_999;
  expect(timer.isOver()).toBe(false);
  now += 1;
  expect(timer.isOver()).toBe(true);
});
