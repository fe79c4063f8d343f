import type { RateBudget } from "./http.ts";

/** The longest that a host may make a run wait: the length of the longest window that the known hosts keep, an hour. */
export const LONGEST_WAIT_MS = 3_600_000;

export type Headers = Readonly<Record<string, string>>;

/** A host that refuses requests for a while. */
export interface Throttle {
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly reason: string;
  /** GitHub's limit on behaviour, as against its hourly budget. */
  readonly secondary: boolean;
}

/** An answer, as far as rate limits are concerned. */
export interface RateAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Clocks that differ by less are as good as equal: `Date` is told in whole seconds, and an answer takes its time. */
const EQUAL_CLOCKS_MS = 60_000;

/** How far the host's clock is ahead of this one, in milliseconds, by the answer's `Date`: its points in time are told by it. */
function aheadBy({ date }: Headers, now: number): number {
  const ahead = date === undefined ? 0 : Date.parse(date) - now;
  return Math.abs(ahead) < EQUAL_CLOCKS_MS || Number.isNaN(ahead) ? 0 : ahead;
}

/**
 * The budget that an answer tells of, or null: DigitalOcean's `ratelimit-*` and GitHub's `x-ratelimit-*`. Both give the
 * reset in epoch seconds; the IETF draft counts from now, and such small numbers are read so.
 */
export function readBudget(headers: Headers, now: number): RateBudget | null {
  const remaining = wholeNumber(headers["ratelimit-remaining"] ?? headers["x-ratelimit-remaining"]);
  const reset = wholeNumber(headers["ratelimit-reset"] ?? headers["x-ratelimit-reset"]);
  if (remaining === null || reset === null) return null;
  const limit = wholeNumber(headers["ratelimit-limit"] ?? headers["x-ratelimit-limit"]) ?? remaining;
  const resetAt = reset < 1_000_000_000 ? now + reset * 1_000 : reset * 1_000 - aheadBy(headers, now);
  return { limit, remaining, resetAt };
}

/** A thousand years: more digits than a number holds would be Infinity, for which no alarm is ever set. */
const LONGEST_MS = 1_000 * 365 * 86_400_000;

/** Milliseconds from now, of `retry-after` in its two forms: seconds, or an HTTP date (RFC 9110, 10.2.3); null: none. */
export function readRetryAfter(headers: Headers, now: number): number | null {
  const text = headers["retry-after"]?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(LONGEST_MS, Number(text) * 1_000);
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - aheadBy(headers, now) - now);
}

/**
 * Whether an answer asks the whole host to pause, and until when; null: it does not.
 *
 * - `retry-after` says how long, on 429, 503 and 403.
 * - Without it, a budget of 0 comes back at its reset: DigitalOcean's hourly 429, GitHub's primary limit.
 * - Without either, the pause doubles with `level`, the number of pauses in a row: from a second, and from a minute at
 *   GitHub (GitHub's docs, "Rate limits for the REST API").
 *
 * A 403 without any of these signs is about permission.
 */
export function throttleOf(answer: RateAnswer, now: number, level: number, random: () => number): Throttle | null {
  const { status, headers } = answer;
  if (status !== 429 && status !== 403 && status !== 503) return null;
  const retryAfter = readRetryAfter(headers, now);
  const secondary = isSecondary(answer);
  // Jobs that share a token and were refused together should not come back together.
  const jitter = random() * 500;
  if (retryAfter !== null) {
    const until = now + Math.max(retryAfter, level * 1_000) + jitter;
    return { until, reason: `it answered ${status} with retry-after`, secondary };
  }
  if (status === 503) return null;
  const budget = readBudget(headers, now);
  const spent = budget?.remaining === 0;
  if (status === 403 && !secondary && !(spent && "x-ratelimit-remaining" in headers)) return null;
  if (spent && budget.resetAt > now) {
    return {
      until: budget.resetAt + jitter,
      reason: `its rate limit of ${budget.limit} requests is used up`,
      secondary,
    };
  }
  const isGitHub = secondary || "x-github-request-id" in headers || "x-ratelimit-remaining" in headers;
  const [first, longest] = isGitHub ? [60_000, 900_000] : [1_000, 60_000];
  const until = now + Math.min(longest, first * 2 ** level) * (1 + random() / 4);
  return { until, reason: `it answered ${status}${secondary ? ", a secondary rate limit" : ""}`, secondary };
}

/** GitHub marks a secondary limit in the body alone when it sends neither `retry-after` nor an empty budget. */
function isSecondary({ status, headers, body }: RateAnswer): boolean {
  if (status === 503) return false;
  if (headers["x-ratelimit-remaining"] === "0") return false;
  if (/secondary[ -]rate[ -]limit|abuse detection/i.test(body.toString("utf8", 0, 4_096))) return true;
  return headers["retry-after"] !== undefined && "x-github-request-id" in headers;
}

function wholeNumber(value: string | undefined): number | null {
  const digits = value === undefined ? null : /^\s*(\d{1,15})\b/.exec(value);
  return digits === null ? null : Number(digits[1]);
}
