import { describe, expect, test } from "vitest";
import { Fault } from "../../src/fault.ts";
import { type Page, readPages } from "../../src/registry/pages.ts";

type Signals = Partial<Pick<Page<string>, "next" | "last" | "total">>;

/** Reads pages with these numbers of entries, null for a 404. Returns the sizes of the pages, and the pages read. */
async function read(sizes: readonly (number | null)[], signals: (page: number) => Signals) {
  const requested: number[] = [];
  const attempt = await readPages<string>({
    fetch: async (page) => {
      requested.push(page);
      const size = sizes[page - 1] ?? (page > sizes.length ? 0 : null);
      if (size === null) return null;
      const rows = Array.from({ length: size }, (_, row) => `${page}/${row}`);
      return { rows, sizeBytes: 1, next: null, last: null, total: null, ...signals(page) };
    },
    keysOf: (row) => [row],
    maxMiB: 1,
    endless: (reason) => new Fault("listing", reason, ""),
  });
  return { requested, attempt, sizes: "value" in attempt ? attempt.value?.map(({ rows }) => rows.length) : null };
}

const nextOf = (page: number, pages: number) => (page < pages ? page + 1 : null);
const links = (pages: number) => (page: number) => ({ next: nextOf(page, pages), last: page < pages ? pages : null });
const next = (pages: number) => (page: number) => ({ next: nextOf(page, pages) });
const all = (pages: number, total: number) => (page: number) => ({ ...links(pages)(page), total });
const total = (entries: number) => () => ({ total: entries });
const none = () => ({});

describe("a complete list", () => {
  test.each<[string, readonly number[], (page: number) => Signals, readonly number[]]>([
    ["links to the next and last page", [100, 100, 7], links(3), [1, 3, 2]],
    ["links to the next page", [100, 100, 7], next(3), [1, 2, 3]],
    ["links and a total", [100, 100, 7], all(3, 207), [1, 3, 2]],
    ["a total without links", [100, 100, 7], total(207), [1, 2, 3]],
    ["a total without links, and an unusual size", [37, 37, 7], total(81), [1, 2, 3]],
    ["no links, and full pages", [100, 100, 7], none, [1, 2, 3]],
    ["no links, and a full last page", [100, 100], none, [1, 2, 3]],
    ["links, and a full last page", [100, 100], links(2), [1, 2, 3]],
    ["one page", [7], none, [1]],
    ["one page with a total", [7], total(7), [1]],
    ["one full page", [200], total(200), [1, 2]],
    ["one page of a server's own size", [30], none, [1, 2]],
    ["pages of a server that caps their size", [25, 25, 3], none, [1, 2, 3]],
    ["shorter pages with links", [100, 97, 100, 7], links(4), [1, 4, 2, 3]],
    ["shorter pages with links and a total", [50, 97, 7], all(3, 154), [1, 3, 2]],
    ["no entries", [0], total(0), [1]],
  ])("with %s", async (_, sizes, signals, requests) => {
    const { requested, sizes: found } = await read(sizes, signals);
    expect([found, requested]).toEqual([sizes, requests]);
  });

  test("ends where the page after a full one returns 404", async () => {
    expect((await read([100, null], none)).sizes).toEqual([100]);
  });

  test("is null if its first page returns 404", async () => {
    expect((await read([null], none)).attempt).toEqual({ value: null });
  });
});

describe("signals that contradict each other", () => {
  const of = (first: Signals, others: Signals) => (page: number) => (page === 1 ? first : others);
  test.each<[string, readonly (number | null)[], (page: number) => Signals]>([
    [
      "a total of each page alone, and links",
      [200, 13],
      (page) => ({ next: nextOf(page, 2), total: page === 1 ? 200 : 13 }),
    ],
    ["a total of the first page alone, without links", [200, 13], (page) => ({ total: page === 1 ? 200 : 213 })],
    ["a total of each page alone, without links", [200, 13], (page) => ({ total: page === 1 ? 200 : 13 })],
    ["a total that is too low", [200, 13], all(2, 212)],
    ["a total that is too high", [200, 13], all(2, 214)],
    ["a total of 0 with entries", [7], total(0)],
    ["a total without entries", [0], total(3)],
    ["different totals", [200, 13], (page) => ({ next: nextOf(page, 2), total: 212 + page })],
    ["a last page before the next one", [100, 7], of({ next: 2, last: 1 }, {})],
    ["a last page after the last link", [100, 7, 7], of({ next: 2, last: 3 }, {})],
    ["a last page that changes", [100, 100], of({ next: 2, last: 2 }, { last: 3 })],
    ["a last page that has a next one", [100, 100], of({ next: 2, last: 2 }, { next: 3 })],
    ["a next page that is the same page", [100, 7], of({ next: 1 }, {})],
    ["a next page that is not the next one", [100, 7, 7], of({ next: 3 }, {})],
    ["a page without a link, and one after it", [100, 100, 7], of({ next: 2 }, {})],
    ["an empty page with a link to it", [100, 0], next(2)],
    ["an empty page in the middle", [100, 0, 7], links(3)],
    ["a missing page", [100, null, 7], links(3)],
    ["a missing next page", [100, null], next(2)],
    ["a page without links that is larger than the first", [100, 200], none],
  ])("are a change: %s", async (_, sizes, signals) => {
    expect((await read(sizes, signals)).attempt).toEqual({ changed: expect.any(String) });
  });

  test("are a change: a page is repeated", async () => {
    const page: Page<string> = { rows: ["a", "b"], sizeBytes: 1, next: null, last: null, total: null };
    const { fetch, requested } = repeat({ ...page, rows: Array.from({ length: 10 }, (_, row) => `${row}`) });
    expect(await readPages({ ...LIST, fetch })).toEqual({ changed: "0 was listed twice" });
    expect(requested).toEqual([1, 2]);
    expect(await readPages({ ...LIST, fetch: repeat({ ...page, next: 2 }).fetch })).toEqual({
      changed: "a was listed twice",
    });
  });

  const LIST = {
    keysOf: (row: string) => [row],
    maxMiB: 1,
    endless: (reason: string) => new Fault("listing", reason, ""),
  };
  function repeat(page: Page<string>) {
    const requested: number[] = [];
    return {
      requested,
      fetch: async (number: number) => {
        requested.push(number);
        return page;
      },
    };
  }
});

describe("a list without an end", () => {
  test.each([
    ["the first page shows the last", links(10_001)],
    ["the total is too high", total(10_001)],
    ["pages follow each other", next(10_002)],
  ])("throws if %s", async (_, signals) => {
    const sizes = Array.from({ length: 10_001 }, () => 1);
    await expect(read(sizes, signals)).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("more than 10000 pages"),
    });
  });
});
