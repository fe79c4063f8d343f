import Queue from "yocto-queue";
import type { Clock } from "../clock.ts";
import type { HostPolicy, RateBudget } from "./http.ts";
import { type HostPause, readBudget, readPause } from "./rate-headers.ts";
import { RateLimiter, type RequestCost } from "./rate-limiter.ts";
import { isRead, type OutgoingRequest, type ReceivedResponse } from "./request.ts";
import { cancelledError, expiredError, hostUnavailableError } from "./request-errors.ts";

export type OnWait = (wait: { readonly host: string; readonly ms: number; readonly reason: string }) => void;

/** A host's permission to send one request now. `release` ends it. */
interface Slot {
  readonly cost: RequestCost;
  /** The host's pauses before the request was sent. */
  readonly pausesBefore: number;
}

interface Waiting {
  readonly request: OutgoingRequest;
  readonly isRetry: boolean;
  readonly cost: RequestCost;
  readonly resolve: (slot: Slot) => void;
  readonly reject: (error: unknown) => void;
}

/** The longest time that a host may delay a run: waiting for longer costs more runner time than another run. */
const MAX_WAIT_MS = 300_000;
/** Shorter waits are not logged. */
const MIN_LOGGED_WAIT_MS = 1_000;

/**
 * The queue of one host: limits the requests in flight, and delays them as its rate limits demand. After a pause one
 * request is sent first, and each successful response allows one more at the same time.
 */
export class HostQueue {
  readonly #host: string;
  readonly #clock: Clock;
  readonly #onWait: OnWait | undefined;
  readonly #limiter: RateLimiter;
  readonly #costOf: HostPolicy["cost"];
  readonly #maxInFlight: number;
  /** Retries are sent before new requests, because they have already waited. */
  readonly #retries = new Queue<Waiting>();
  readonly #new = new Queue<Waiting>();
  /** A lower bound for the `sendBy` of the waiting requests. */
  #earliestSendBy = Number.POSITIVE_INFINITY;
  #allowedInFlight: number;
  #inFlight = 0;
  #pauses = 0;
  #timer: { readonly at: number; readonly abort: AbortController } | null = null;

  constructor(host: string, concurrency: number, policy: HostPolicy, clock: Clock, onWait?: OnWait) {
    this.#host = host;
    this.#clock = clock;
    this.#onWait = onWait;
    this.#limiter = new RateLimiter(policy);
    this.#costOf = policy.cost;
    this.#maxInFlight = Math.max(1, Math.min(concurrency, policy.maxInFlight ?? concurrency));
    this.#allowedInFlight = this.#maxInFlight;
  }

  budget(): RateBudget | null {
    return this.#limiter.budget();
  }

