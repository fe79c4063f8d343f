import type { Clock } from "../clock.ts";
import type { HostPolicy, RateBudget } from "./http.ts";
import { type Fare, Pacing } from "./pacing.ts";
import { Queue } from "./queue.ts";
import { LONGEST_WAIT_MS, type RateAnswer, readBudget, type Throttle, throttleOf } from "./rate-limit.ts";

export type OnWait = (wait: { readonly host: string; readonly ms: number; readonly reason: string }) => void;

/** A host that would make the run wait for too long. */
export class HostRefusal extends Error {
  /** Milliseconds since the epoch. */
  readonly until: number;

  constructor(until: number, reason: string) {
    super(reason);
    this.name = "HostRefusal";
    this.until = until;
  }
}

/** One request's place at its host. */
export interface Ticket {
  readonly fare: Fare;
  /** The host's pauses so far, when the request was sent. */
  pauses: number;
}

interface Waiting {
  readonly ticket: Ticket;
  readonly go: () => void;
  readonly fail: (error: unknown) => void;
}

/** Waits shorter than this are not worth a line in the log. */
const WORTH_TELLING_MS = 1_000;

/**
 * The gate of one host: how many requests are in flight, who is next, and when. A refusal (429 and its kin) closes it for
 * everybody; after that one request goes first, and each good answer lets one more in, so that nobody stampedes.
 */
export class HostGate {
  readonly #host: string;
  readonly #clock: Clock;
  readonly #onWait: OnWait | undefined;
  readonly #pacing: Pacing;
  readonly #cost: HostPolicy["cost"];
  readonly #most: number;
  /** Requests that are repeated go before new ones: they have waited already. */
  readonly #lines = { repeat: new Queue<Waiting>(), new: new Queue<Waiting>() };
  #allowed: number;
  #inFlight = 0;
  #pauses = 0;
  #alarm: { readonly at: number; readonly off: AbortController } | null = null;

  constructor(host: string, concurrency: number, policy: HostPolicy, clock: Clock, onWait?: OnWait) {
    this.#host = host;
    this.#clock = clock;
    this.#onWait = onWait;
    this.#pacing = new Pacing(policy);
    this.#cost = policy.cost;
    this.#most = Math.max(1, Math.min(concurrency, policy.maxInFlight ?? concurrency));
    this.#allowed = this.#most;
  }

  ticket(method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE", path: string): Ticket {
    const family = path.endsWith("/graphql") ? "graphql" : "rest";
    const writes = method !== "GET" && method !== "HEAD" && family === "rest";
    // A query costs GitHub's GraphQL one point, though it is a POST.
    const points = family === "graphql" ? 1 : (this.#cost?.(method) ?? 1);
    return { fare: { family, writes, points }, pauses: 0 };
  }

  budget(family?: Fare["family"]): RateBudget | null {
    return this.#pacing.budget(family);
  }

  /** Takes a place in the host's flight: null: at once; else the promise of it. Rejects with HostRefusal. */
  enter(ticket: Ticket, line: "new" | "repeat"): Promise<void> | null {
    const free = this.#lines.repeat.size === 0 && (line === "repeat" || this.#lines.new.size === 0);
    if (free && this.#admit(ticket, this.#clock.now())) return null;
    return new Promise((go, fail) => {
      this.#lines[line].push({ ticket, go, fail });
      this.#serve();
    });
  }

  /** Gives the place back. What the answer says of limits holds for the whole host; the throttle is told to the caller. */
  leave(ticket: Ticket, answer: RateAnswer | null): Throttle | null {
    const now = this.#clock.now();
    const throttle = answer && throttleOf(answer, now, this.#pacing.level, this.#clock.random);
    const good = answer !== null && throttle === null && answer.status < 500;
    // With retry-after the headers may tell of another window (DigitalOcean's minute burst says "remaining: 0").
    const silent = answer === null || (throttle !== null && "retry-after" in answer.headers);
    this.#pacing.answered(now, ticket.fare, silent ? null : readBudget(answer.headers, now), good ? "good" : "bad");
    this.#inFlight -= 1;
    if (throttle !== null) {
      const sameBurst = ticket.pauses !== this.#pauses;
      this.#pacing.pause(throttle, sameBurst ? "same" : "first");
      if (!sameBurst) this.#pauses += 1;
      this.#allowed = 1;
    } else if (good && this.#allowed < this.#most && ticket.pauses === this.#pauses) {
      this.#allowed += 1;
    }
    this.#serve();
    return throttle;
  }

  /** Turns away all who wait, with the error that `make` gives. */
  close(error: unknown): void {
    for (const waiting of this.#all()) waiting.fail(error);
    this.#silence();
  }

  #admit(ticket: Ticket, now: number): boolean {
    if (this.#inFlight >= this.#allowed || this.#pacing.readyAt(now, ticket.fare) > now) return false;
    this.#inFlight += 1;
    ticket.pauses = this.#pauses;
    this.#pacing.sent(now, ticket.fare);
    return true;
  }

  /** Lets in all who may, then sets the alarm for the next one. */
  #serve(): void {
    for (;;) {
      const line = this.#lines.repeat.size > 0 ? this.#lines.repeat : this.#lines.new;
      const next = line.peek();
      if (next === undefined) {
        this.#silence();
        return;
      }
      // One look at the clock for both: time that passed between two would be waited for by nobody.
      const now = this.#clock.now();
      if (!this.#admit(next.ticket, now)) {
        this.#waitFor(next.ticket, now);
        return;
      }
      line.shift();
      next.go();
    }
  }

  #waitFor(ticket: Ticket, now: number): void {
    const at = this.#pacing.readyAt(now, ticket.fare);
    // Not a question of time: an answer will open the gate.
    if (at <= now || at === Number.POSITIVE_INFINITY) return;
    const ms = at - now;
    const reason = this.#pacing.reason(now, ticket.fare);
    if (ms > LONGEST_WAIT_MS + WORTH_TELLING_MS) {
      this.close(new HostRefusal(at, reason));
      return;
    }
    if (this.#alarm?.at === at) return;
    this.#silence();
    if (ms >= WORTH_TELLING_MS) this.#onWait?.({ host: this.#host, ms, reason });
    const alarm = { at, off: new AbortController() };
    this.#alarm = alarm;
    this.#clock.sleep(ms, alarm.off.signal).then(
      () => {
        if (this.#alarm === alarm) this.#alarm = null;
        this.#serve();
      },
      () => undefined,
    );
  }

  *#all(): Iterable<Waiting> {
    for (const line of [this.#lines.repeat, this.#lines.new]) {
      for (let next = line.shift(); next !== undefined; next = line.shift()) yield next;
    }
  }

  #silence(): void {
    this.#alarm?.off.abort();
    this.#alarm = null;
  }
}
