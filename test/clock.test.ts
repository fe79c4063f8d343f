import { expect, test } from "vitest";
import { steadyTime } from "../src/clock.ts";

/** Advances both clocks by each of `steps`: milliseconds of the wall clock, and of the time since the start. */
function timesAfter(steps: readonly (readonly [number, number])[]): readonly number[] {
  let wall = 1_000_000;
  let uptime = 5;
  const now = steadyTime(
    () => wall,
    () => uptime,
  );
  return steps.map(([wallMs, uptimeMs]) => {
    wall += wallMs;
    uptime += uptimeMs;
    return now() - 1_000_000;
  });
}

test.each([
  [
    "runs with the machine's clock",
    [
      [10, 10],
      [500, 500],
    ],
    [10, 510],
  ],
  [
    "continues if the clock is set back",
    [
      [10, 10],
      [-3_500_000, 20],
      [1000, 1000],
    ],
    [10, 30, 1030],
  ],
  [
    "continues if the clock is set back twice",
    [
      [-5000, 10],
      [-5000, 10],
      [10, 10],
    ],
    [10, 20, 30],
  ],
  ["follows a clock that is set forward, or a machine that was suspended", [[3_600_000, 10]], [3_600_000]],
  [
    "ignores small corrections",
    [
      [-3, 5],
      [2, 5],
    ],
    [-3, -1],
  ],
] as const)("%s", (_, steps, expected) => {
  expect(timesAfter(steps)).toEqual(expected);
});
