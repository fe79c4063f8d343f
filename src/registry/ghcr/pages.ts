import pMap from "p-map";
import * as v from "valibot";
import { Fault } from "../../fault.ts";
import type { HttpResponse } from "../../http/http.ts";
import { createSizeLimit } from "../../http/size-limit.ts";
import { type Link, parseLinks } from "../oci/link.ts";
import type { ListAttempt } from "../stable-list.ts";
import { parseBody } from "./api.ts";

/** One page of a list, with the page numbers in its `Link` header. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly sizeBytes: number;
  readonly next: number | null;
  readonly last: number | null;
}

/** The largest `per_page` that GitHub accepts. */
export const PER_PAGE = 100;
/** The page size if a server ignores `per_page`, which `/users/USER/packages/…/versions` does not document. */
const DEFAULT_PER_PAGE = 30;
const MAX_PAGES = 10_000;
/** A version takes about 1 KiB: enough for 250,000. */
const MAX_MIB = 256;
/** High, so that the pages of a list follow each other in the host's queue. A list that takes longer changes more often. */
const PAGES_AT_ONCE = 128;

/** Returns the page in a response. Throws Fault `listing` if an entry does not match `entry`. */
export function pageOf<T>(response: HttpResponse, entry: v.GenericSchema<unknown, T>): Page<T> {
  const rows = parseBody(response, v.array(entry));
  return { rows, sizeBytes: response.body.length, ...linkedPages(response.headers["link"]) };
}

type FetchPage<T> = (page: number) => Promise<Page<T>>;

/**
 * Reads all pages of a list: the first, the last, then the others together. If the first page does not name the last, reads one
 * after another. The list has changed if a page before the last is not full, or if the number of pages changed.
 */
export async function readPages<T>(fetch: FetchPage<T>): Promise<ListAttempt<readonly Page<T>[]>> {
  const countBytes = createSizeLimit(MAX_MIB, endless);
  const fetchCounted = async (number: number): Promise<Page<T>> => {
    const page = await fetch(number);
    countBytes(page.sizeBytes);
    return page;
  };
  const first = await fetchCounted(1);
  const { last } = first;
  if (last !== null && last > MAX_PAGES) throw endless(TOO_MANY_PAGES);
  const pages = last === null ? await readInOrder(first, fetchCounted) : await readTogether(first, last, fetchCounted);
  const changed = changeBetween(pages);
  return changed === null ? { value: pages } : { changed };
}

/**
 * Reads the first page of a list again. Returns how the list changed; null if it has every entry that existed all the time.
 *
 * A deletion moves later entries forward, one of them from a page that is not read yet to one that was. A push at the same time
 * hides this from the number of pages. If it happens before the last page is read, which is the second, the first page shows
 * it. If it happens later, an entry of the last page is found twice.
 *
 * @param pages as `readPages` returned them, without duplicates
 */
export async function changeSince<T extends { readonly id: number }>(
  pages: readonly Page<T>[],
  fetch: FetchPage<T>,
): Promise<string | null> {
  if (pages.length === 1) return null;
  // Pages without a link to the last were read in order.
  const numbers = pages[0]?.last === null ? pages.map((_, index) => index + 1) : [1];
  const again = await pMap(numbers, fetch, { concurrency: PAGES_AT_ONCE });
  const changed = numbers.find((number, index) => placesIn(again[index]) !== placesIn(pages[number - 1]));
  return changed === undefined ? null : `page ${changed} of ${pages.length} changed`;
}

function placesIn<T extends { readonly id: number }>(page: Page<T> | undefined): string {
  return JSON.stringify([page?.rows.map(({ id }) => id), page?.next, page?.last]);
}

async function readTogether<T>(first: Page<T>, last: number, fetch: FetchPage<T>): Promise<readonly Page<T>[]> {
  if (last === 1) return [first];
  const final = await fetch(last);
  const between = Array.from({ length: last - 2 }, (_, index) => index + 2);
  return [first, ...(await pMap(between, fetch, { concurrency: PAGES_AT_ONCE })), final];
}

async function readInOrder<T>(first: Page<T>, fetch: FetchPage<T>): Promise<readonly Page<T>[]> {
  const pages = [first];
  for (let page = first; page.next !== null || mayHaveMore(page); ) {
    if (pages.length >= MAX_PAGES) throw endless(TOO_MANY_PAGES);
    page = await fetch(pages.length + 1);
    // An empty page without a link to it proves that the list ended before it.
    if (page.rows.length === 0 && pages.at(-1)?.next === null) break;
    pages.push(page);
    // The server ignores `page` too. The caller finds the duplicates.
    if (JSON.stringify(page.rows[0]) === JSON.stringify(first.rows[0])) break;
  }
  return pages;
}

/** A page of GitHub's default size without a link is complete by chance, or the server ignored the query. */
function mayHaveMore({ rows, next }: Page<unknown>): boolean {
  return next === null && rows.length === DEFAULT_PER_PAGE;
}

function changeBetween(pages: readonly Page<unknown>[]): string | null {
  const size = pages[0]?.rows.length ?? 0;
  const final = pages.length - 1;
  for (const [index, { rows, last, next }] of pages.entries()) {
    if (index < final && rows.length !== size) return `page ${index + 1} of ${pages.length} has ${rows.length} entries`;
    if (index === final && index > 0 && rows.length === 0) return `page ${index + 1} is empty`;
    if (index === final && next !== null) return `page ${index + 1} is no longer the last`;
    if (last !== null && last !== pages.length) return `it had ${pages.length} pages, then ${last}`;
  }
  return null;
}

const TOO_MANY_PAGES = `it has more than ${MAX_PAGES} pages`;

function endless(reason: string): Fault {
  return new Fault("listing", `GitHub's list cannot be read completely: ${reason}`, "Run again.");
}

/**
 * Returns the page numbers in a `Link` header (RFC 8288). Takes only the numbers, because the token must not be sent to a
 * host that a response names. Throws Fault `listing` if the header cannot be parsed: it may link to another page.
 */
export function linkedPages(header: string | undefined): Pick<Page<never>, "next" | "last"> {
  const links = parseLinks(header ?? "");
  if (links === null) throw invalid("`Link` header cannot be parsed");
  return { next: pageNumber(links, "next"), last: pageNumber(links, "last") };
}

function pageNumber(links: readonly Link[], relation: "next" | "last"): number | null {
  const target = links.find(({ relations }) => relations.includes(relation))?.target;
  if (target === undefined) return null;
  const page = Number(URL.parse(target, "https://api.github.com")?.searchParams.get("page"));
  if (Number.isSafeInteger(page) && page >= 1) return page;
  throw invalid(`link to the ${relation} page has no page number`);
}

function invalid(what: string): Fault {
  return new Fault("listing", `GitHub's ${what}`, "Run again.");
}
