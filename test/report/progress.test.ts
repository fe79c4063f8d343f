import { expect, test } from "vitest";
import { createProgress, formatProgress } from "../../src/report/progress.ts";
import { createFakeClock } from "../servers/fake-clock.ts";

const unit = "manifests deleted";

test.each([
  [{ done: 0, total: 10, elapsedMs: 0 }, "0 of 10 manifests deleted (0 %)"],
  [
    { done: 1_200, total: 12_000, elapsedMs: 30_000 },
    "1,200 of 12,000 manifests deleted (10 %), 40/s, 4 min 30 s left",
  ],
  [{ done: 5, total: 10, elapsedMs: 60_000 }, "5 of 10 manifests deleted (50 %), 5/min, 1 min left"],
  [{ done: 10, total: 10, elapsedMs: 10_000 }, "10 of 10 manifests deleted (100 %), 1/s"],
  [{ done: 12, total: 10, elapsedMs: 12_000 }, "12 of 10 manifests deleted (100 %), 1/s"],
  [{ done: 3, total: 0, elapsedMs: 1_000 }, "3 of 0 manifests deleted, 3/s"],
])("%j", ({ done, total, elapsedMs }, line) => {
  expect(formatProgress(done, total, unit, elapsedMs)).toBe(line);
});

test("writes at most one line in 10 s, and none for short work", async () => {
  const clock = createFakeClock({ passes: "by hand" });
  const lines: string[] = [];
  const count = createProgress(clock, (line) => void lines.push(line), unit, 100);
  for (let n = 0; n < 50; n += 1) {
    await clock.advance(500);
    count();
  }
  expect(lines).toEqual([
    "20 of 100 manifests deleted (20 %), 2/s, 40 s left",
    "40 of 100 manifests deleted (40 %), 2/s, 30 s left",
  ]);
});
