import fc from "fast-check";
import { expect, test } from "vitest";
import { fitSections, type Section } from "../../../src/report/summary/budget.ts";

function section(name: string, rows: readonly string[]): Section {
  return {
    head: `${name}(\n`,
    rows: rows.map((row) => () => `${row}\n`),
    tail: (leftOut) => `) ${leftOut}\n`,
  };
}

const rows = fc.array(fc.string({ unit: "grapheme", maxLength: 20 }), { maxLength: 20 });

test("uses no more bytes than the budget, and shows or counts each row", () => {
  fc.assert(
    fc.property(fc.array(rows, { maxLength: 6 }), fc.nat(2_000), (lists, budget) => {
      const all = lists.map((list, index) => section(`s${index}`, list));
      const { text, bytes, shown, leftOut } = fitSections(all, budget);
      expect(bytes).toBe(Buffer.byteLength(text, "utf8"));
      expect(bytes).toBeLessThanOrEqual(budget);
      expect(shown + leftOut).toBe(lists.flat().length);
    }),
    { numRuns: 1_000 },
  );
});

test("shows all rows if they fit, in the order of the sections", () => {
  const all = [section("a", ["1", "2"]), section("none", []), section("b", ["3"])];
  expect(fitSections(all, 1_000)).toMatchObject({ text: "a(\n1\n2\n) 0\nb(\n3\n) 0\n", shown: 3, leftOut: 0 });
});

test("shows a small section completely next to large ones, which get equal parts", () => {
  const many = Array.from({ length: 500 }, () => "row");
  const { text } = fitSections([section("huge", many), section("small", ["x", "y"]), section("large", many)], 1_000);
  const counts = text
    .split(") ")
    .map((part) => part.split("\n").filter((line) => line === "row" || line.length === 1).length);
  expect(counts[1]).toBe(2);
  expect(Math.abs((counts[0] ?? 0) - (counts[2] ?? 0))).toBeLessThanOrEqual(1);
});

test("renders at most one row that it does not show", () => {
  let rendered = 0;
  const counting: Section = {
    head: "",
    rows: Array.from({ length: 100_000 }, () => () => {
      rendered += 1;
      return "0123456789";
    }),
    tail: () => "",
  };
  const { shown } = fitSections([counting], 1_000);
  expect(shown).toBeGreaterThan(90);
  expect(rendered).toBe(shown + 1);
});
