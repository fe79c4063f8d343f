import pMap from "p-map";
import * as v from "valibot";
import { Fault } from "../../fault.ts";
import type { HttpResponse } from "../../http/http.ts";
import { type Link, parseLinks } from "../../http/link.ts";
import { type FetchPage, PAGES_AT_ONCE, type Page, type PagedList } from "../pages.ts";
import { parseBody } from "./api.ts";

/** The largest `per_page` that GitHub accepts. */
export const PER_PAGE = 100;
/** A version takes about 1 KiB: enough for 250,000. */
const MAX_MIB = 256;

/** The limits of a list. */
export const LIMITS: Pick<PagedList<never>, "maxMiB" | "endless"> = {
  maxMiB: MAX_MIB,
  endless: (reason) => new Fault("listing", `GitHub's list cannot be read completely: ${reason}`, "Run again."),
};

/** Returns the page in a response. Throws Fault `listing` if an entry does not match `entry`. */
export function pageOf<T>(response: HttpResponse, entry: v.GenericSchema<unknown, T>): Page<T> {
  const rows = parseBody(response, v.array(entry));
  return { rows, sizeBytes: response.body.length, total: null, ...linkedPages(response.headers["link"]) };
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

function placesIn<T extends { readonly id: number }>(page: Page<T> | null | undefined): string {
  return JSON.stringify([page?.rows.map(({ id }) => id), page?.next, page?.last]);
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
