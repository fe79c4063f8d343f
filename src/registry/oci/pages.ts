import * as v from "valibot";
import { Fault } from "../../fault.ts";
import type { HttpResponse } from "../../http/http.ts";
import { createSizeLimit } from "../../http/size-limit.ts";
import { redactUrl } from "../../http/redact.ts";
import { parseLinks } from "./link.ts";

/** A list that takes more pages than this never ends: a million tags at a page of 100. */
const MOST_PAGES = 10_000;
/** A million tags of 60 characters, or twice as many of usual length. */
const MOST_MIB = 64;
/** Distribution's default for the most that it lists at once (`tags.maxtags`, `catalog.maxentries`). */
const PAGE_SIZE = 1000;

/** Sends a GET; of the answers, those with a status in `expected` come back. */
export type AskPage = (url: URL, expected: readonly number[]) => Promise<HttpResponse>;

/** A list's first page, of the most entries that registries give at once. */
export function firstPage(url: URL): URL {
  const first = new URL(url);
  first.searchParams.set("n", String(PAGE_SIZE));
  return first;
}

/**
 * All entries of a list, each once, that continues by `Link`, or after its last entry where a page is as full as was asked
 * for: that it links to the next one is left to the registry (OCI distribution-spec 1.1, "Listing Tags").
 * `missing`: its first page is 404. Throws a Fault of kind `listing` where it continues on another host, goes in a circle,
 * has no end, or a later page is missing.
 */
export async function readPages<T extends string>(
  first: URL,
  ask: AskPage,
  parse: (response: HttpResponse) => readonly T[],
): Promise<readonly T[] | "missing"> {
  const items = new Set<T>();
  let links = false;
  const count = createSizeLimit(MOST_MIB, (why) => endless(first, why));
  const seen = new Set<string>();
  for (let url: URL | null = first; url !== null; ) {
    if (seen.has(url.href) || seen.size >= MOST_PAGES) throw endless(url, "it does not end");
    seen.add(url.href);
    // A registry that is set to smaller pages refuses `n` (distribution 3.1.0: PAGINATION_NUMBER_INVALID).
    const sized = url === first && url.searchParams.has("n");
    const response: HttpResponse = await ask(url, sized ? [200, 400, 404] : [200, 404]);
    if (response.status === 404 && seen.size === 1) return "missing";
    if (response.status === 404) throw endless(url, "a page that was linked to is not there");
    if (response.status === 400) {
      url = new URL(url.pathname, url);
      continue;
    }
    count(response.body.length);
    const page = parse(response);
    const before = items.size;
    for (const item of page) items.add(item);
    const next = linked(response, url);
    links ||= next !== null;
    // Who links at all links to every next page: without a link that was the last, however full it is.
    url = next ?? (links || items.size === before ? null : afterFull(page, url));
  }
  return [...items];
}

/** What follows a page that holds as many as were asked for; null: it holds fewer, so there are no more. */
function afterFull(page: readonly string[], current: URL): URL | null {
  const last = page.at(-1);
  if (last === undefined || page.length !== Number(current.searchParams.get("n"))) return null;
  const next = new URL(current);
  next.searchParams.set("last", last);
  return next;
}

/** The next page by `Link`, relative or absolute, on the same host only; null: there is no link. */
function linked(response: HttpResponse, current: URL): URL | null {
  const links = parseLinks(response.headers["link"] ?? "");
  if (links === null) throw noRegistry(current, "answered with a `Link` header that cannot be read");
  const target = links.find(({ relations }) => relations.includes("next"))?.target;
  if (target === undefined) return null;
  const next = URL.parse(target, current.href);
  if (next?.host === current.host) {
    // A registry behind a proxy that ends TLS links to http on its own host: the way there stays the one that was taken.
    // The path is set and not resolved, as one that begins with `//` would be read as a host, which then got the credential.
    const same = new URL(current);
    same.pathname = next.pathname;
    same.search = next.search;
    return same;
  }
  const shown = JSON.stringify(target.slice(0, 200));
  throw noRegistry(current, `continues on another host (${shown}), which is not followed`);
}

/** The body of an answer as `schema` has it, or a Fault of kind `listing`. */
export function parseBody<T>(schema: v.GenericSchema<unknown, T>, response: HttpResponse): T {
  let body: unknown;
  try {
    body = JSON.parse(response.body.toString("utf8"));
  } catch (cause) {
    throw noRegistry(response.url, `answered ${response.headers["content-type"] ?? "something"}, no JSON`, cause);
  }
  const parsed = v.safeParse(schema, body, { abortEarly: true });
  if (parsed.success) return parsed.output;
  throw noRegistry(response.url, "answered in another shape than the OCI distribution-spec's");
}

/** Passes an answer on, unless it is a web page: no registry answers so, not even for what it does not have. */
export function refuseWebPage(response: HttpResponse): HttpResponse {
  const type = response.headers["content-type"] ?? "";
  if (!/^\s*text\/html\b/i.test(type)) return response;
  throw noRegistry(response.url, `answered ${response.status} with a web page`);
}

function noRegistry(url: URL, what: string, cause?: unknown): Fault {
  return new Fault(
    "listing",
    `GET ${redactUrl(url)} ${what}`,
    "Check the registry's address: a login page or a proxy may answer in its place.",
    { cause },
  );
}

function endless(url: URL, why: string): Fault {
  return new Fault(
    "listing",
    `The list at ${redactUrl(url)} cannot be read whole: ${why}`,
    "Run it again; if it stays, the registry is at fault.",
  );
}
