import type { Clock } from "../clock.ts";
import { HttpError } from "./errors.ts";
import type { HostPause } from "./rate-headers.ts";
import type { OutgoingRequest, SendResult } from "./request.ts";

/** Attempts if the server or the network fails. */
const MAX_ATTEMPTS = 5;
/** A server that describes its failure may always fail. Then the caller can send a smaller request. */
const MAX_ATTEMPTS_DESCRIBED = 3;
/** An unknown host, or one that refuses connections, rarely recovers within seconds. */
const MAX_ATTEMPTS_UNSENT = 3;
const MAX_ATTEMPTS_RATE_LIMITED = 10;
/** Each pause is at most five minutes, and a run must not wait for many of them. */
const MAX_RATE_LIMITED_MS = 300_000;

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 20_000;

const RETRYABLE_CLIENT_ERRORS: ReadonlySet<number> = new Set([408, 425, 429]);
/** Server errors that another attempt does not change. 526 is Cloudflare's for an invalid certificate of the server. */
const FINAL_SERVER_ERRORS: ReadonlySet<number> = new Set([501, 505, 506, 507, 508, 510, 511, 526]);

/**
 * Returns whether another attempt may change a status. An unknown server error, such as Cloudflare's 520 to 530, and an invalid
 * status of 600 or more count as 500 (RFC 9110, section 15).
 */
export function isRetryableStatus(status: number): boolean {
  return RETRYABLE_CLIENT_ERRORS.has(status) || (status >= 500 && !FINAL_SERVER_ERRORS.has(status));
}

/** The failed attempts of one request. */
export interface RetryState {
  failures: number;
  rateLimits: number;
  /** When the first rate limit was reported, in milliseconds since the epoch. */
  rateLimitedSince: number;
}

/**
 * Returns the delay before the next attempt, in milliseconds, and counts `result` in `state`; null: the result is final.
 * After a rate limit it is 0, because the host's queue delays the request. 429 and 5xx are retried even if they are expected.
 */
export function retryDelay(
  request: OutgoingRequest,
  result: SendResult,
  pause: HostPause | null,
  state: RetryState,
  { now, random }: Pick<Clock, "now" | "random">,
): number | null {
  if (request.retry === "never") return null;
  if (pause !== null) {
    state.rateLimits += 1;
    state.rateLimitedSince = Math.min(state.rateLimitedSince, now());
    const isLong = now() - state.rateLimitedSince > MAX_RATE_LIMITED_MS;
    return isLong || state.rateLimits >= MAX_ATTEMPTS_RATE_LIMITED ? null : 0;
  }
  const isUnsent = result instanceof HttpError && result.unsent === true;
  if (!isUnsent && request.retry !== "always") return null;
  const described = result instanceof HttpError ? "status" : request.classify(result);
  if (described === "final") return null;
  const isDescribed = described === "failure";
  const isRetryable = result instanceof HttpError ? result.retryable : isDescribed || isFailure(request, result.status);
  state.failures += 1;
  const attempts = isUnsent ? MAX_ATTEMPTS_UNSENT : isDescribed ? MAX_ATTEMPTS_DESCRIBED : MAX_ATTEMPTS;
  if (!isRetryable || state.failures >= attempts) return null;
  // Full jitter: clients that failed together do not retry together.
  return random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** state.failures);
}

/** An expected 408 or 425 is an answer to the caller. */
function isFailure({ expected }: OutgoingRequest, status: number): boolean {
  return isRetryableStatus(status) && !(status < 429 && expected.includes(status));
}
