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
 * - `stop`: the result is final.
 * - `retry when the host allows`: the host's queue knows when.
 * - `retry after`: after a delay for this request only.
 */
export type RetryDecision =
  | { readonly action: "stop" | "retry when the host allows" }
  | { readonly action: "retry after"; readonly ms: number };

const STOP: RetryDecision = { action: "stop" };

/** Decides what follows after `result`, and counts it in `state`. 429 and 5xx are retried even if they are expected. */
export function decideRetry(
  request: OutgoingRequest,
  result: SendResult,
  pause: HostPause | null,
  state: RetryState,
  { now, random }: { readonly now: () => number; readonly random: () => number },
): RetryDecision {
  if (request.retry === "never") return STOP;
  if (pause !== null) {
    state.rateLimits += 1;
    state.rateLimitedSince = Math.min(state.rateLimitedSince, now());
    const isLong = now() - state.rateLimitedSince > MAX_RATE_LIMITED_MS;
    return isLong || state.rateLimits >= MAX_ATTEMPTS_RATE_LIMITED ? STOP : { action: "retry when the host allows" };
  }
  const mayRepeat = request.retry === "always";
  if (result.kind === "error") {
    const { retryable, unsent } = result.error;
    if (!retryable || !(mayRepeat || unsent)) return STOP;
    return retryLater(state, unsent ? MAX_ATTEMPTS_UNSENT : MAX_ATTEMPTS, random);
  }
  const { status } = result;
  if (!mayRepeat || !RETRYABLE_STATUSES.has(status)) return STOP;
  if (status < 429 && request.expected.includes(status)) return STOP;
  return retryLater(state, MAX_ATTEMPTS, random);
}

/** Exponential delays with full jitter, so that clients that failed together do not retry together. */
function retryLater(state: RetryState, maxAttempts: number, random: () => number): RetryDecision {
  state.failures += 1;
  if (state.failures >= maxAttempts) return STOP;
  return { action: "retry after", ms: random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** state.failures) };
}
