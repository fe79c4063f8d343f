import { expect, test } from "vitest";
import { linesOf, withFullStop } from "../../src/report/message.ts";

test.each([
  ["answered 502, want 200", "answered 502, want 200."],
  ["Done.", "Done."],
  ["Really?", "Really?"],
  ["cut…", "cut…"],
  ["", ""],
  ["2 invalid inputs:\n- a\n- b", "2 invalid inputs:\n- a\n- b"],
  ["one\ntwo", "one\ntwo."],
])("withFullStop: %j becomes %j", (message, sentence) => {
  expect(withFullStop(message)).toBe(sentence);
});

test("linesOf splits at every line break", () => {
  expect(linesOf("a\nb\r\nc\rd")).toEqual(["a", "b", "c", "d"]);
});

test("linesOf returns at most 60 lines, the last with the number of the others", () => {
  const lines = linesOf(Array.from({ length: 61 }, (_, n) => `- ${n}`).join("\n"));
  expect(lines).toHaveLength(60);
  expect(lines[59]).toBe("- … and 2 more");
});
