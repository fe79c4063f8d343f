import { HttpError } from "./errors.ts";
import type { Hop } from "./hop.ts";
import { firstHop } from "./hop.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";
import { nestsDeeper } from "./nesting.ts";
import { redactUrl } from "./redact.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"] as const satisfies readonly HttpRequest["method"][];
/** GitHub's answers nest some ten levels. Octokit makes text of errors again, which no stack holds at any depth. */
const DEEPEST = 500;
/** Statuses that a Response must not have a body for. */
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * `fetch`, as far as Octokit uses it, on top of `sendHop`: any status is returned, not thrown; a body that nests too deeply is
 * an HttpError. A POST to GraphQL counts as reading, and may be repeated: this program sends no mutation. A write that is
 * redirected is no success: it throws.
 */
export function fetchOver(
  sendHop: (hop: Hop, signal: AbortSignal | null) => Promise<HttpResponse>,
): typeof globalThis.fetch {
  return async (input, init) => {
    const hop = hopOf(input, init);
    const response = await sendHop(hop, init?.signal ?? null);
    if (nestsDeeper(response.body, DEEPEST)) throw tooDeep(hop, response);
    return toResponse(response);
  };
}

function hopOf(input: string | URL | Request, init: RequestInit | undefined): Hop {
  if (input instanceof Request) throw new TypeError("fetch: a Request is not supported, give its URL");
  const url = new URL(input);
  const method = METHODS.find((known) => known === (init?.method ?? "GET").toUpperCase());
  if (method === undefined) throw new TypeError(`fetch: the method ${init?.method} is not supported`);
  const { body } = init ?? {};
  if (body !== undefined && body !== null && typeof body !== "string" && !(body instanceof Uint8Array)) {
    throw new TypeError("fetch: a body must be text or bytes");
  }
  const repeats = method === "POST" && url.pathname.endsWith("/graphql") ? ({ idempotent: true } as const) : {};
  const headers = Object.fromEntries(new Headers(init?.headers));
  const hop = firstHop({ method, url, headers, expected: [], ...(body ? { body } : {}), ...repeats });
  return { ...hop, expected: "any", followsRedirects: init?.redirect !== "manual" };
}

function tooDeep({ method }: Hop, { url: { href }, status }: HttpResponse): HttpError {
  const url = redactUrl(new URL(href));
  const details = { code: "protocol", method, url, status, retryable: false } as const;
  return new HttpError(
    `${method} ${url} answered ${status}, with a body that nests deeper than ${DEEPEST} levels`,
    details,
  );
}

function toResponse(answer: HttpResponse): Response {
  const headers = new Headers(answer.headers);
  // The body is decoded: what was said of its encoded form is no longer true.
  headers.set("content-length", String(answer.body.length));
  headers.delete("content-encoding");
  const body = WITHOUT_BODY.has(answer.status) || answer.body.length === 0 ? null : new Uint8Array(answer.body);
  const response = new Response(body, { status: answer.status, headers });
  return Object.defineProperty(response, "url", { value: answer.url.href });
}
