import type { GenericSchema } from "valibot";
import { Fault } from "../../fault.ts";
import { webPageText } from "../../http/explanation.ts";
import type { HttpResponse } from "../../http/http.ts";
import { parseJson } from "../../http/json.ts";
import { parseLinks } from "../../http/link.ts";
import { redactUrl } from "../../http/redact.ts";
import { createSizeLimit } from "../../http/size-limit.ts";
import { mayBePageSize } from "../pages.ts";

/** One million tags in pages of 100. A list with more pages counts as endless. */
const MAX_PAGES = 10_000;
/** One million tags of 60 characters. */
const MAX_MIB = 64;
const CHECK_ADDRESS = "Check the registry's address: a login page or a proxy may have answered.";

/** Sends a GET and returns the response if its status is in `expected`. */
export type FetchPage = (url: URL, expected: readonly number[]) => Promise<HttpResponse>;

/**
 * Reads all pages of a list and returns each entry once; `missing` if the first page is 404. The next page is the one that
 * `Link` names. Registries may omit the link (OCI distribution-spec 1.1, "Listing Tags"): then a page that may be full is followed
 * by the page after its last entry. Throws Fault `listing` if the list continues on another host, is endless, a later page is
 * missing, or nothing shows that it is complete.
 */
export async function readPages<T extends string>(
  first: URL,
  fetchPage: FetchPage,
  parse: (response: HttpResponse) => readonly T[],
): Promise<readonly T[] | "missing"> {
  const items = new Set<T>();
  const visited = new Set<string>();
  const checkSize = createSizeLimit(MAX_MIB, (why) => incompleteList(first, why));
  const size = Number(first.searchParams.get("n"));
  let largest = 0;
  let isGuess = false;
  for (let url: URL | null = first; url !== null; ) {
    if (visited.has(url.href) || visited.size >= MAX_PAGES) throw incompleteList(url, "it does not end");
    visited.add(url.href);
    // Registries that are configured for smaller pages refuse `n` (distribution 3.1.0: PAGINATION_NUMBER_INVALID).
    const mayRefuseSize = url === first && url.searchParams.has("n");
    const response: HttpResponse = await fetchPage(url, mayRefuseSize || isGuess ? [200, 400, 404] : [200, 404]);
    if (response.status === 404 && visited.size === 1) return "missing";
    // A registry need not know a page that no link names and that no full page promises.
    if (response.status !== 200 && isGuess) break;
    if (response.status === 404) throw incompleteList(url, "the next page is missing");
    if (response.status === 400) {
      // The next request is for the first page, too: a 404 to it means that the list is missing.
      visited.clear();
      url = new URL(url.pathname, url);
      continue;
    }
    checkSize(response.body.length);
    const page = parse(response);
    const before = items.size;
    for (const item of page) items.add(item);
    const next = linkedPage(response, url);
    const isFull = page.length > 0 && page.length === size;
    if (next === null && isFull && items.size === before) await requireRepeated(url, page, fetchPage, parse);
    const continues = isFull || (size > 0 && mayBeFull(page.length, size, largest));
    isGuess = next === null && !isFull;
    largest = Math.max(largest, page.length);
    url = next ?? (continues && items.size > before ? pageAfter(page, url) : null);
  }
  return [...items];
}

/** Whether a page may be the largest that the registry sends: as large as an earlier one, or of a usual size. */
function mayBeFull(count: number, size: number, largest: number): boolean {
  return count > 0 && count < size && (count === largest || mayBePageSize(count));
}

/** Returns the page after the last entry of a page. */
function pageAfter(page: readonly string[], current: URL): URL {
  const next = new URL(current);
  next.searchParams.set("last", page.at(-1) ?? "");
  return next;
}

/**
 * Checks a full page that has only known entries, although it was requested after the last of them. A registry that starts again
 * after the last entry, or that ignores `n` and `last`, has no more. One that only ignores `last` may have more.
 */
async function requireRepeated(
  url: URL,
  page: readonly string[],
  fetchPage: FetchPage,
  parse: (response: HttpResponse) => readonly string[],
): Promise<void> {
  const check = new URL(url);
  check.searchParams.set("n", String(page.length - 1));
  check.searchParams.set("last", page.at(-2) ?? "");
  const answer = parse(await fetchPage(check, [200]));
  if (answer.length >= page.length || answer[0] === page.at(-1)) return;
  throw incompleteList(url, "the registry returns the same page again and no link to the next");
}

/** Returns the next page that `Link` names, on the same host only; null if there is no link. */
function linkedPage(response: HttpResponse, current: URL): URL | null {
  const links = parseLinks(response.headers["link"] ?? "");
  if (links === null) throw unexpectedResponse(current, "returned an invalid `Link` header");
  const target = links.find(({ relations }) => relations.includes("next"))?.target;
  if (target === undefined) return null;
  const next = URL.parse(target, current.href);
  if (next?.host === current.host) {
    // Behind a proxy that terminates TLS, a registry links to http on its own host: keep the scheme of the first request.
    // Set the path instead of resolving it: a path that starts with `//` would be read as another host.
    const sameOrigin = new URL(current);
    sameOrigin.pathname = next.pathname;
    sameOrigin.search = next.search;
    return sameOrigin;
  }
  throw unexpectedResponse(current, `links to its next page on another host: ${JSON.stringify(target.slice(0, 200))}`);
}

/** Parses the body of a GET. Throws Fault `listing` if it does not match `schema`. */
export function parseBody<T>(schema: GenericSchema<unknown, T>, response: HttpResponse): T {
  return parseJson(response.body, schema, { request: `GET ${redactUrl(response.url)}`, remedy: CHECK_ADDRESS });
}

/** Returns `response`. Throws Fault `listing` if it is a web page: no registry sends one, not even as a 404. */
export function rejectWebPage(response: HttpResponse): HttpResponse {
  const type = response.headers["content-type"] ?? "";
  if (!/^\s*text\/html\b/i.test(type)) return response;
  const page = webPageText(response.body.toString("utf8", 0, 20_000), type) ?? "web page";
  throw unexpectedResponse(response.url, `returned ${response.status} with a ${page}`);
}

function unexpectedResponse(url: URL, problem: string): Fault {
  return new Fault("listing", `GET ${redactUrl(url)} ${problem}`, CHECK_ADDRESS);
}

function incompleteList(url: URL, why: string): Fault {
  return new Fault(
    "listing",
    `The list at ${redactUrl(url)} could not be read completely: ${why}`,
    "Run again. If it fails again, check the registry.",
  );
}
