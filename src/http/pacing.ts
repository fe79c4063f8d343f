import type { HostPolicy, RateBudget } from "./http.ts";
import type { Throttle } from "./rate-limit.ts";
import { SlidingWindow } from "./window.ts";

/** What one request takes from its host's limits. */
export interface Fare {
  /** GitHub keeps separate budgets for REST and GraphQL. */
  readonly family: "rest" | "graphql";
  readonly points: number;
  readonly writes: boolean;
}

/** What one kind of request has left, by the host's own word. */
interface Family {
  known: RateBudget | null;
  inFlight: number;
}

const MINUTE = 60_000;
/** How long writes go slowly once a secondary limit is over: GitHub tells nobody when it looks away again. */
const SLOW_MS = 5 * MINUTE;

/**
 * When the next request to one host may be sent: state in, time in, time out; it neither waits nor asks for the hour.
 * Three things hold a request back: the host's pause, the budget that its headers tell, and the limits known beforehand.
 */
export class Pacing {
  readonly #minute: SlidingWindow | null;
  #minuteHolds: boolean;
  readonly #hour: SlidingWindow | null;
  readonly #families = {
    rest: { known: null, inFlight: 0 } as Family,
    graphql: { known: null, inFlight: 0 } as Family,
  };
  readonly #writeGapMs: number;
  #writesSlowUntil = 0;
  #nextWriteAt = 0;
  #pausedUntil = 0;
  #pauseReason = "";
  #level = 0;

  constructor(policy: HostPolicy) {
    this.#minute = policy.perMinute === undefined ? null : new SlidingWindow(policy.perMinute, MINUTE);
    this.#minuteHolds = policy.perMinuteHolds !== "once a limit is told";
    this.#hour = policy.perHour === undefined ? null : new SlidingWindow(policy.perHour, 60 * MINUTE);
    this.#writeGapMs = 1_000 / (policy.writesPerSecondAfterSecondaryLimit ?? 1);
  }

  /** Pauses in a row, without a good answer between them. */
  get level(): number {
    return this.#level;
  }

  /** Milliseconds since the epoch: at most `now`: at once; Infinity: not before an answer came. */
  readyAt(now: number, fare: Fare): number {
    let at = this.#pausedUntil;
    at = Math.max(at, this.#minuteReadyAt(now, fare));
    if (this.#hour !== null) at = Math.max(at, this.#hour.readyAt(now, 1));
    if (fare.writes && now < this.#writesSlowUntil) at = Math.max(at, this.#nextWriteAt);
    return Math.max(at, budgetReadyAt(this.#families[fare.family], now));
  }

  /** Why `fare` waits at `now`, for the user. */
  reason(now: number, fare: Fare): string {
    if (this.#pausedUntil > now) return this.#pauseReason;
    const family = this.#families[fare.family];
    if (family.known !== null && budgetReadyAt(family, now) > now)
      return `its rate limit of ${family.known.limit} is used up`;
    if (this.#minute !== null && this.#minuteReadyAt(now, fare) > now) {
      return `at most ${this.#minute.limit} a minute are sent to it`;
    }
    if (this.#hour !== null && this.#hour.readyAt(now, 1) > now)
      return `at most ${this.#hour.limit} an hour are sent to it`;
    return "writes to it are slowed down after a secondary rate limit";
  }

  #minuteReadyAt(now: number, fare: Fare): number {
    return this.#minute !== null && this.#minuteHolds ? this.#minute.readyAt(now, fare.points) : now;
  }

  sent(now: number, fare: Fare): void {
    this.#minute?.sent(fare.points);
    this.#hour?.sent(1);
    this.#families[fare.family].inFlight += 1;
    if (fare.writes) this.#nextWriteAt = now + this.#writeGapMs;
  }

  /** An answer came, or none will: `budget` is what its headers told; `outcome` whether it was a good one. */
  answered(now: number, fare: Fare, budget: RateBudget | null, outcome: "good" | "bad"): void {
    this.#minute?.answered(now, fare.points);
    this.#hour?.answered(now, 1);
    const family = this.#families[fare.family];
    family.inFlight -= 1;
    if (budget !== null) this.#minuteHolds = true;
    family.known = budget === null ? withoutWord(family.known, now, outcome) : reconcile(family.known, budget, now);
    if (outcome === "good" && now >= this.#pausedUntil) this.#level = 0;
  }

  /** The host refuses for a while. `burst`: whether the refused request was sent since the last pause. */
  pause(throttle: Throttle, burst: "first" | "same"): void {
    if (burst === "first") this.#level += 1;
    if (throttle.secondary) this.#writesSlowUntil = Math.max(this.#writesSlowUntil, throttle.until + SLOW_MS);
    if (throttle.until <= this.#pausedUntil) return;
    this.#pausedUntil = throttle.until;
    this.#pauseReason = throttle.reason;
  }

  /** What the host last said: of one family, or the scarcer of its budgets. */
  budget(family?: Fare["family"]): RateBudget | null {
    const { rest, graphql } = this.#families;
    if (family !== undefined) return this.#families[family].known;
    if (rest.known === null || graphql.known === null) return rest.known ?? graphql.known;
    return graphql.known.remaining < rest.known.remaining ? graphql.known : rest.known;
  }
}

/**
 * Requests in flight may or may not be in the count that the host told, so they are taken off it. Nothing left: wait for
 * the reset; then a single request asks what there is now, as a sliding window gives back only a part.
 */
function budgetReadyAt({ known, inFlight }: Family, now: number): number {
  if (known === null || known.remaining - inFlight > 0) return now;
  if (inFlight > 0) return Number.POSITIVE_INFINITY;
  return known.resetAt;
}

/**
 * Answers overtake one another. Within one window what is left only falls, so the lowest word is the latest; a later
 * reset is a later word, and an earlier one is old news.
 */
function reconcile(known: RateBudget | null, said: RateBudget, now: number): RateBudget {
  if (known === null || said.resetAt > known.resetAt || now >= known.resetAt) return said;
  if (said.resetAt < known.resetAt || said.remaining >= known.remaining) return known;
  return said;
}

/** An answer that tells no budget: it may have cost a request; after the reset, a good one means there is no limit any more. */
function withoutWord(known: RateBudget | null, now: number, outcome: "good" | "bad"): RateBudget | null {
  if (known === null) return null;
  if (now >= known.resetAt && outcome === "good") return null;
  return { ...known, remaining: Math.max(0, known.remaining - 1) };
}
