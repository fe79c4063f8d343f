import type { GenericSchema } from "valibot";
import type { FaultKind } from "../../fault.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../../http/http.ts";
import { parseJson } from "../../http/json.ts";
import { requirePermission } from "../token.ts";

/** A permission of a custom API token; each operation of the OpenAPI document names its own under `security`. */
export type Scope = "registry:read" | "registry:delete" | "registry:update" | "app:read";

export type PageQuery = Readonly<Record<string, string | number>>;

/** One request to the API. */
export interface ApiRequest extends Pick<HttpRequest, "method" | "expected" | "sendBy"> {
  /** Unencoded path segments. A `/` in a repository name is sent as `%2F`. */
  readonly path: readonly string[];
  readonly query?: PageQuery;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** The scope that the operation needs. The error for a 403 names it. */
  readonly scope: Scope;
}

/** DigitalOcean's API for one registry. Throws HttpError, and Fault `permission` for 401 and 403. */
export interface DigitalOceanApi {
  readonly registry: string;
  /** Reads a path below the registry, with the scope `registry:read`. Returns the response with status 200 or 404. */
  get(path: readonly string[], query?: PageQuery): Promise<HttpResponse>;
  /** Sends a request whose path is relative to the registry: `/v2/registries/NAME/`, or the older `/v2/registry/NAME/`. */
  ofRegistry(request: ApiRequest): Promise<HttpResponse>;
  /** Sends a request whose path is relative to `/v2/`. */
  ofAccount(request: ApiRequest): Promise<HttpResponse>;
}

export interface DigitalOceanApiOptions {
  readonly http: HttpClient;
  readonly apiUrl: URL;
  readonly token: string;
  /** The registry's name. */
  readonly registry: string;
}

/** `registries` is the documented path, `registry` the deprecated one. Both have the same shapes. */
type Generation = "registries" | "registry";

/** Opens the API. Sends nothing. */
export function createDigitalOceanApi({ http, apiUrl, token, registry }: DigitalOceanApiOptions): DigitalOceanApi {
  let generation: Generation | null = null;

  function ofAccount({ scope, body, path, query, ...request }: ApiRequest): Promise<HttpResponse> {
    const remedies = {
      rejected: `Set \`token\` to a DigitalOcean API token that has not expired and has the scope ${scope}.`,
      lacking: `Give the DigitalOcean API token the scope ${scope}.`,
    };
    const response = http.send({
      ...request,
      url: urlOf(apiUrl, path, query),
      headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }) },
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return requirePermission("DigitalOcean", remedies, response);
  }

  async function sendTo(candidate: Generation, request: ApiRequest): Promise<HttpResponse> {
    const response = await ofAccount({ ...request, path: [candidate, registry, ...request.path] });
    if (response.status < 300) generation = candidate;
    return response;
  }

  /** A 404 changes nothing on the server, so the request itself shows which generation the API has. */
  async function ofRegistry(request: ApiRequest): Promise<HttpResponse> {
    if (generation !== null) return sendTo(generation, request);
    const response = await sendTo("registries", { ...request, expected: [...request.expected, 404] });
    return response.status === 404 ? sendTo("registry", request) : response;
  }

  return {
    registry,
    get: (path, query = {}) => ofRegistry({ method: "GET", path, query, expected: [200, 404], scope: "registry:read" }),
    ofRegistry,
    ofAccount,
  };
}

/** A digest's `:` is not encoded, as in the API's own examples. */
function urlOf(apiUrl: URL, path: readonly string[], query: PageQuery = {}): URL {
  const encoded = path.map((segment) => encodeURIComponent(segment).replaceAll("%3A", ":")).join("/");
  const url = new URL(`${apiUrl.href.replace(/\/+$/, "")}/v2/${encoded}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url;
}

/** Returns the JSON body of a response. Throws a Fault if it does not match `schema`. */
export function parseBody<T>(
  response: HttpResponse,
  schema: GenericSchema<unknown, T>,
  kind: FaultKind = "listing",
): T {
  return parseJson(response.body, schema, {
    request: `${response.url.origin}${response.url.pathname}`,
    remedy: "Run again. If the error persists, check `api-url` and any proxy between the runner and the API.",
    kind,
  });
}
