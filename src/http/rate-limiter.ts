import type { HostPolicy, RateBudget } from "./http.ts";
import type { HostPause } from "./rate-headers.ts";
import { SlidingWindow } from "./sliding-window.ts";

/** GitHub keeps separate rate limits for REST and GraphQL. */
type Api = "rest" | "graphql";

/** What one request uses of its host's limits. */
export interface RequestCost {
  readonly api: Api;
  readonly points: number;
  readonly isWrite: boolean;
}

/** The budget that a host reported for one API. */
interface ReportedBudget {
  budget: RateBudget | null;
  inFlight: number;
}

const MINUTE = 60_000;
/** How long writes are slow after a secondary limit. GitHub does not document when it stops watching. */
const SLOW_WRITES_MS = 5 * MINUTE;
const WRITE_GAP_MS = 1_000;

/**
 * Computes when the next request to one host may be sent. It neither waits nor reads a clock.
 *
 * Three things delay a request: a pause that the host demanded, the budget in its headers, and the limits in its policy.
 */
export class RateLimiter {
  readonly #minute: SlidingWindow | null;
  readonly #hour: SlidingWindow | null;
  readonly #reported: Readonly<Record<Api, ReportedBudget>> = {
    rest: { budget: null, inFlight: 0 },
    graphql: { budget: null, inFlight: 0 },
  };
  #minuteApplies: boolean;
  #slowWritesUntil = 0;
  #nextWriteAt = 0;
  #pausedUntil = 0;
  #pauseReason = "";
  /** Pauses without a successful response between them. */
  consecutivePauses = 0;

  constructor(policy: HostPolicy) {
    this.#minute = policy.perMinute === undefined ? null : new SlidingWindow(policy.perMinute, MINUTE);
    this.#minuteApplies = policy.perMinuteApplies !== "once reported";
    this.#hour = policy.perHour === undefined ? null : new SlidingWindow(policy.perHour, 60 * MINUTE);
  }

  /** Returns when the request may be sent, in milliseconds since the epoch; Infinity: only after another response. */
  readyAt(now: number, cost: RequestCost): number {
    return Math.max(now, ...this.#delays(now, cost).map(({ until }) => until));
  }

  /** Returns for the user why the request has to wait. */
  reason(now: number, cost: RequestCost): string {
    return this.#delays(now, cost).find(({ until }) => until > now)?.reason ?? "";
  }

  sent(now: number, cost: RequestCost): void {
    this.#minute?.sent(cost.points);
    this.#hour?.sent(1);
    this.#reported[cost.api].inFlight += 1;
    if (cost.isWrite) this.#nextWriteAt = now + WRITE_GAP_MS;
  }

  /** Records the end of a request. `budget` is the one in the headers of its response. */
  finished(now: number, cost: RequestCost, budget: RateBudget | null, result: "success" | "failure"): void {
    this.#minute?.finished(now, cost.points);
    this.#hour?.finished(now, 1);
    const reported = this.#reported[cost.api];
    reported.inFlight -= 1;
    if (budget !== null) this.#minuteApplies = true;
    reported.budget =
      budget === null ? withoutReport(reported.budget, now, result) : newer(reported.budget, budget, now);
    if (result === "success" && now >= this.#pausedUntil) this.consecutivePauses = 0;
  }

  /** Stops all requests for a while. Several refusals of requests that were in flight together count as one pause. */
  pause({ until, reason, secondary }: HostPause, counts: "as new" | "as the same"): void {
    if (counts === "as new") this.consecutivePauses += 1;
    if (secondary) this.#slowWritesUntil = Math.max(this.#slowWritesUntil, until + SLOW_WRITES_MS);
    if (until <= this.#pausedUntil) return;
    this.#pausedUntil = until;
    this.#pauseReason = reason;
  }

  /** Returns the budget of the REST API. */
  budget(): RateBudget | null {
    return this.#reported.rest.budget;
  }

  #delays(now: number, cost: RequestCost): readonly { readonly until: number; readonly reason: string }[] {
    const reported = this.#reported[cost.api];
    const minute = this.#minuteApplies ? this.#minute : null;
    const slowWrites = cost.isWrite && now < this.#slowWritesUntil;
    return [
      { until: this.#pausedUntil, reason: this.#pauseReason },
      { until: budgetReadyAt(reported, now), reason: `its rate limit of ${reported.budget?.limit} is used up` },
      {
        until: minute?.readyAt(now, cost.points) ?? now,
        reason: `its limit of ${minute?.limit} per minute is used up`,
      },
      { until: this.#hour?.readyAt(now, 1) ?? now, reason: `its limit of ${this.#hour?.limit} per hour is used up` },
      { until: slowWrites ? this.#nextWriteAt : now, reason: "writes are slowed down after a secondary rate limit" },
    ];
  }
}

/**
 * The host may not have counted requests in flight, so they are subtracted. After the reset of an empty budget a single
 * request finds out the new one, because a sliding window restores only a part.
 */
function budgetReadyAt({ budget, inFlight }: ReportedBudget, now: number): number {
  if (budget === null || budget.remaining - inFlight > 0) return now;
  return inFlight > 0 ? Number.POSITIVE_INFINITY : budget.resetAt;
}

/** Responses can overtake each other. Within one window the lowest number is the newest; a later reset is a newer window. */
function newer(known: RateBudget | null, reported: RateBudget, now: number): RateBudget {
  if (known === null || reported.resetAt > known.resetAt || now >= known.resetAt) return reported;
  if (reported.resetAt < known.resetAt || reported.remaining >= known.remaining) return known;
  return reported;
}

/** A response without a budget may have used one request. A successful one after the reset means that the limit is gone. */
function withoutReport(known: RateBudget | null, now: number, result: "success" | "failure"): RateBudget | null {
  if (known === null || (now >= known.resetAt && result === "success")) return null;
  return { ...known, remaining: Math.max(0, known.remaining - 1) };
}
