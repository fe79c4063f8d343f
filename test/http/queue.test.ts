import fc from "fast-check";
import { expect, test } from "vitest";
import { Queue } from "../../src/http/queue.ts";

test("what was put in comes out once, in order, however often an empty queue was asked", () => {
  const steps = fc.array(fc.integer({ min: -3_000, max: 3_000 }), { maxLength: 8 });
  fc.assert(
    fc.property(steps, (counts) => {
      const queue = new Queue<number>();
      const expected: number[] = [];
      let next = 0;
      for (const count of counts) {
        for (let i = 0; i < count; i += 1) {
          queue.push(next);
          expected.push(next);
          next += 1;
        }
        for (let i = 0; i < -count; i += 1) {
          expect(queue.peek()).toBe(expected[0]);
          expect(queue.shift()).toBe(expected.shift());
          expect(queue.size).toBe(expected.length);
        }
      }
    }),
    { numRuns: 30 },
  );
});
