import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endsAt, firstWithPrefix, foldCase, wordsOf } from "../../src/tags/words.ts";

describe("words inside a text", () => {
  const text = fc.array(fc.constantFrom("a", "b", "-", "é"), { maxLength: 8 }).map((pieces) => pieces.join(""));
  const list = fc.array(text, { maxLength: 12 });

  test("are found at every place, each at its end", () => {
    fc.assert(
      fc.property(list, text, fc.nat(8), (words, within, start) => {
        const ends = words
          .filter((word) => word !== "" && within.startsWith(word, start))
          .map((word) => start + word.length);
        const found = endsAt(wordsOf(words.map((word) => [word, word])), within, start);
        expect(found).toEqual(start > within.length ? [] : [...new Set(ends)].sort((a, b) => a - b));
      }),
    );
  });

  test("are found by how they begin", () => {
    fc.assert(
      fc.property(list, text, (words, prefix) => {
        const first = [...words].sort().find((word) => word.startsWith(prefix)) ?? null;
        expect(firstWithPrefix(wordsOf(words.map((word) => [word, word])), prefix)).toBe(first);
      }),
    );
  });

  test("keep their first meaning", () => {
    const words = wordsOf([
      ["a", 1],
      ["a", 2],
    ]);
    expect(words.meanings.get("a")).toBe(1);
  });

  test("fold their ASCII letters alone, so that every position stays", () => {
    expect(foldCase("ÀİAbZ")).toBe("Àİabz");
  });
});
