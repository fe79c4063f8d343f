/**
 * A limit of points in any span of time, kept without asking anybody.
 *
 * A request counts from the moment it is sent until a whole span after its answer came. Only the server knows when, in
 * between, it counted the request; so no span of the server's clock can hold more than the limit.
 */
export class SlidingWindow {
  readonly limit: number;
  readonly #spanMs: number;
  /** Answered requests, oldest first: when, and how many points. Those before `#head` have left the window. */
  readonly #times: number[] = [];
  readonly #points: number[] = [];
  #head = 0;
  #answered = 0;
  #inFlight = 0;

  constructor(limit: number, spanMs: number) {
    this.limit = Math.max(1, limit);
    this.#spanMs = spanMs;
  }

  /** When `points` fit in, in milliseconds since the epoch: `now`, later, or Infinity: not before an answer came. */
  readyAt(now: number, points: number): number {
    this.#expire(now);
    const missing = this.#answered + this.#inFlight + this.#price(points) - this.limit;
    if (missing <= 0) return now;
    let freed = 0;
    for (let i = this.#head; i < this.#times.length; i += 1) {
      freed += this.#points[i] ?? 0;
      if (freed >= missing) return (this.#times[i] ?? now) + this.#spanMs + 1;
    }
    return Number.POSITIVE_INFINITY;
  }

  sent(points: number): void {
    this.#inFlight += this.#price(points);
  }

  answered(now: number, points: number): void {
    const price = this.#price(points);
    this.#inFlight -= price;
    this.#answered += price;
    const last = this.#times.length - 1;
    const lastTime = this.#times[last];
    if (lastTime !== undefined && last >= this.#head && now <= lastTime) {
      this.#points[last] = (this.#points[last] ?? 0) + price;
      return;
    }
    this.#times.push(now);
    this.#points.push(price);
  }

  /** What costs more than the whole limit would wait for ever: it takes the whole limit. */
  #price(points: number): number {
    return Math.min(points, this.limit);
  }

  #expire(now: number): void {
    for (let time = this.#times[this.#head]; time !== undefined; time = this.#times[this.#head]) {
      if (now - time <= this.#spanMs) break;
      this.#answered -= this.#points[this.#head] ?? 0;
      this.#head += 1;
    }
    // Cut in halves, not one by one: every entry is moved once at most, on average.
    if (this.#head > 1_000 && this.#head * 2 > this.#times.length) {
      this.#times.splice(0, this.#head);
      this.#points.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
