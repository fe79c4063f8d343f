import type { Clock } from "../../../src/clock.ts";
import type { Reply } from "../http-server.ts";
import { errorReply } from "./answers.ts";

const PER_HOUR = 5_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The sliding windows of DigitalOcean's API: 5,000 requests per hour, and `perMinute` per minute. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #perMinute: number;
  #sentAt: number[] = [];

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  /** Counts one request. Returns the 429 for it, or null. Only the limit per minute has a `retry-after`. */
  take(): Reply | null {
    const now = this.#clock.now();
    this.#sentAt = this.#sentAt.filter((at) => at > now - HOUR_MS);
    const lastMinute = this.#sentAt.filter((at) => at > now - MINUTE_MS);
    const refusal = errorReply(429, "too_many_requests", "API rate limit exceeded.");
    if (this.#sentAt.length >= PER_HOUR) return refusal;
    if (lastMinute.length >= this.#perMinute) {
      const seconds = Math.ceil(((lastMinute[0] ?? now) + MINUTE_MS - now) / 1000);
      return { ...refusal, headers: { "ratelimit-remaining": "0", "retry-after": String(seconds) } };
    }
    this.#sentAt.push(now);
    return null;
  }

  /** `ratelimit-reset` is when the oldest request leaves the window, in seconds since the epoch. */
  headers(): Readonly<Record<string, string>> {
    const oldest = this.#sentAt[0] ?? this.#clock.now();
    return {
      "ratelimit-limit": String(PER_HOUR),
      "ratelimit-remaining": String(Math.max(0, PER_HOUR - this.#sentAt.length)),
      "ratelimit-reset": String(Math.ceil((oldest + HOUR_MS) / 1000)),
    };
  }
}
