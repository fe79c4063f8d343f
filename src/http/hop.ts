import type { HttpRequest } from "./http.ts";
import { secretsOf } from "./redact.ts";

/** One request as it goes out to one host: all of its headers, and what may become of its answer. */
export interface Hop {
  readonly method: HttpRequest["method"];
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  readonly expected: readonly number[] | "any";
  readonly followsRedirects: boolean;
  /** Whether it may be sent again although the server may have acted on it. */
  readonly repeatable: boolean;
  readonly maxBytes: number;
  /** Never to be shown. */
  readonly secrets: readonly string[];
}

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

/** The first hop of a request. */
export function firstHop(request: HttpRequest): Hop {
  const headers: Record<string, string> = { "user-agent": "refsweep" };
  // A HEAD's content-length shall be that of the plain body.
  if (request.method !== "HEAD") headers["accept-encoding"] = "gzip, deflate, br";
  // A cache on the way must ask again: what is deleted is decided by what is true now.
  if (request.method === "GET" || request.method === "HEAD") headers["cache-control"] = "no-cache";
  for (const name in request.headers) headers[name.toLowerCase()] = request.headers[name] ?? "";
  if (request.authorization !== undefined) headers["authorization"] = request.authorization;
  return {
    method: request.method,
    url: request.url,
    headers,
    body: request.body ?? null,
    expected: request.expected,
    followsRedirects: true,
    repeatable: request.method !== "POST" || request.idempotent === true,
    maxBytes: request.maxBytes ?? DEFAULT_MAX_BYTES,
    secrets: secretsOf(headers["authorization"]),
  };
}

export function isExpected(hop: Hop, status: number): boolean {
  return hop.expected === "any" || hop.expected.includes(status);
}
