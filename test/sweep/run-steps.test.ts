import fc from "fast-check";
import { expect, test } from "vitest";
import type { Digest } from "../../src/digest.ts";
import type { DeletionStep } from "../../src/plan/plan.ts";
import { runSteps } from "../../src/sweep/run-steps.ts";

function digestOf(name: number | string): Digest {
  return `sha256:${name}`;
}

function step(name: string, ...after: readonly string[]): DeletionStep {
  return { digest: digestOf(name), after: after.map(digestOf) };
}

/** Runs steps that end one by one, in the order of their start. Returns what was running at each start. */
async function startsOf(
  steps: readonly DeletionStep[],
  concurrency: number,
  fails: readonly string[] = [],
): Promise<{ readonly order: readonly string[]; readonly most: number }> {
  const order: string[] = [];
  let running = 0;
  let most = 0;
  await runSteps(
    steps,
    () => concurrency,
    async (digest) => {
      const name = digest.slice("sha256:".length);
      order.push(name);
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return !fails.includes(name);
    },
  );
  return { order, most };
}

test("starts the followers of a step before the next root", async () => {
  const steps = [step("a"), step("a1", "a"), step("a2", "a"), step("b"), step("b1", "b")];
  expect((await startsOf(steps, 1)).order).toEqual(["a", "a1", "a2", "b", "b1"]);
});

test("starts other roots while a root has no result yet", async () => {
  const steps = [step("a"), step("a1", "a"), step("b"), step("b1", "b"), step("c")];
  const { order, most } = await startsOf(steps, 2);
  expect(order.slice(0, 2)).toEqual(["a", "b"]);
  expect(most).toBe(2);
});

test("starts no step whose parent failed, and waits for all parents", async () => {
  const steps = [step("a"), step("b"), step("shared", "a", "b"), step("below", "shared"), step("own", "a")];
  expect((await startsOf(steps, 4)).order).toEqual(["a", "b", "own", "shared", "below"]);
  expect((await startsOf(steps, 4, ["b"])).order).toEqual(["a", "b", "own"]);
});

test("runs the many children of one root at a time", async () => {
  const children = Array.from({ length: 100 }, (_, at) => step(`child-${at}`, "root"));
  expect((await startsOf([step("root"), ...children], 16)).most).toBe(16);
});

test("runs more at a time as soon as the limit allows it", async () => {
  let finished = 0;
  let running = 0;
  let most = 0;
  const steps = ["a", "b", "c", "d", "e"].map((name) => step(name));
  await runSteps(
    steps,
    () => (finished === 0 ? 1 : 3),
    async () => {
      running += 1;
      if (finished === 0) expect(running).toBe(1);
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      finished += 1;
      return true;
    },
  );
  expect(most).toBe(3);
});

test("ends at once without steps, and rejects if a step throws", async () => {
  await runSteps(
    [],
    () => 4,
    async () => true,
  );
  await expect(
    runSteps(
      [step("a")],
      () => 4,
      () => Promise.reject(new Error("no")),
    ),
  ).rejects.toThrow("no");
});

test("runs every step once, after everything it comes after, at any concurrency", async () => {
  const graph = fc.array(fc.array(fc.nat(30), { maxLength: 3 }), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(graph, fc.integer({ min: 1, max: 8 }), async (seeds, concurrency) => {
      const steps = seeds.map((after, at) => {
        const earlier = at === 0 ? [] : [...new Set(after.map((each) => each % at))];
        return { digest: digestOf(at), after: earlier.map(digestOf) };
      });
      const done = new Set<Digest>();
      let running = 0;
      await runSteps(
        steps,
        () => concurrency,
        async (digest) => {
          running += 1;
          expect(running).toBeLessThanOrEqual(concurrency);
          const { after } = steps.find((each) => each.digest === digest) ?? { after: [] };
          for (const first of after) expect(done.has(first)).toBe(true);
          await new Promise((resolve) => setImmediate(resolve));
          expect(done.has(digest)).toBe(false);
          done.add(digest);
          running -= 1;
          return true;
        },
      );
      expect(done.size).toBe(steps.length);
    }),
    { numRuns: 100 },
  );
});
