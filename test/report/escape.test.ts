import fc from "fast-check";
import { Marked } from "marked";
import { describe, expect, test } from "vitest";
import { cut, escapeLog, escapeMarkup, oneLine } from "../../src/report/escape.ts";
import { commandIn, HOSTILE, hostileText, UNSEEN } from "./hostile.ts";

const marked = new Marked({ gfm: true });
const html = (markdown: string): string => marked.parse(markdown, { async: false }).trim();

/** Returns rendered text as a reader sees it. */
function seen(rendered: string): string {
  return rendered
    .replace(/&#(\d+);/g, (_, point: string) => String.fromCodePoint(Number(point)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}

function forHostileText(check: (text: string) => void): void {
  for (const text of HOSTILE) check(text);
  fc.assert(fc.property(hostileText, check), { numRuns: 2_000 });
}

const collapsed = (text: string): string => text.replace(/\s+/gu, " ").trim();

describe("escapeLog", () => {
  test("contains no command, not even one that escaping puts together from two", () => {
    forHostileText((text) => {
      const line = escapeLog(text);
      expect(line).not.toMatch(/[\r\n]/);
      expect(commandIn(line)).toBeNull();
      expect(line).not.toContain("::");
      expect(line).not.toContain("##[");
      expect(line).not.toMatch(UNSEEN);
    });
  });

  test("has commands that commandIn recognises", () => {
    expect(["::error::x", "  ::debug::", "a ##[group]b"].map(commandIn)).not.toContain(null);
  });

  test.each([
    ["plain text: no change", "plain text: no change"],
    ["::error::x", ": :error: :x"],
    ["a ##[error]b", "a ## [error]b"],
    ["two\nlines", "two lines"],
    ["\u001b[31mred\u001b[0m", "red"],
    ["a\u202eb", "a�b"],
    ["Käse 👩‍🚀 日本", "Käse 👩‍🚀 日本"],
  ])("%j becomes %j", (text, shown) => {
    expect(escapeLog(text)).toBe(shown);
  });
});

describe("escapeMarkup", () => {
  test("text in a cell is one cell, opens no HTML, and is readable", () => {
    forHostileText((text) => {
      const table = html(`| a | b |\n|---|---|\n| ${escapeMarkup(text)} | last |\n`);
      const cells = [...table.matchAll(/<td>([\s\S]*?)<\/td>/g)].map(([, cell = ""]) => cell);
      expect(cells).toHaveLength(2);
      expect(cells[1]).toBe("last");
      expect(cells[0]).not.toMatch(/</);
      expect(collapsed(seen(cells[0] ?? ""))).toBe(collapsed(oneLine(text)));
      expect(table).not.toMatch(UNSEEN);
    });
  });

  test.each([
    ["a paragraph", "", "p"],
    ["a list entry", "- ", "li"],
    ["a quote", "> ", "blockquote"],
  ])("text in %s starts no other block and opens no HTML", (_, before, element) => {
    forHostileText((text) => {
      const rendered = html(`${before}${escapeMarkup(text)}\n`);
      const tags = new Set([...rendered.matchAll(/<(\w+)/g)].map(([, tag]) => tag));
      expect([...tags].filter((tag) => !["p", "ul", element].includes(tag ?? ""))).toEqual([]);
    });
  });

  test("text in an attribute does not end it", () => {
    forHostileText((text) => {
      expect(escapeMarkup(text)).not.toMatch(/["'<>`]/);
    });
  });
});

describe("cut", () => {
  test.each([
    ["short", 10, "short"],
    ["exactly10!", 10, "exactly10!"],
    ["longer than ten", 10, "longer th…"],
    ["👩‍🚀👩‍🚀👩‍🚀", 11, "👩‍🚀👩‍🚀…"],
    ["👨‍👩‍👧‍👦", 5, "👨‍…"],
    ["🚀🚀", 2, "…"],
    [`e${"\u0301".repeat(9)}`, 4, "e\u0301\u0301…"],
  ])("cuts %j to %i characters: %j", (text, max, expected) => {
    expect(cut(text, max)).toBe(expected);
  });

  test("never splits a character and never exceeds the limit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 30 }), (text, max) => {
        const short = cut(text, max);
        expect(short.length).toBeLessThanOrEqual(max);
        expect(short).not.toMatch(/\p{Cs}/u);
      }),
    );
  });

  test("cuts a long text before cleaning it, and adds an ellipsis", () => {
    const short = oneLine(`${"\u001b[31m".repeat(10_000)}end`, 50);
    expect(short.length).toBeLessThanOrEqual(50);
    expect(short).toMatch(/…$/);
  });
});
