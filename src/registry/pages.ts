import pMap from "p-map";
import type { Fault } from "../fault.ts";
import { createSizeLimit } from "../http/size-limit.ts";
import { type ListAttempt, type RetryOptions, readUntilStable } from "./stable-list.ts";

/** One page of a list, and everything that it says about the end of the list. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly sizeBytes: number;
  /** The numbers of the pages that it links to; null: it has no such link. */
  readonly next: number | null;
  readonly last: number | null;
  /** The number of entries on all pages; null: the page does not show it. */
  readonly total: number | null;
}

/** Reads a page, counted from 1; null: 404. */
export type FetchPage<T> = (page: number) => Promise<Page<T> | null>;

export interface PagedList<T> {
  readonly fetch: FetchPage<T>;
  /** Returns what no two entries have in common, such as the digest. */
  readonly keysOf: (row: T) => readonly string[];
  readonly maxMiB: number;
  /** The error for a list without an end. */
  readonly endless: (reason: string) => Fault;
}

/** High, so that the pages of a list follow each other in the host's queue. A list that takes longer changes more often. */
export const PAGES_AT_ONCE = 128;
const MAX_PAGES = 10_000;
const TOO_MANY_PAGES = `it has more than ${MAX_PAGES} pages`;

/**
 * Returns all entries of a list, which is read again if it changes meanwhile; null if it returned 404. Throws Fault `listing` if
 * every attempt shows a change or a contradiction, and the errors of the list.
 *
 * @param name what is read, for the error: `the manifests of acme/web`
 * @param open returns the list for one attempt
 */
export function readEntries<T>(
  name: string,
  retry: RetryOptions,
  open: () => PagedList<T>,
): Promise<readonly T[] | null> {
  return readUntilStable(name, retry, async () => {
    const attempt = await readPages(open());
    return "changed" in attempt ? attempt : { value: attempt.value?.flatMap(({ rows }) => rows) ?? null };
  });
}

/**
 * Reads all pages of a list; null if its first page returned 404. The list is complete only if everything that shows its end
 * agrees: the links, the total, and a last page that is not full. After a full page without a link, the next page is read.
 */
export async function readPages<T>(list: PagedList<T>): Promise<ListAttempt<readonly Page<T>[] | null>> {
  const fetch = limited(list);
  const first = await fetch(1);
  if (first === null) return { value: null };
  const announced = Math.max(first.last ?? 0, (first.total ?? 0) / Math.max(1, first.rows.length));
  if (announced > MAX_PAGES) throw list.endless(TOO_MANY_PAGES);
  const pages = await readNamedPages(first, fetch);
  if (pages === null) return { changed: "a linked page returned 404" };
  const known = new Set<string>();
  let duplicate = pages.map((page) => duplicateIn(page, list, known)).find((key) => key !== null) ?? null;
  while (duplicate === null && !isEnd(pages)) {
    const isLinked = pages.at(-1)?.next !== null;
    const page = await fetch(pages.length + 1);
    if (!isLinked && (page === null || (page.rows.length === 0 && page.next === null))) break;
    if (page === null) return { changed: "a linked page returned 404" };
    if (page.rows.length === 0) return { changed: `page ${pages.length + 1} is empty` };
    pages.push(page);
    duplicate = duplicateIn(page, list, known);
  }
  const changed = duplicate === null ? contradictionIn(pages) : `${duplicate} was listed twice`;
  return changed === null ? { value: pages } : { changed };
}

function limited<T>({ fetch, maxMiB, endless }: PagedList<T>): FetchPage<T> {
  const countBytes = createSizeLimit(maxMiB, endless);
  return async (number) => {
    if (number > MAX_PAGES) throw endless(TOO_MANY_PAGES);
    const page = await fetch(number);
    countBytes(page?.sizeBytes ?? 0);
    return page;
  };
}

/**
 * Reads the pages that the first one shows, null if one returned 404. Reads the last of them before the others: then entries
 * that move while the list is read are found twice, or change the number of pages.
 */
async function readNamedPages<T>(first: Page<T>, fetch: FetchPage<T>): Promise<Page<T>[] | null> {
  const count = first.last ?? 1;
  if (count === 1) return [first];
  const final = await fetch(count);
  const between = Array.from({ length: count - 2 }, (_, index) => index + 2);
  const pages = [first, ...(await pMap(between, fetch, { concurrency: PAGES_AT_ONCE })), final];
  return pages.every((page) => page !== null) ? pages : null;
}

/** Returns a key of a page that is already known, and adds the others; null: none is known. */
function duplicateIn<T>({ rows }: Page<T>, { keysOf }: PagedList<T>, known: Set<string>): string | null {
  for (const key of rows.flatMap(keysOf)) {
    if (known.has(key)) return key;
    known.add(key);
  }
  return null;
}

/** Whether no page can follow: the last one has no link, is not full, and reaches the total. A contradiction ends a list too. */
function isEnd(pages: readonly Page<unknown>[]): boolean {
  const { rows, next, total } = pages.at(-1) ?? NO_PAGE;
  if (total !== pages[0]?.total) return true;
  if (next !== null) return next !== pages.length + 1;
  if (rows.length > 0 && entriesOf(pages) < (total ?? 0)) return false;
  return pages.length === 1 ? !mayBePageSize(rows.length) : rows.length < (pages[0]?.rows.length ?? 0);
}

const NO_PAGE: Page<never> = { rows: [], sizeBytes: 0, next: null, last: null, total: null };

function entriesOf(pages: readonly Page<unknown>[]): number {
  return pages.reduce((sum, { rows }) => sum + rows.length, 0);
}

/** Whether a server may have this page size instead of the requested one. Page sizes are round numbers: 20, 25, 30, 50, 100. */
export function mayBePageSize(entries: number): boolean {
  return entries > 0 && (entries % 10 === 0 || entries % 25 === 0);
}

/** Returns how pages contradict each other; null: they do not. A list that changes while it is read does the same. */
function contradictionIn(pages: readonly Page<unknown>[]): string | null {
  const count = pages.length;
  const size = pages[0]?.rows.length ?? 0;
  const entries = entriesOf(pages);
  const hasLinks = pages.some(({ next, last }) => next !== null || last !== null);
  for (const [index, { rows, next, last, total }] of pages.entries()) {
    const name = `page ${index + 1} of ${count}`;
    const isFinal = index === count - 1;
    if (total !== null && total !== entries) return `${entries} of ${total} entries were listed`;
    if (last !== null && last !== count) return `it has ${count} pages, and ${name} links to the last page ${last}`;
    if (rows.length === 0 && count > 1) return `${name} is empty`;
    if (next !== (hasLinks && !isFinal ? index + 2 : null)) return `${name} links to ${next ?? "no"} next page`;
    // Without links, pages of another size would not follow each other.
    if (!hasLinks && (isFinal ? rows.length > size : rows.length !== size)) return `${name} has ${rows.length} entries`;
  }
  return null;
}
