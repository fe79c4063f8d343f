import * as v from "valibot";
import { Fault, type FaultKind } from "../../fault.ts";
import type { HttpResponse } from "../../http/http.ts";
import type { FetchPage, Page } from "../pages.ts";
import { type PageQuery, parseBody } from "./api.ts";

/** The largest `per_page` that the API accepts (OpenAPI document, shared/parameters.yml). */
export const PER_PAGE = 200;

const Target = v.nullish(v.string());
/** `links` of a list. It is absent if everything fits on one page, and may be `{}` (shared/pages.yml). */
export const Links = v.object({
  links: v.nullish(v.object({ pages: v.nullish(v.object({ next: Target, last: Target })) })),
});

/** `meta` of a list: `total` counts the entries of all pages. */
export const Meta = v.object({ meta: v.object({ total: v.pipe(v.number(), v.integer(), v.minValue(0)) }) });

/** The fields of a list, besides its entries. */
type ListBody = v.InferOutput<typeof Links> & { readonly meta?: v.InferOutput<typeof Meta>["meta"] | undefined };

/**
 * Returns a function that reads one page of a list.
 *
 * @param rowsOf returns the entries of a page
 * @param kind the kind of the error for an answer that does not match `schema`; default `listing`
 */
export function pageReader<T, B extends ListBody>(
  schema: v.GenericSchema<unknown, B>,
  rowsOf: (body: B) => readonly T[],
  get: (query: PageQuery) => Promise<HttpResponse>,
  kind?: FaultKind,
): FetchPage<T> {
  /** The tokens that links to pages have. A page with a token is read with both. */
  const tokens = new Map<number, string>();
  return async (page) => {
    const token = tokens.get(page);
    const response = await get({ page, per_page: PER_PAGE, ...(token === undefined ? {} : { page_token: token }) });
    if (response.status === 404) return null;
    const body = parseBody(response, schema, kind);
    const { next, last } = body.links?.pages ?? {};
    const linked = { next: linkedPage(next, "next"), last: linkedPage(last, "last") };
    const nextNumber = linked.next === null ? null : (linked.next.number ?? page + 1);
    if (nextNumber !== null && linked.next?.token != null) tokens.set(nextNumber, linked.next.token);
    return {
      rows: rowsOf(body),
      sizeBytes: response.body.length,
      next: nextNumber,
      // Pages with tokens are read in order.
      last: tokens.size > 0 ? null : (linked.last?.number ?? null),
      total: body.meta?.total ?? null,
    } satisfies Page<T>;
  };
}

/**
 * Returns the page in a link. Takes only the page, because the token must not be sent to a host that a response names. The
 * API's links name https://api.digitalocean.com in any case. A link to the next page may have only an opaque `page_token`.
 */
function linkedPage(
  target: string | null | undefined,
  relation: "next" | "last",
): { readonly number: number | null; readonly token: string | null } | null {
  if (target === undefined || target === null || target === "") return null;
  const query = URL.parse(target, "https://api.digitalocean.com")?.searchParams;
  const [page, token] = [query?.get("page") ?? null, query?.get("page_token") ?? null];
  const number = Number(page);
  if (page !== null && Number.isSafeInteger(number) && number >= 1) return { number, token };
  if (page === null && token !== null && relation === "next") return { number: null, token };
  throw new Fault("listing", `DigitalOcean's link to the ${relation} page has no page number`, "Run again.");
}

/** Returns the error for a list that cannot be read completely. @param list such as `the tags of acme/web` */
export function incompleteList(list: string, reason: string): Fault {
  return new Fault(
    "listing",
    `DigitalOcean's list of ${list} cannot be read completely: ${reason}`,
    "Run again. If the error persists, report it to DigitalOcean.",
  );
}
