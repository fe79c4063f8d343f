import { describe, expect, test } from "vitest";
import { linkedPages, type Page, readPages } from "../../../src/registry/ghcr/pages.ts";

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

describe("readPages", () => {
  /** Reads pages with these numbers of rows. */
  function read(sizes: readonly number[], links: (page: number) => Pick<Page<string>, "next" | "last">) {
    return readPages(async (page) => {
      const rows = Array.from({ length: sizes[page - 1] ?? 0 }, (_, row) => `${page}/${row}`);
      return { rows, sizeBytes: 1, ...links(page) };
    });
  }
  const last = (pages: number) => (page: number) => ({ next: page < pages ? page + 1 : null, last: pages });
  const nextOnly = (pages: number) => (page: number) => ({ next: page < pages ? page + 1 : null, last: null });

  test.each([
    ["next and last", last(3)],
    ["next", nextOnly(3)],
  ])("returns the rows of all pages with links %s", async (_, links) => {
    const attempt = await read([100, 100, 7], links);
    const pages = "value" in attempt ? attempt.value : [];
    expect(pages.map(({ rows }) => [rows.length, rows[0]])).toEqual([
      [100, "1/0"],
      [100, "2/0"],
      [7, "3/0"],
    ]);
  });

  test.each<[string, readonly number[], (page: number) => Pick<Page<string>, "next" | "last">]>([
    ["page 2 of 3 has 99 entries", [100, 99, 100], last(3)],
    ["page 2 is empty", [100, 0], last(2)],
    ["page 2 is no longer the last", [100, 100], (page) => ({ next: page + 1, last: page === 1 ? 2 : null })],
    ["it had 2 pages, then 3", [100, 100], (page) => ({ next: null, last: page + 1 })],
  ])("reports a change: %s", async (changed, sizes, links) => {
    expect(await read(sizes, links)).toEqual({ changed });
  });

  test.each([
    ["the first page names the last", last(10_001)],
    ["pages follow each other", nextOnly(10_001)],
  ])("throws for more than 10,000 pages if %s", async (_, links) => {
    const sizes = Array.from({ length: 10_001 }, () => 1);
    await expect(read(sizes, links)).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("more than 10000 pages"),
    });
  });
});
