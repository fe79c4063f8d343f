import pMap from "p-map";
import { Fault } from "../../fault.ts";
import { createSizeLimit } from "../../http/size-limit.ts";
import { type Link, parseLinks } from "../oci/link.ts";
import type { Reading } from "../stable-list.ts";

/** One page of a list, with the numbers of the pages that its `Link` header names. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly sizeBytes: number;
  readonly next: number | null;
  readonly last: number | null;
}

/** The largest `per_page` that GitHub takes. */
export const PER_PAGE = 100;
/** GitHub's own page where it overlooks `per_page`, which `/users/USER/packages/…/versions` does not document. */
const DEFAULT_PER_PAGE = 30;
/** A list of more pages than this never ends. */
const MOST_PAGES = 10_000;
/** A version takes about 1 KiB: a quarter of a million of them. */
const MOST_MIB = 256;
/**
 * Pages that are asked for at a time; how many are in flight is the HTTP stack's to say. So many that a list stands in one piece
 * in the host's queue: where others' requests come between its pages, a list takes longer, and moves.
 */
const READY = 128;

/** A list that is read whole, and of how many pages it was. */
export interface Pages<T> {
  readonly rows: readonly T[];
  readonly pages: number;
}

/**
 * All pages of a list: where the first names the last, the rest at once, else one after another. Pages that are not of one
 * state (one that is not full and not the last, another count of pages) are `moved`.
 */
export async function readPages<T>(ask: (page: number) => Promise<Page<T>>): Promise<Reading<Pages<T>>> {
  const count = createSizeLimit(MOST_MIB, endless);
  const askCounted = async (number: number): Promise<Page<T>> => {
    const page = await ask(number);
    count(page.sizeBytes);
    return page;
  };
  const first = await askCounted(1);
  const pages = first.last === null ? await oneByOne(first, askCounted) : await atOnce(first, first.last, askCounted);
  const moved = movedWhileRead(pages);
  return moved === null ? { value: { rows: pages.flatMap(({ rows }) => rows), pages: pages.length } } : { moved };
}

async function atOnce<T>(
  first: Page<T>,
  last: number,
  ask: (page: number) => Promise<Page<T>>,
): Promise<readonly Page<T>[]> {
  if (last > MOST_PAGES) throw endless(TOO_MANY);
  const rest = Array.from({ length: Math.max(0, last - 1) }, (_, index) => index + 2);
  return [first, ...(await pMap(rest, ask, { concurrency: READY }))];
}

async function oneByOne<T>(first: Page<T>, ask: (page: number) => Promise<Page<T>>): Promise<readonly Page<T>[]> {
  const pages = [first];
  for (let page = first; page.next !== null || mayBeCutShort(page); ) {
    if (pages.length >= MOST_PAGES) throw endless(TOO_MANY);
    page = await ask(pages.length + 1);
    // An empty page after one that only looked cut short proves that the list ended there.
    if (page.rows.length === 0 && pages.at(-1)?.next === null) break;
    pages.push(page);
    // The page number was overlooked as well: what comes twice is found out by whoever reads the rows.
    if (JSON.stringify(page.rows[0]) === JSON.stringify(first.rows[0])) break;
  }
  return pages;
}

/** A first page of GitHub's default size and no link: either the list is so long, or the query was overlooked. */
function mayBeCutShort({ rows, next }: Page<unknown>): boolean {
  return next === null && rows.length === DEFAULT_PER_PAGE;
}

function movedWhileRead(pages: readonly Page<unknown>[]): string | null {
  const size = pages[0]?.rows.length ?? 0;
  const final = pages.length - 1;
  for (const [index, { rows, last, next }] of pages.entries()) {
    if (index < final && rows.length !== size) return `page ${index + 1} of ${pages.length} holds ${rows.length}`;
    if (index === final && index > 0 && rows.length === 0) return `page ${index + 1} is empty`;
    if (index === final && next !== null) return `page ${index + 1} was the last and is not any more`;
    if (last !== null && last !== pages.length) return `it had ${pages.length} pages, and then ${last}`;
  }
  return null;
}

const TOO_MANY = `it has more than ${MOST_PAGES} pages`;

function endless(why: string): Fault {
  return new Fault("listing", `GitHub's list cannot be read whole: ${why}`, "Run it again.");
}

/**
 * The pages that a `Link` header names (RFC 8288). Only their numbers are taken, never their host: a token must not follow
 * a link to a host that an answer names.
 * Throws a Fault of kind `listing` for a header that cannot be read whole, as the link that is missed may lead on.
 */
export function linkedPages(header: unknown): Pick<Page<never>, "next" | "last"> {
  const links = typeof header === "string" ? parseLinks(header) : [];
  if (links === null) throw unreadable("`Link` header cannot be read");
  return { next: linked(links, "next"), last: linked(links, "last") };
}

function linked(links: readonly Link[], relation: "next" | "last"): number | null {
  const target = links.find(({ relations }) => relations.includes(relation))?.target;
  if (target === undefined) return null;
  const page = Number(URL.parse(target, "https://api.github.com")?.searchParams.get("page"));
  if (Number.isSafeInteger(page) && page >= 1) return page;
  throw unreadable(`link to the ${relation} page names no page`);
}

function unreadable(what: string): Fault {
  return new Fault("listing", `GitHub's ${what}`, "Run it again.");
}
