import { describe, expect, test } from "vitest";
import { linkedPages } from "../../../src/registry/ghcr/pages.ts";

const at = (page: number | string): string => `<https://api.github.com/orgs/o/packages?per_page=100&page=${page}>`;

describe("the pages that a Link header names", () => {
  test.each<[string, unknown, ReturnType<typeof linkedPages>]>([
    ["none, where there is no header", undefined, { next: null, last: null }],
    ["none, where it is empty", "", { next: null, last: null }],
    ["GitHub's own form", `${at(2)}; rel="next", ${at(9)}; rel="last"`, { next: 2, last: 9 }],
    ["other relations are none of these", `${at(1)}; rel="prev", ${at(1)}; rel="first"`, { next: null, last: null }],
    ["several relations of one link", `${at(2)}; rel="last next"`, { next: 2, last: 2 }],
    ["without quotes", `${at(2)}; rel=next`, { next: 2, last: null }],
    ["in capitals", `${at(2)}; REL="NEXT"`, { next: 2, last: null }],
    ["with a comma between quotes", `${at(2)}; title="a, b"; rel="next"`, { next: 2, last: null }],
    [
      "a relation that only begins so",
      `${at(2)}; rel="nextish", ${at(3)}; rel=last-but-one`,
      { next: null, last: null },
    ],
    ["a relation that stands within a title", `${at(7)}; title="x; rel=next"`, { next: null, last: null }],
    ["several header lines, joined", `${at(2)}; rel="next", , ${at(4)}; rel="last"`, { next: 2, last: 4 }],
    ["of another host: its number alone", '<https://evil.example/?page=3>; rel="next"', { next: 3, last: null }],
  ])("%s", (_, header, pages) => {
    expect(linkedPages(header)).toEqual(pages);
  });

  test.each([
    ["cannot be read: it may hold any link", "<https://api.github.com/?page=2"],
    ["cannot be read behind its first link", `${at(2)}; rel="next", nonsense`],
    ["names no page", '<https://api.github.com/x>; rel="next"'],
    ["names page 0", `${at(0)}; rel="next"`],
    ["names a page beyond all numbers", `${at("9".repeat(400))}; rel="next"`],
    ["names no address", '<http://[>; rel="last"'],
  ])("a header that %s is an error, not the end of the list", (_, header) => {
    expect(() => linkedPages(header)).toThrow(expect.objectContaining({ kind: "listing" }));
  });
});