  /** Waits until the request may be sent. Throws HttpError. */
  acquire(request: OutgoingRequest, isRetry: boolean): Promise<Slot> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ request, isRetry, cost: this.#cost(request), resolve, reject });
      this.#admitWaiting();
    });
  }

  /** Ends a slot. `response` is null if there is none. Returns the pause that the response demands from the host's requests. */
  release({ cost, pausesBefore }: Slot, response: ReceivedResponse | null): HostPause | null {
    const now = this.#clock.now();
    const pause = response && readPause(response, now, this.#limiter.consecutivePauses, this.#clock.random);
    const succeeded = response !== null && pause === null && response.status < 500;
    // With retry-after the headers can be about another window: DigitalOcean's minute limit sends the hour's headers.
    const hasBudget = response !== null && !(pause !== null && "retry-after" in response.headers);
    const budget = hasBudget ? readBudget(response.headers, now) : null;
    this.#limiter.finished(now, cost, budget, succeeded ? "success" : "failure");
    this.#inFlight -= 1;
    const isCurrent = pausesBefore === this.#pauses;
    if (pause !== null) {
      this.#limiter.pause(pause, isCurrent ? "as new" : "as the same");
      if (isCurrent) this.#pauses += 1;
      this.#allowedInFlight = 1;
    } else if (succeeded && isCurrent && this.#allowedInFlight < this.#maxInFlight) {
      this.#allowedInFlight += 1;
    }
    this.#admitWaiting();
    return pause;
  }

  /** Rejects all waiting requests because the run was cancelled. */
  cancel(reason: unknown): void {
    this.#rejectAll(({ request, isRetry }) => cancelledError(request, isRetry ? "before a retry" : "unsent", reason));
  }

  #cost({ method, url: { pathname } }: OutgoingRequest): RequestCost {
    // A GraphQL query is a POST, but costs as much as a GET (GitHub's docs, "Rate limits for the GraphQL API").
    if (pathname.endsWith("/graphql")) return { api: "graphql", points: 1, isWrite: false };
    return { api: "rest", points: this.#costOf?.(method) ?? 1, isWrite: !isRead(method) };
  }

  #enqueue(waiting: Waiting): void {
    (waiting.isRetry ? this.#retries : this.#new).enqueue(waiting);
    this.#earliestSendBy = Math.min(this.#earliestSendBy, waiting.request.sendBy);
  }

  #admitWaiting(): void {
    for (;;) {
      const queue = this.#retries.size > 0 ? this.#retries : this.#new;
      const first = queue.peek();
      if (first === undefined) {
        this.#stopTimer();
        return;
      }
      // With two readings of the clock, a time between them would set no timer.
      const now = this.#clock.now();
      const readyAt = this.#limiter.readyAt(now, first.cost);
      if (this.#rejectExpired(readyAt === Number.POSITIVE_INFINITY ? now : Math.max(now, readyAt))) continue;
      if (readyAt > now || this.#inFlight >= this.#allowedInFlight) {
        this.#waitUntil(readyAt, now, first.cost);
        return;
      }
      queue.dequeue();
      this.#inFlight += 1;
      this.#limiter.sent(now, first.cost);
      first.resolve({ cost: first.cost, pausesBefore: this.#pauses });
    }
  }

  /** Rejects the requests that cannot be sent in time, because nothing is sent before `at`. Returns whether there were any. */
  #rejectExpired(at: number): boolean {
    if (at <= this.#earliestSendBy) return false;
    this.#earliestSendBy = Number.POSITIVE_INFINITY;
    const all = [...this.#retries.drain(), ...this.#new.drain()];
    const expired = all.filter(({ request }) => request.sendBy < at);
    for (const { request, reject } of expired) reject(expiredError(request));
    for (const waiting of all) if (waiting.request.sendBy >= at) this.#enqueue(waiting);
    return expired.length > 0;
  }

  #waitUntil(at: number, now: number, cost: RequestCost): void {
    // The next response, not time, will admit the request.
    if (at <= now || at === Number.POSITIVE_INFINITY) return;
    const ms = at - now;
    const reason = this.#limiter.reason(now, cost);
    if (ms > MAX_WAIT_MS + MIN_LOGGED_WAIT_MS) {
      this.#rejectAll(({ request, isRetry }) => hostUnavailableError(request, isRetry, { at, now, reason }));
      return;
    }
    if (this.#timer?.at === at) return;
    this.#stopTimer();
    if (ms >= MIN_LOGGED_WAIT_MS) this.#onWait?.({ host: this.#host, ms, reason });
    const timer = { at, abort: new AbortController() };
    this.#timer = timer;
    this.#clock.sleep(ms, timer.abort.signal).then(
      () => {
        if (this.#timer === timer) this.#timer = null;
        this.#admitWaiting();
      },
      () => undefined,
    );
  }

  #rejectAll(errorFor: (waiting: Waiting) => unknown): void {
    for (const waiting of [...this.#retries.drain(), ...this.#new.drain()]) waiting.reject(errorFor(waiting));
    this.#stopTimer();
  }

  #stopTimer(): void {
    this.#timer?.abort.abort();
    this.#timer = null;
  }
}
