import type { Clock } from "../../../src/clock.ts";
import { restError } from "../github/rest.ts";
import type { Reply, ServedRequest } from "../http-server.ts";

/** GitHub's limits on one token: points in any minute, requests in an hour; null: a server that has none, nor tells of any. */
export interface GitHubLimits {
  readonly pointsPerMinute: number;
  readonly perHour: number;
  /** With which status a secondary limit is met; GitHub's docs say both. */
  readonly secondaryStatus: 403 | 429;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api, played. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #limits: GitHubLimits | null;
  readonly #resource: "core" | "graphql";
  /** When, and how many points. */
  #spent: { readonly at: number; readonly points: number }[] = [];
  #minutePoints = 0;
  #hourEndsAt = 0;
  #used = 0;
  /** Points granted, and requests refused, since the start. */
  readonly tally = { points: 0, granted: 0, refused: 0 };

  /** @param resource REST and GraphQL have limits of their own, and a query is of one point */
  constructor(clock: Clock, limits: GitHubLimits | null, resource: "core" | "graphql") {
    this.#clock = clock;
    this.#limits = limits;
    this.#resource = resource;
  }

  /** Takes from the hour's budget as if somebody else had used the token. */
  spend(requests: number): void {
    this.#roll(this.#clock.now());
    this.#used += requests;
  }

  /** Counts one request: null, or the refusal that it meets. */
  take({ method }: Pick<ServedRequest, "method">): Reply | null {
    const now = this.#clock.now();
    const points = method === "GET" || method === "HEAD" || this.#resource === "graphql" ? 1 : 5;
    const refusal = this.#limits === null ? null : this.#refusal(now, points, this.#limits);
    if (refusal !== null) {
      this.tally.refused += 1;
      return refusal;
    }
    this.#spent.push({ at: now, points });
    this.#minutePoints += points;
    this.#used += 1;
    this.tally.points += points;
    this.tally.granted += 1;
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
    this.#roll(now);
    if (this.#used >= limits.perHour) return restError(403, "API rate limit exceeded for installation ID 1.");
    if (this.#minutePoints + points <= limits.pointsPerMinute) return null;
    const oldest = this.#spent[0]?.at ?? now;
    const retryAfter = Math.max(1, Math.ceil((oldest + MINUTE_MS - now) / 1_000));
    const words = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    return { ...restError(limits.secondaryStatus, words), headers: { "retry-after": String(retryAfter) } };
  }

  #roll(now: number): void {
    let expired = 0;
    for (const { at, points } of this.#spent) {
      if (at > now - MINUTE_MS) break;
      this.#minutePoints -= points;
      expired += 1;
    }
    if (expired > 0) this.#spent = this.#spent.slice(expired);
    if (now < this.#hourEndsAt) return;
    this.#hourEndsAt = now + HOUR_MS;
    this.#used = 0;
  }
}
