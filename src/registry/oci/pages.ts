import type { GenericSchema } from "valibot";
import { Fault } from "../../fault.ts";
import type { HttpResponse } from "../../http/http.ts";
import { parseJson } from "../../http/json.ts";
import { redactUrl } from "../../http/redact.ts";
import { createSizeLimit } from "../../http/size-limit.ts";
import { parseLinks } from "./link.ts";

/** One million tags in pages of 100. A list with more pages counts as endless. */
const MAX_PAGES = 10_000;
/** One million tags of 60 characters. */
const MAX_MIB = 64;
const CHECK_ADDRESS = "Check the registry's address: a login page or a proxy may have answered.";

/** Sends a GET and returns the response if its status is in `expected`. */
export type FetchPage = (url: URL, expected: readonly number[]) => Promise<HttpResponse>;

/**
 * Reads all pages of a list and returns each entry once; `missing` if the first page is 404. The next page is the one that
 * `Link` names. Registries may omit the link (OCI distribution-spec 1.1, "Listing Tags"): then a full page is followed by
 * the page after its last entry. Throws Fault `listing` if the list continues on another host, is endless, or a later page
 * is missing.
 */
export async function readPages<T extends string>(
  first: URL,
  fetchPage: FetchPage,
  parse: (response: HttpResponse) => readonly T[],
): Promise<readonly T[] | "missing"> {
  const items = new Set<T>();
  const visited = new Set<string>();
  const checkSize = createSizeLimit(MAX_MIB, (why) => incompleteList(first, why));
  let usesLinks = false;
  for (let url: URL | null = first; url !== null; ) {
    if (visited.has(url.href) || visited.size >= MAX_PAGES) throw incompleteList(url, "it does not end");
    visited.add(url.href);
    // Registries that are configured for smaller pages refuse `n` (distribution 3.1.0: PAGINATION_NUMBER_INVALID).
    const mayRefuseSize = url === first && url.searchParams.has("n");
    const response: HttpResponse = await fetchPage(url, mayRefuseSize ? [200, 400, 404] : [200, 404]);
    if (response.status === 404 && visited.size === 1) return "missing";
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
    usesLinks ||= next !== null;
    // A registry that sent a link before has no more pages now, even if this page is full.
    url = next ?? (usesLinks || items.size === before ? null : pageAfter(page, url));
  }
  return [...items];
}

/** Returns the page after a full one; null if the page has fewer entries than requested. */
function pageAfter(page: readonly string[], current: URL): URL | null {
  const last = page.at(-1);
  if (last === undefined || page.length !== Number(current.searchParams.get("n"))) return null;
  const next = new URL(current);
  next.searchParams.set("last", last);
  return next;
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
  throw unexpectedResponse(response.url, `returned ${response.status} with a web page`);
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
