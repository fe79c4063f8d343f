import fc from "fast-check";
import type { Reply, ServedRequest, ServerFault } from "../servers/http-server.ts";

/** What a page shows about the end of its list. The entries are always those of the requested page. */
interface Signals {
  readonly next: number | null;
  readonly last: number | null;
  readonly total: number | null;
}

interface Place {
  readonly page: number;
  readonly entries: number;
}

type Lie = (signals: Signals, place: Place) => Partial<Signals>;

/** Wrong signals. Each leaves at least one other signal that contradicts it, or a further page. */
const LIES = {
  "the total is the length of the page": ({ next }, { page, entries }) =>
    next === null && page === 1 ? {} : { total: entries },
  "the total is larger": ({ total }) => ({ total: total === null ? null : total + 3 }),
  "the total is smaller": ({ total }) => ({ total: total === null ? null : Math.max(0, total - 3) }),
  "the total is zero": ({ total }) => ({ total: total === null ? null : 0 }),
  "no link to the next page": () => ({ next: null }),
  "no link to the last page": () => ({ last: null }),
  "no links": () => ({ next: null, last: null }),
  "a link to the same page": ({ next }, { page }) => ({ next: next === null ? null : page }),
  "a link that skips a page": ({ next }) => ({ next: next === null ? null : next + 1 }),
  "a link after the last page": ({ next }, { page }) => ({ next: next ?? page + 1 }),
  "a link back to the first page": ({ next }) => ({ next: next ?? 1 }),
  "a last page that is the same page": ({ last }, { page }) => ({ last: last === null ? null : page }),
  "a last page after the last": ({ last }) => ({ last: last === null ? null : last + 1 }),
} satisfies Readonly<Record<string, Lie>>;

/** A list whose pages contradict each other. */
export interface WrongList {
  readonly list: "manifests" | "repositories" | "pull requests";
  readonly lie: keyof typeof LIES;
  /** The number of the only wrong page; null: all are wrong. */
  readonly page: number | null;
  /** The number of the only wrong response, counted from 1; null: all are wrong. */
  readonly response: number | null;
}

export const wrongList: fc.Arbitrary<WrongList> = fc.record({
  list: fc.constantFrom("manifests", "manifests", "manifests", "repositories", "pull requests"),
  lie: fc.constantFrom(...(Object.keys(LIES) as (keyof typeof LIES)[])),
  page: fc.option(fc.integer({ min: 1, max: 4 })),
  response: fc.option(fc.integer({ min: 1, max: 8 })),
});

const PATHS: Readonly<Record<WrongList["list"], RegExp>> = {
  manifests: /\/web\/(?:digests|versions)\?/,
  repositories: /\/(?:repositoriesV2|packages)\?/,
  "pull requests": /\/graphql$/,
};

/** Returns a function that alters the responses of a list. */
export function alterList({
  list,
  lie,
  page: only,
  response,
}: WrongList): (request: ServedRequest) => ServerFault | null {
  let responses = 0;
  return ({ path, url, body }) => {
    if (!PATHS[list].test(path)) return null;
    responses += 1;
    if (response !== null && responses !== response) return null;
    // GitHub's cursors have no numbers: the first page is the one without a cursor.
    const page =
      list === "pull requests" ? (body.includes('"after":"') ? 2 : 1) : Number(url.searchParams.get("page") ?? 1);
    if (only !== null && page !== only) return null;
    return { kind: "altered", alter: (reply) => alterReply(reply, page, LIES[lie]) };
  };
}

function alterReply(reply: Reply, page: number, lie: Lie): Reply {
  const text = typeof reply.body === "string";
  const body: unknown = text ? JSON.parse(String(reply.body)) : reply.body;
  if (Array.isArray(body)) return alterLinks(reply, { page, entries: body.length }, lie);
  if (!isRecord(body)) return reply;
  const altered = isRecord(body["data"]) ? alterConnection(body, page, lie) : alterMeta(body, page, lie);
  return { ...reply, body: text ? JSON.stringify(altered) : altered };
}

/** GitHub's `Link` header. */
function alterLinks(reply: Reply, place: Place, lie: Lie): Reply {
  const header = String(reply.headers?.["link"] ?? "");
  const links = header.split(", ").filter((link) => link !== "" && !/rel="(?:next|last)"/.test(link));
  const target = (relation: string): number | null => {
    const number = new RegExp(`[?&]page=(\\d+)[^>]*>; rel="${relation}"`).exec(header)?.[1];
    return number === undefined ? null : Number(number);
  };
  const signals: Signals = { next: target("next"), last: target("last"), total: null };
  const { next, last } = { ...signals, ...lie(signals, place) };
  const link = (to: number | null, relation: string) =>
    to === null ? [] : [`<https://api.github.com/list?page=${to}>; rel="${relation}"`];
  const { link: _, ...headers } = reply.headers ?? {};
  const all = [...links, ...link(next, "next"), ...link(last, "last")];
  return { ...reply, headers: all.length === 0 ? headers : { ...headers, link: all.join(", ") } };
}

/** DigitalOcean's `meta` and `links`. */
function alterMeta(body: Record<string, unknown>, page: number, lie: Lie): unknown {
  const { meta, links } = body;
  const entries = Object.values(body).find((value) => Array.isArray(value));
  if (!isRecord(meta) || !Array.isArray(entries)) return body;
  const pages = isRecord(links) && isRecord(links["pages"]) ? links["pages"] : {};
  const target = (relation: string): number | null => {
    const url = URL.parse(String(pages[relation] ?? ""));
    return url === null ? null : Number(url.searchParams.get("page"));
  };
  const signals: Signals = { next: target("next"), last: target("last"), total: Number(meta["total"]) };
  const { next, last, total } = { ...signals, ...lie(signals, { page, entries: entries.length }) };
  const { next: _next, last: _last, ...others } = pages;
  const link = (to: number | null, relation: string) =>
    to === null ? {} : { [relation]: `https://api.digitalocean.com/v2/list?page=${to}` };
  return { ...body, meta: { total }, links: { pages: { ...others, ...link(next, "next"), ...link(last, "last") } } };
}

/** A connection of GitHub's GraphQL API. */
function alterConnection(body: Record<string, unknown>, page: number, lie: Lie): unknown {
  const { data } = body;
  const repository = isRecord(data) ? data["repository"] : null;
  const connection = isRecord(repository) ? repository["pullRequests"] : null;
  if (!isRecord(connection) || !isRecord(connection["pageInfo"]) || !Array.isArray(connection["nodes"])) return body;
  const { hasNextPage, endCursor } = connection["pageInfo"];
  const signals: Signals = {
    next: hasNextPage === true ? page + 1 : null,
    last: null,
    total: Number(connection["totalCount"]),
  };
  const { next, total } = { ...signals, ...lie(signals, { page, entries: connection["nodes"].length }) };
  const pageInfo = { hasNextPage: next !== null, endCursor: next === page ? null : endCursor };
  return { ...body, data: { repository: { pullRequests: { ...connection, totalCount: total, pageInfo } } } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
