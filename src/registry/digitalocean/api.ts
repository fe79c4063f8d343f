import * as v from "valibot";
import { Fault, type FaultKind } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../../http/http.ts";

/** What a custom token must be allowed; each operation of DigitalOcean's OpenAPI document names its own under `security`. */
export type Scope = "registry:read" | "registry:delete" | "registry:update" | "app:read";

/** One request to the API. */
export interface ApiRequest {
  readonly method: HttpRequest["method"];
  /** Path segments as they are; each is encoded, so that `/` in a repository's name travels as `%2F`. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | number>>;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly expected: readonly number[];
  /** The scope that the operation needs: named to the user on 403. */
  readonly scope: Scope;
}

/** DigitalOcean's API with one token, for one registry. Throws HttpError, and a Fault of kind `permission` on 401 and 403. */
export interface DigitalOceanApi {
  readonly registry: string;
  /** A request whose path is relative to the registry: `/v2/registries/NAME/`, or the older `/v2/registry/NAME/`. */
  ofRegistry(request: ApiRequest): Promise<HttpResponse>;
  /** A request whose path is relative to `/v2/`. */
  ofAccount(request: ApiRequest): Promise<HttpResponse>;
}

export interface DigitalOceanApiOptions {
  readonly http: HttpClient;
  /** `https://api.digitalocean.com`, or where it is played. */
  readonly apiUrl: URL;
  readonly token: string;
  /** The registry's name. */
  readonly registry: string;
}

/** The largest `per_page` that the API takes (its OpenAPI document, shared/parameters.yml). */
export const PER_PAGE = 200;
/** A list of more pages than this never ends, whatever its links or its total say. */
export const MOST_PAGES = 10_000;
/** A manifest takes 0.3 KiB, and each of its blobs 0.1: room for some 200,000 of twenty layers. */
export const MOST_MIB = 512;
/** The same for what is listed one page after another, and is never so many: repositories and apps. */
export const MOST_LINKED_PAGES = 1_000;
export const MOST_LINKED_MIB = 64;

/** `registries` is the documented path, `registry` the deprecated one; shapes are the same. */
type Generation = "registries" | "registry";

export function createDigitalOceanApi(options: DigitalOceanApiOptions): DigitalOceanApi {
  let generation: Generation | null = null;

  async function tryGeneration(candidate: Generation, request: ApiRequest): Promise<HttpResponse> {
    const path = [candidate, options.registry, ...request.path];
    const response = await sendTo(options, { ...request, path });
    if (response.status < 300) generation = candidate;
    return response;
  }

  /** 404 changes nothing on the server, so the request itself can ask which generation is served: no probe is needed. */
  async function ofRegistry(request: ApiRequest): Promise<HttpResponse> {
    if (generation !== null) return tryGeneration(generation, request);
    const documented = await tryGeneration("registries", { ...request, expected: [...request.expected, 404] });
    if (documented.status !== 404) return documented;
    return tryGeneration("registry", request);
  }

  return { registry: options.registry, ofRegistry, ofAccount: (request) => sendTo(options, request) };
}

async function sendTo(options: DigitalOceanApiOptions, request: ApiRequest): Promise<HttpResponse> {
  const json = request.body === undefined ? {} : { body: JSON.stringify(request.body) };
  const contentType = request.body === undefined ? {} : { "content-type": "application/json" };
  try {
    return await options.http.send({
      method: request.method,
      url: urlOf(options.apiUrl, request),
      headers: { accept: "application/json", ...contentType },
      authorization: `Bearer ${options.token}`,
      expected: request.expected,
      ...json,
    });
  } catch (error) {
    throw permissionFault(error, request.scope) ?? error;
  }
}

/** `:` may stay as it is (a digest's), as in the API's own examples. */
function urlOf(apiUrl: URL, request: ApiRequest): URL {
  const path = request.path.map((segment) => encodeURIComponent(segment).replaceAll("%3A", ":")).join("/");
  const url = new URL(`${apiUrl.href.replace(/\/+$/, "")}/v2/${path}`);
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, String(value));
  return url;
}

function permissionFault(error: unknown, scope: Scope): Fault | null {
  if (!(error instanceof HttpError)) return null;
  const said = error.detail === undefined ? "" : ` (${error.detail})`;
  if (error.status === 401) {
    return new Fault(
      "permission",
      `DigitalOcean refused the token: ${error.method} ${error.url} answered 401${said}`,
      `Check the input token: it must be a DigitalOcean API token that has not expired, with the scope ${scope}`,
      { cause: error },
    );
  }
  if (error.status === 403) {
    return new Fault(
      "permission",
      `The token may not do this: ${error.method} ${error.url} answered 403${said}`,
      `Give the DigitalOcean API token the scope ${scope}`,
      { cause: error },
    );
  }
  return null;
}

/** The JSON body of an answer in the shape that `schema` says, or a Fault of the given kind that names the request. */
export function parseBody<T>(
  response: HttpResponse,
  schema: v.GenericSchema<unknown, T>,
  kind: FaultKind = "listing",
): T {
  const where = `${response.url.origin}${response.url.pathname}`;
  const remedy = "Run it again; if it persists, check the input api-url, and that no proxy answers in its place";
  let json: unknown;
  try {
    json = JSON.parse(response.body.toString("utf8"));
  } catch (cause) {
    throw new Fault(kind, `${where} answered something that is not JSON`, remedy, { cause });
  }
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue) ?? "the body";
  throw new Fault(kind, `${where} answered JSON of an unknown shape: ${field}: ${issue.message}`, remedy);
}

const Pages = v.nullish(v.object({ pages: v.nullish(v.object({ next: v.nullish(v.string()) })) }));

/** `links` of a list. It is absent where all fits in one page, and may be `{}` (shared/pages.yml). */
export const Links = v.object({ links: Pages });

/** `meta` of a list: `total` counts all pages, and is the proof that a list is complete. */
export const Meta = v.object({ meta: v.object({ total: v.pipe(v.number(), v.integer(), v.minValue(0)) }) });

/**
 * The query of the link to the next page, or null on the last page.
 *
 * Only its page is taken, never its host: the API's links name https://api.digitalocean.com wherever they come from,
 * and a token must not follow a link to a host that an answer names.
 */
export function nextPage(links: v.InferOutput<typeof Links>): Readonly<Record<string, string>> | null {
  const next = links.links?.pages?.next;
  if (next === undefined || next === null || next === "") return null;
  const base = "https://api.digitalocean.com";
  const query = URL.canParse(next, base) ? new URL(next, base).searchParams : new URLSearchParams();
  const page = query.get("page");
  const token = query.get("page_token");
  if (page === null && token === null) {
    throw new Fault("listing", "DigitalOcean's link to the next page names no page", "Run it again");
  }
  return { ...(page === null ? {} : { page }), ...(token === null ? {} : { page_token: token }) };
}
