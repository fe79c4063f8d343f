import { STATUS_CODES } from "node:http";
import { HttpError, type HttpErrorDetails } from "./errors.ts";
import { explain } from "./explanation.ts";
import { excerpt, redactUrl } from "./redact.ts";
import type { FinalResponse, OutgoingRequest } from "./request.ts";
import { isRetryableStatus } from "./retry.ts";

/** The error for a response with an unexpected status. */
export function statusError(request: OutgoingRequest, { response, attempts, rateLimited }: FinalResponse): HttpError {
  const { status, headers, body } = response;
  const text = body.toString("utf8", 0, 100_000);
  const requestId = requestIdOf(headers, text, request.secrets);
  const { detail, remedy } = explain(response, request.url, request.secrets);
  const phrase = STATUS_CODES[status];
  const what =
    `returned ${status}${phrase === undefined ? "" : ` ${phrase}`}${targetOf(request, response)}` +
    (rateLimited && status === 403 ? " (rate limit)" : "") +
    (attempts > 1 ? ` after ${attempts} attempts` : "") +
    (requestId === undefined ? "" : ` (request id ${requestId})`);
  return errorFor(request, what, {
    code: "status",
    status,
    retryable: rateLimited || isRetryableStatus(status),
    requestId,
    detail: detail === "" ? undefined : detail,
    remedy,
  });
}

/** Returns where a redirect leads that is not followed because of its method: ` to https://b.example`. */
function targetOf({ url }: OutgoingRequest, { status, headers: { location } }: FinalResponse["response"]): string {
  const target = status >= 300 && status < 400 && location !== undefined ? URL.parse(location, url.href) : null;
  return target === null ? "" : ` to ${target.protocol}//${target.host}`;
}

/** The error for a redirect that is not followed. `reason` completes "redirects …". */
export function redirectError(request: OutgoingRequest, status: number, reason: string): HttpError {
  return errorFor(request, `redirects ${reason}`, { code: "protocol", status, retryable: false });
}

/** The error for a host that refuses requests for longer than a run waits. */
export function hostUnavailableError(
  request: OutgoingRequest,
  isRetry: boolean,
  { at, now, reason }: { readonly at: number; readonly now: number; readonly reason: string },
): HttpError {
  const minutes = Math.ceil((at - now) / 60_000);
  const latestDate = 8.64e15;
  const time = new Date(Math.min(at, latestDate)).toISOString().replace(/\.\d+Z$/, "Z");
  const what =
    `was not sent${isRetry ? " again" : ""}: ${request.url.host} refuses requests until ${time} (${minutes} min) ` +
    `because ${reason}. Run again after that.`;
  // All of these hosts use 429 for rate limits; the response that started the pause may have been to another request.
  return errorFor(request, what, { code: "status", status: 429, retryable: true, unsent: isRetry ? undefined : true });
}

/** The error for a request that had to wait for longer than its `sendBy`. */
export function expiredError(request: OutgoingRequest): HttpError {
  const what = `was not sent: the limits of ${request.url.host} delayed it for too long`;
  return errorFor(request, what, { code: "expired", retryable: true, unsent: true });
}

/** The error for a request that the end of the run stopped. */
export function cancelledError(
  request: OutgoingRequest,
  stopped: "unsent" | "in flight" | "before a retry",
  cause?: unknown,
): HttpError {
  const what = { unsent: "was not sent", "in flight": "was aborted", "before a retry": "was not sent again" }[stopped];
  const isUncertain = stopped !== "unsent" && request.retry !== "always";
  const note = isUncertain ? ". The server may have processed it" : "";
  const unsent = stopped === "unsent" ? true : undefined;
  const details = { code: "interrupted", retryable: false, unsent } as const;
  return errorFor(request, `${what} because the run was cancelled${note}`, details, cause);
}

/** Builds the HttpError `METHOD URL what`. */
export function errorFor(
  request: OutgoingRequest,
  what: string,
  details: Omit<HttpErrorDetails, "method" | "url">,
  cause?: unknown,
): HttpError {
  const { method } = request;
  const url = redactUrl(request.url);
  return new HttpError(`${method} ${url} ${what}`, { ...details, method, url }, { cause });
}

/** Returns the server's id of a request: DigitalOcean's and GitHub's headers, or `request_id` in the body. */
function requestIdOf(
  headers: Readonly<Record<string, string>>,
  body: string,
  secrets: readonly string[],
): string | undefined {
  const id =
    headers["x-request-id"] ?? headers["x-github-request-id"] ?? /"request_id"\s*:\s*"([^"\\]+)"/.exec(body)?.[1];
  return id === undefined || id === "" ? undefined : excerpt(id, secrets, 100);
}
