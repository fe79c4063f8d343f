import { describe, expect, test } from "vitest";
import { linkedPages } from "../../../src/registry/ghcr/pages.ts";

const at = (page: number | string): string => `<https://api.github.com/orgs/o/packages?per_page=100&page=${page}>`;

describe("linkedPages", () => {
  test.each<[string, string | undefined, ReturnType<typeof linkedPages>]>([
    ["no header", undefined, { next: null, last: null }],
    ["an empty header", "", { next: null, last: null }],
    ["GitHub's format", `${at(2)}; rel="next", ${at(9)}; rel="last"`, { next: 2, last: 9 }],
    ["other relations", `${at(1)}; rel="prev", ${at(1)}; rel="first"`, { next: null, last: null }],
    ["several relations of one link", `${at(2)}; rel="last next"`, { next: 2, last: 2 }],
    ["no quotes", `${at(2)}; rel=next`, { next: 2, last: null }],
    ["upper case", `${at(2)}; REL="NEXT"`, { next: 2, last: null }],
    ["a comma in quotes", `${at(2)}; title="a, b"; rel="next"`, { next: 2, last: null }],
    [
      "a relation that only begins with next or last",
      `${at(2)}; rel="nextish", ${at(3)}; rel=last-but-one`,
      { next: null, last: null },
    ],
    ["a relation within a title", `${at(7)}; title="x; rel=next"`, { next: null, last: null }],
    ["several header lines, joined", `${at(2)}; rel="next", , ${at(4)}; rel="last"`, { next: 2, last: 4 }],
    ["another host: only the number counts", '<https://evil.example/?page=3>; rel="next"', { next: 3, last: null }],
  ])("parses %s", (_, header, pages) => {
    expect(linkedPages(header)).toEqual(pages);
  });

  test.each([
    ["cannot be parsed", "<https://api.github.com/?page=2"],
    ["cannot be parsed after its first link", `${at(2)}; rel="next", nonsense`],
    ["has no page number", '<https://api.github.com/x>; rel="next"'],
    ["has page 0", `${at(0)}; rel="next"`],
    ["has a page number that is too large", `${at("9".repeat(400))}; rel="next"`],
    ["has an invalid URL", '<http://[>; rel="last"'],
  ])("throws for a header that %s", (_, header) => {
    expect(() => linkedPages(header)).toThrow(expect.objectContaining({ kind: "listing" }));
  });
});
