import type { HttpError } from "./errors.ts";
import type { Classify, HttpRequest, HttpResponse } from "./http.ts";
import { secretsOf } from "./redact.ts";

/** A request with all headers and defaults. */
export interface OutgoingRequest {
  readonly method: HttpRequest["method"];
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly expected: readonly number[];
  /** Whether a redirect may lead to another origin. */
  readonly mayLeaveOrigin: boolean;
  /**
   * When the client may send it again: `always`, although the server may have processed it; `if unprocessed`: after a
   * rate limit, or if the server did not receive it.
   */
  readonly retry: "always" | "if unprocessed" | "never";
  readonly classify: Classify;
  /** Milliseconds since the epoch. */
  readonly sendBy: number;
  readonly maxBytes: number;
  /** Never show them. */
  readonly secrets: readonly string[];
}

/** A complete response with any status. */
export type ReceivedResponse = Omit<HttpResponse, "url">;

/** The result of one attempt. */
export type SendResult = ReceivedResponse | HttpError;

/** The last response to a request, when it is not retried again. */
export interface FinalResponse {
  readonly response: ReceivedResponse;
  readonly attempts: number;
  /** Whether the response reports a rate limit. */
  readonly rateLimited: boolean;
}

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

export function toOutgoing(request: HttpRequest): OutgoingRequest {
  const { method, url, expected, body = null, maxBytes = DEFAULT_MAX_BYTES, mayLeaveOrigin = false } = request;
  const headers: Record<string, string> = { "user-agent": "refsweep", "accept-encoding": "gzip, deflate, br" };
  // A stale answer of a proxy's cache could delete the wrong image.
  if (isRead(method)) headers["cache-control"] = "no-cache";
  for (const name in request.headers) headers[name.toLowerCase()] = request.headers[name] ?? "";
  if (request.authorization !== undefined) headers["authorization"] = request.authorization;
  const { sendBy = Number.POSITIVE_INFINITY, classify = () => "status" } = request;
  const secrets = secretsOf(headers["authorization"]);
  const retry = retryOf(request);
  return { method, url, headers, body, expected, mayLeaveOrigin, retry, classify, sendBy, maxBytes, secrets };
}

/** Whether a request changes nothing, by its method. */
export function isRead(method: HttpRequest["method"]): boolean {
  return method === "GET" || method === "HEAD";
}

function retryOf({ method, idempotent }: HttpRequest): OutgoingRequest["retry"] {
  if (method === "DELETE") return "never";
  return isRead(method) || idempotent === true ? "always" : "if unprocessed";
}
