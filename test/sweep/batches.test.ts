import { expect, test } from "vitest";
import { inBatches, timerOf } from "../../src/sweep/batches.ts";
import { createTurns } from "../../src/sweep/turns.ts";

/** Runs batches of which each leaves so many open, and tells how each got its turn. */
async function batchesOf(left: readonly number[]): Promise<readonly string[]> {
  const turns = createTurns();
  const got: string[] = [];
  const told = {
    together: <T>(work: () => Promise<T>): Promise<T> => {
      got.push("together");
      return turns.together(work);
    },
    alone: <T>(work: () => Promise<T>): Promise<T> => {
      got.push("alone");
      return turns.alone(work);
    },
  };
  let done = 0;
  const open = (): readonly null[] => Array.from({ length: left[done] ?? 0 }, () => null);
  await inBatches({ turns: told, repository: "web" }, open, async () => {
    done += 1;
  });
  return got;
}

test.each<[string, readonly number[], readonly string[]]>([
  ["nothing is open: none", [0], []],
  ["each gets on: together", [3, 2, 1, 0], ["together", "together", "together"]],
  ["one gets nowhere: those after it alone", [3, 3, 2, 0], ["together", "alone", "alone"]],
  [
    "some get nowhere, now and then",
    [3, 3, 3, 3, 2, 2, 2, 2, 1, 0],
    ["together", ...Array.from({ length: 8 }, () => "alone")],
  ],
])("%s", async (_, left, turns) => {
  expect(await batchesOf(left)).toEqual(turns);
});

test("four that get nowhere, in a row, are the last", async () => {
  await expect(batchesOf([3, 3, 3, 3, 3, 0])).rejects.toMatchObject({
    kind: "deletion",
    message: expect.stringContaining("3 deletions in web are left"),
  });
});

test.each([
  [0, false],
  [59_999, false],
  [60_000, true],
  [-1, true],
])("a look is good for a minute; when the clock has moved by %i ms, that is over: %s", (ms, isOver) => {
  let now = 1_000_000;
  const mustEnd = timerOf({ now: () => now, random: () => 0, sleep: async () => undefined });
  now += ms;
  expect(mustEnd()).toBe(isOver);
});
