import { expect, test } from "vitest";
import { createTurns } from "../../src/sweep/turns.ts";

/** Work that is told of when it starts, and ends when it is let. */
function works(started: string[]) {
  const ends = new Map<string, () => void>();
  return {
    work: (name: string) => (): Promise<string> => {
      started.push(name);
      return new Promise((resolve) => ends.set(name, () => resolve(name)));
    },
    async end(name: string): Promise<void> {
      ends.get(name)?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test("all work together, until one asks for a turn alone; who comes later waits for it, and for the next one alone", async () => {
  const turns = createTurns();
  const started: string[] = [];
  const { work, end } = works(started);
  const all = [turns.together(work("a")), turns.together(work("b"))];
  await end("none");
  expect(started).toEqual(["a", "b"]);
  all.push(turns.alone(work("first alone")), turns.together(work("c")), turns.alone(work("second alone")));
  await end("a");
  expect(started).toEqual(["a", "b"]);
  await end("b");
  expect(started).toEqual(["a", "b", "first alone"]);
  await end("first alone");
  expect(started).toEqual(["a", "b", "first alone", "second alone"]);
  await end("second alone");
  expect(started).toEqual(["a", "b", "first alone", "second alone", "c"]);
  await end("c");
  expect(await Promise.all(all)).toEqual(["a", "b", "first alone", "c", "second alone"]);
});

test("work that fails holds up nobody, and its error is that of its own turn", async () => {
  const turns = createTurns();
  const failing = (): Promise<never> => Promise.reject(new Error("no"));
  const together = expect(turns.together(failing)).rejects.toThrow("no");
  const alone = expect(turns.alone(failing)).rejects.toThrow("no");
  expect(await turns.together(async () => "together")).toBe("together");
  expect(await turns.alone(async () => "alone")).toBe("alone");
  await Promise.all([together, alone]);
});
