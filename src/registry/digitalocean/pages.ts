import * as v from "valibot";
import { Fault, type FaultKind } from "../../fault.ts";
import type { HttpResponse } from "../../http/http.ts";
import { type PageQuery, parseBody } from "./api.ts";

/** The largest `per_page` that the API accepts (OpenAPI document, shared/parameters.yml). */
export const PER_PAGE = 200;

const MAX_PAGES = 1_000;
const MAX_MIB = 64;

/** `links` of a list. It is absent if everything fits on one page, and may be `{}` (shared/pages.yml). */
export const Links = v.object({
  links: v.nullish(v.object({ pages: v.nullish(v.object({ next: v.nullish(v.string()) })) })),
});

/** `meta` of a list: `total` counts the entries of all pages, and proves that a list is complete. */
export const Meta = v.object({ meta: v.object({ total: v.pipe(v.number(), v.integer(), v.minValue(0)) }) });

/**
 * Reads a list page by page, along its links. A page that answers 404 is null, and the last.
 *
 * @param endless returns the error for a list without an end; null: the list ends there
 * @param kind the kind of the error for an answer that does not match `schema`; default `listing`
 */
export async function* readLinkedPages<T>(
  schema: v.GenericSchema<unknown, T & v.InferOutput<typeof Links>>,
  fetch: (query: PageQuery) => Promise<HttpResponse>,
  endless: ((reason: string) => Fault) | null,
  kind?: FaultKind,
) {
  const visited = new Set<string>();
  const end = (reason: string): void => {
    if (endless !== null) throw endless(reason);
  };
  let bytes = 0;
  let next: PageQuery | null = {};
  while (next !== null) {
    const key = JSON.stringify(next);
    if (visited.has(key)) return end("a page links to an earlier one");
    if (visited.size === MAX_PAGES) return end(`it has more than ${MAX_PAGES} pages`);
    visited.add(key);
    const response = await fetch({ ...next, per_page: PER_PAGE });
    bytes += response.body.length;
    if (bytes > MAX_MIB * 1024 * 1024) return end(`it is larger than ${MAX_MIB} MiB`);
    const page = response.status === 404 ? null : parseBody(response, schema, kind);
    yield page;
    next = page === null ? null : nextPage(page);
  }
}

/**
 * Returns the query of the next page, or null on the last page.
 *
 * Takes only the page from the link, because the token must not be sent to a host that a response names. The API's links
 * name https://api.digitalocean.com in any case.
 */
function nextPage(page: v.InferOutput<typeof Links>): PageQuery | null {
  const next = page.links?.pages?.next;
  if (next === undefined || next === null || next === "") return null;
  const query = URL.parse(next, "https://api.digitalocean.com")?.searchParams;
  const number = query?.get("page") ?? null;
  const token = query?.get("page_token") ?? null;
  if (number === null && token === null) {
    throw new Fault("listing", "DigitalOcean's link to the next page has no page number", "Run again.");
  }
  return { ...(number === null ? {} : { page: number }), ...(token === null ? {} : { page_token: token }) };
}
