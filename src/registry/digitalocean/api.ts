import type { GenericSchema } from "valibot";
import { Fault, type FaultKind } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../../http/http.ts";
import { parseJson } from "../../http/json.ts";

/** A permission of a custom API token; each operation of the OpenAPI document names its own under `security`. */
export type Scope = "registry:read" | "registry:delete" | "registry:update" | "app:read";

/** One request to the API. */
export interface ApiRequest {
  readonly method: HttpRequest["method"];
  /** Unencoded path segments. A `/` in a repository name is sent as `%2F`. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | number>>;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly expected: readonly number[];
  /** The scope that the operation needs. The error for a 403 names it. */
  readonly scope: Scope;
  /** See `HttpRequest.sendBy`. */
  readonly sendBy?: number;
}

/** DigitalOcean's API for one registry. Throws HttpError, and Fault `permission` for 401 and 403. */
export interface DigitalOceanApi {
  readonly registry: string;
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
export function createDigitalOceanApi(options: DigitalOceanApiOptions): DigitalOceanApi {
  let generation: Generation | null = null;

  async function sendTo(candidate: Generation, request: ApiRequest): Promise<HttpResponse> {
    const response = await send(options, { ...request, path: [candidate, options.registry, ...request.path] });
    if (response.status < 300) generation = candidate;
    return response;
  }

  /** A 404 changes nothing on the server, so the request itself shows which generation the API has. */
  async function ofRegistry(request: ApiRequest): Promise<HttpResponse> {
    if (generation !== null) return sendTo(generation, request);
    const response = await sendTo("registries", { ...request, expected: [...request.expected, 404] });
    return response.status === 404 ? sendTo("registry", request) : response;
  }

  return { registry: options.registry, ofRegistry, ofAccount: (request) => send(options, request) };
}

async function send(options: DigitalOceanApiOptions, request: ApiRequest): Promise<HttpResponse> {
  const { method, body, expected, scope, sendBy } = request;
  try {
    return await options.http.send({
      method,
      url: urlOf(options.apiUrl, request),
      headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }) },
      authorization: `Bearer ${options.token}`,
      expected,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(sendBy === undefined ? {} : { sendBy }),
    });
  } catch (error) {
    throw permissionFault(error, scope) ?? error;
  }
}

/** A digest's `:` is not encoded, as in the API's own examples. */
function urlOf(apiUrl: URL, { path, query = {} }: ApiRequest): URL {
  const encoded = path.map((segment) => encodeURIComponent(segment).replaceAll("%3A", ":")).join("/");
  const url = new URL(`${apiUrl.href.replace(/\/+$/, "")}/v2/${encoded}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url;
}

function permissionFault(error: unknown, scope: Scope): Fault | null {
  if (!(error instanceof HttpError)) return null;
  const answer = error.detail === undefined ? error.message : `${error.message}: ${error.detail}`;
  if (error.status === 401) {
    const remedy = `Set \`token\` to a DigitalOcean API token that has not expired and has the scope ${scope}.`;
    return new Fault("permission", `DigitalOcean rejected the token: ${answer}`, remedy, { cause: error });
  }
  if (error.status === 403) {
    const remedy = `Give the DigitalOcean API token the scope ${scope}.`;
    return new Fault("permission", `The token lacks a permission: ${answer}`, remedy, { cause: error });
  }
  return null;
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
