import type { Clock } from "../clock.ts";
import { HttpError } from "./errors.ts";
import type { HostPause } from "./rate-headers.ts";
import type { OutgoingRequest, SendResult } from "./request.ts";

/** Attempts if the server or the network fails. */
const MAX_ATTEMPTS = 5;
/** An unknown host, or one that refuses connections, rarely recovers within seconds. */
const MAX_ATTEMPTS_UNSENT = 3;
const MAX_ATTEMPTS_RATE_LIMITED = 10;
/** Each pause is at most an hour, but a run must not wait for many of them. */
const MAX_RATE_LIMITED_MS = 3_600_000;

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 20_000;

/** Statuses that another attempt may change. */
export const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

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
  const isRetryable =
    result instanceof HttpError
      ? result.retryable
      : RETRYABLE_STATUSES.has(result.status) && !(result.status < 429 && request.expected.includes(result.status));
  state.failures += 1;
  if (!isRetryable || state.failures >= (isUnsent ? MAX_ATTEMPTS_UNSENT : MAX_ATTEMPTS)) return null;
  // Full jitter: clients that failed together do not retry together.
  return random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** state.failures);
}
