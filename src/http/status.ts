import { STATUS_CODES } from "node:http";
import { HttpError } from "./errors.ts";
import type { Hop } from "./hop.ts";
import type { HostRefusal } from "./host.ts";
import { excerpt, redactUrl } from "./redact.ts";
import { WORTH_REPEATING } from "./retry.ts";
import type { Answer } from "./transport.ts";

/** An answer after which nothing is repeated any more. */
export interface Settled {
  readonly answer: Answer;
  /** How often it was sent. */
  readonly attempts: number;
  /** Whether the answer is the host's refusal for rate. */
  readonly throttled: boolean;
}

/** The error for an answer that `hop` did not expect. */
export function statusError(hop: Hop, { answer, attempts, throttled }: Settled): HttpError {
  const { status } = answer;
  const text = answer.body.toString("utf8", 0, 100_000);
  const requestId = requestIdOf(answer.headers, text, hop.secrets);
  const detail = excerpt(text, hop.secrets);
  const url = redactUrl(hop.url);
  const phrase = STATUS_CODES[status];
  const message =
    `${hop.method} ${url} answered ${status}${phrase === undefined ? "" : ` ${phrase}`}` +
    (throttled && status === 403 ? ", a rate limit" : "") +
    (attempts > 1 ? ` after ${attempts} attempts` : "") +
    (requestId === undefined ? "" : ` (request id ${requestId})`);
  return new HttpError(message, {
    code: "status",
    method: hop.method,
    url,
    status,
    retryable: throttled || WORTH_REPEATING.has(status),
    ...(requestId === undefined ? {} : { requestId }),
    ...(detail === "" ? {} : { detail }),
  });
}

/** The error for a redirect that is not followed; `refused` completes "redirects ...". */
export function redirectError(hop: Hop, status: number, refused: string): HttpError {
  const url = redactUrl(hop.url);
  const details = { code: "protocol", method: hop.method, url, status, retryable: false } as const;
  return new HttpError(`${hop.method} ${url} redirects ${refused}: not followed`, details);
}

/** The error for a host that refuses requests for longer than a run can wait. */
export function refusalError(hop: Hop, refusal: HostRefusal, now: number): HttpError {
  const url = redactUrl(hop.url);
  const minutes = Math.ceil((refusal.until - now) / 60_000);
  const latest = 8.64e15;
  const when = new Date(Math.min(refusal.until, latest)).toISOString().replace(/\.\d+Z$/, "Z");
  const message =
    `${hop.method} ${url} was not sent: ${hop.url.host} refuses requests until ${when} ` +
    `(${minutes} min), as ${refusal.message}; run again after that`;
  // The status by which all of these hosts mean "not now", whether this very request was answered so or another one was.
  const details = { code: "status", method: hop.method, url, status: 429, retryable: true } as const;
  return new HttpError(message, details, { cause: refusal });
}

/** The server's id for a request: DigitalOcean's and GitHub's headers, or the body's `request_id`. */
function requestIdOf(
  headers: Readonly<Record<string, string>>,
  body: string,
  secrets: readonly string[],
): string | undefined {
  const id =
    headers["x-request-id"] ?? headers["x-github-request-id"] ?? /"request_id"\s*:\s*"([^"\\]+)"/.exec(body)?.[1];
  return id === undefined || id === "" ? undefined : excerpt(id, secrets, 100);
}
