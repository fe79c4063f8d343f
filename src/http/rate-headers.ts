import type { RateBudget } from "./http.ts";
import type { ReceivedResponse } from "./request.ts";

type Headers = ReceivedResponse["headers"];

/** A time without requests that a host demands. */
export interface HostPause {
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly reason: string;
  /** Whether it is GitHub's secondary rate limit, which limits behavior, and not its hourly budget. */
  readonly secondary: boolean;
}

/** Smaller differences between two clocks are ignored: `Date` has a resolution of a second, and a response takes time. */
const CLOCK_TOLERANCE_MS = 60_000;

/** A thousand years, because `retry-after` can have more digits than a number holds. */
const MAX_RETRY_AFTER_MS = 1_000 * 365 * 86_400_000;

/**
 * Returns the rate limit in DigitalOcean's `ratelimit-*` or GitHub's `x-ratelimit-*` headers; null: they have none. Both
 * give the reset in seconds since the epoch. The IETF draft counts seconds from now, which are much smaller numbers.
 */
export function readBudget(headers: Headers, now: number): RateBudget | null {
  const remaining = wholeNumber(headers["ratelimit-remaining"] ?? headers["x-ratelimit-remaining"]);
  const reset = wholeNumber(headers["ratelimit-reset"] ?? headers["x-ratelimit-reset"]);
  if (remaining === null || reset === null) return null;
  const limit = wholeNumber(headers["ratelimit-limit"] ?? headers["x-ratelimit-limit"]) ?? remaining;
  const resetAt = reset < 1_000_000_000 ? now + reset * 1_000 : reset * 1_000 - clockSkew(headers, now);
  return { limit, remaining, resetAt };
}

/** Returns `retry-after` (RFC 9110, 10.2.3: seconds or a date) in milliseconds from now; null: there is none. */
export function readRetryAfter(headers: Headers, now: number): number | null {
  const text = headers["retry-after"]?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(MAX_RETRY_AFTER_MS, Number(text) * 1_000);
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - clockSkew(headers, now) - now);
}

/**
 * Returns the pause that a response demands from all requests to its host; null: none.
 *
 * - `retry-after` gives its length, on 429, 503 and 403.
 * - Without it, an empty budget ends at its reset: DigitalOcean's hourly limit, GitHub's primary limit.
 * - Without both, the pause starts at 1 s, at GitHub 60 s (GitHub's docs, "Rate limits for the REST API"), and doubles
 *   with each consecutive pause.
 *
 * A 403 without any of these signs is a missing permission.
 */
export function readPause(
  response: ReceivedResponse,
  now: number,
  consecutivePauses: number,
  random: () => number,
): HostPause | null {
  const { status, headers } = response;
  if (status !== 429 && status !== 403 && status !== 503) return null;
  const retryAfter = readRetryAfter(headers, now);
  const secondary = isSecondary(response);
  // Jobs that share a token should not all continue at the same moment.
  const jitter = random() * 500;
  if (retryAfter !== null) {
    const until = now + Math.max(retryAfter, consecutivePauses * 1_000) + jitter;
    return { until, reason: `it returned ${status} with retry-after`, secondary };
  }
  if (status === 503) return null;
  const budget = readBudget(headers, now);
  const isUsedUp = budget?.remaining === 0;
  if (status === 403 && !secondary && !(isUsedUp && "x-ratelimit-remaining" in headers)) return null;
  if (isUsedUp && budget.resetAt > now) {
    const reason = `its rate limit of ${budget.limit} requests is used up`;
    return { until: budget.resetAt + jitter, reason, secondary };
  }
  const isGitHub = secondary || "x-github-request-id" in headers || "x-ratelimit-remaining" in headers;
  const [first, longest] = isGitHub ? [60_000, 900_000] : [1_000, 60_000];
  const until = now + Math.min(longest, first * 2 ** consecutivePauses) * (1 + random() / 4);
  return { until, reason: `it returned ${status}${secondary ? ", a secondary rate limit" : ""}`, secondary };
}

/** GitHub's secondary limit without `retry-after` differs from a missing permission only by the message in the body. */
function isSecondary({ status, headers, body }: ReceivedResponse): boolean {
  if (status === 503) return false;
  if (headers["x-ratelimit-remaining"] === "0") return false;
  if (/secondary[ -]rate[ -]limit|abuse detection/i.test(body.toString("utf8", 0, 4_096))) return true;
  return headers["retry-after"] !== undefined && "x-github-request-id" in headers;
}

/** Returns by how many milliseconds the host's clock is ahead, because its times depend on that clock. */
function clockSkew({ date }: Headers, now: number): number {
  const skew = date === undefined ? 0 : Date.parse(date) - now;
  return Math.abs(skew) < CLOCK_TOLERANCE_MS || Number.isNaN(skew) ? 0 : skew;
}

function wholeNumber(value: string | undefined): number | null {
  const digits = value === undefined ? null : /^\s*(\d{1,15})\b/.exec(value);
  return digits === null ? null : Number(digits[1]);
}
