import fc from "fast-check";
import { expect, test } from "vitest";
import { nestsDeeper } from "../../src/http/nesting.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test("any JSON nests as deep as it does", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 8 }), (value, most) => {
      expect(nestsDeeper(bytes(JSON.stringify(value)), most)).toBe(depthOf(value) > most);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["brackets within a text", '["[[[[", "\\"[[[["]', false],
  ["a text that ends with a backslash", '["\\\\", [[[0]]]]', true],
  ["100,000 arrays", "[".repeat(100_000), true],
  ["100,000 texts", `[${'"[",'.repeat(100_000)}0]`, false],
  ["lists side by side", `[${"[[0]],".repeat(1_000)}0]`, false],
  ["nothing", "", false],
  ["no JSON", "<html>]]]]", false],
])("%s", (_, text, deeper) => {
  expect(nestsDeeper(bytes(text), 3)).toBe(deeper);
});
