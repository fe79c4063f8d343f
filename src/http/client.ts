import { Agent } from "undici";
import type { Clock } from "../clock.ts";
import { HttpError } from "./errors.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "./http.ts";

export interface HostPolicy {
  readonly maxInFlight?: number;
  /** Points in any minute; each request costs `cost` of them. */
  readonly perMinute?: number;
  /** Requests in any hour. */
  readonly perHour?: number;
  readonly cost?: (method: HttpRequest["method"]) => number;
  readonly writesPerSecondAfterSecondaryLimit?: number;
}

export interface HttpOptions {
  readonly clock: Clock;
  readonly concurrency: number;
  readonly signal?: AbortSignal;
  readonly onWait?: (wait: { readonly host: string; readonly ms: number; readonly reason: string }) => void;
  readonly timeoutMs?: number;
  readonly environment?: NodeJS.ProcessEnv;
  readonly policy?: (host: string) => HostPolicy;
}

/** The one HTTP stack of a run. First version: sends and checks the status; the rest follows. */
export function createHttpClient(options: HttpOptions): HttpClient {
  const timeout = options.timeoutMs ?? 30_000;
  const dispatcher = new Agent({
    connections: options.concurrency,
    allowH2: false,
    headersTimeout: timeout,
    bodyTimeout: timeout,
  });
  const counts: Record<string, number> = {};

  async function exchange(request: HttpRequest): Promise<HttpResponse> {
    const { url, method } = request;
    counts[url.host] = (counts[url.host] ?? 0) + 1;
    const headers: Record<string, string> = { "user-agent": "refsweep", ...request.headers };
    if (request.authorization !== undefined) headers["authorization"] = request.authorization;
    const answer = await dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers,
      body: request.body ?? null,
    });
    const body = Buffer.from(await answer.body.arrayBuffer());
    const joined = Object.entries(answer.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : value,
    ]);
    return { status: answer.statusCode, headers: Object.fromEntries(joined), body, url };
  }

  async function send(request: HttpRequest): Promise<HttpResponse> {
    const response = await exchange(request);
    if (request.expected.includes(response.status)) return response;
    const url = request.url.origin + request.url.pathname;
    const detail = response.body.toString().slice(0, 300);
    const { method } = request;
    const { status } = response;
    throw new HttpError(`${method} ${url} answered ${status}`, {
      code: "status",
      method,
      url,
      status,
      retryable: false,
      detail,
    });
  }

  return {
    send,
    fetch: async (input, init) => {
      const headers = Object.fromEntries(new Headers(init?.headers));
      const method = init?.method === "POST" ? "POST" : "GET";
      const body = typeof init?.body === "string" ? { body: init.body } : {};
      const response = await exchange({ method, url: new URL(String(input)), headers, expected: [], ...body });
      return new Response(response.body.length > 0 ? new Uint8Array(response.body) : null, response);
    },
    counts: () => ({ ...counts }),
    budget: () => null,
    close: () => dispatcher.destroy(),
  };
}
