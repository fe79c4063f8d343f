import type { Clock } from "../../../src/clock.ts";
import { restError } from "../github/rest.ts";
import type { Reply, ServedRequest } from "../http-server.ts";

/** GitHub's limits for one token: points per minute, requests per hour. */
export interface GitHubLimits {
  readonly pointsPerMinute: number;
  readonly perHour: number;
  /** The status code of the secondary limit. GitHub's docs name both. */
  readonly secondaryStatus: 403 | 429;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** GitHub's rate limits (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api). */
export class RateLimit {
  readonly #clock: Clock;
  readonly #limits: GitHubLimits | null;
  readonly #resource: "core" | "graphql";
  /** The requests of the last minute. */
  #recent: { readonly at: number; readonly points: number }[] = [];
  #minutePoints = 0;
  #hourEndsAt = 0;
  #used = 0;
  /** Points and requests that were accepted, and requests that were refused, since the start. */
  readonly totals = { points: 0, accepted: 0, refused: 0 };

  /**
   * @param limits null: the server has no limits, and no headers about them
   * @param resource REST and GraphQL have separate limits; a GraphQL query takes one point
   */
  constructor(clock: Clock, limits: GitHubLimits | null, resource: "core" | "graphql") {
    this.#clock = clock;
    this.#limits = limits;
    this.#resource = resource;
  }

  /** Uses up part of the hour's budget, as another job with the same token does. */
  spend(requests: number): void {
    this.#expire(this.#clock.now());
    this.#used += requests;
  }

  /** Counts one request. Returns its refusal, or null. */
  take({ method }: Pick<ServedRequest, "method">): Reply | null {
    const now = this.#clock.now();
    const points = method === "GET" || method === "HEAD" || this.#resource === "graphql" ? 1 : 5;
    const refusal = this.#limits === null ? null : this.#refusal(now, points, this.#limits);
    if (refusal !== null) {
      this.totals.refused += 1;
      return refusal;
    }
    this.#recent.push({ at: now, points });
    this.#minutePoints += points;
    this.#used += 1;
    this.totals.points += points;
    this.totals.accepted += 1;
    return null;
  }

  headers(): Readonly<Record<string, string>> {
    if (this.#limits === null) return {};
    return {
      "x-ratelimit-limit": String(this.#limits.perHour),
      "x-ratelimit-remaining": String(Math.max(0, this.#limits.perHour - this.#used)),
      "x-ratelimit-used": String(this.#used),
      "x-ratelimit-reset": String(Math.ceil(this.#hourEndsAt / 1_000)),
      "x-ratelimit-resource": this.#resource,
    };
  }

  #refusal(now: number, points: number, limits: GitHubLimits): Reply | null {
    this.#expire(now);
    if (this.#used >= limits.perHour) return restError(403, "API rate limit exceeded for installation ID 1.");
    if (this.#minutePoints + points <= limits.pointsPerMinute) return null;
    const oldest = this.#recent[0]?.at ?? now;
    const retryAfter = Math.max(1, Math.ceil((oldest + MINUTE_MS - now) / 1_000));
    const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    return { ...restError(limits.secondaryStatus, message), headers: { "retry-after": String(retryAfter) } };
  }

  #expire(now: number): void {
    let expired = 0;
    for (const { at, points } of this.#recent) {
      if (at > now - MINUTE_MS) break;
      this.#minutePoints -= points;
      expired += 1;
    }
    if (expired > 0) this.#recent = this.#recent.slice(expired);
    if (now < this.#hourEndsAt) return;
    this.#hourEndsAt = now + HOUR_MS;
    this.#used = 0;
  }
}
