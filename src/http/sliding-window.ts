/**
 * A limit of points in any period of time, counted on the client's side.
 *
 * Only the server knows when it counted a request. Here a request counts from the moment it is sent until a full period
 * after its response, so no period on the server's clock contains more points than the limit.
 */
export class SlidingWindow {
  readonly limit: number;
  readonly #periodMs: number;
  /** Finished requests, oldest first. Those before `#head` are no longer in the window. */
  readonly #times: number[] = [];
  readonly #points: number[] = [];
  #head = 0;
  #finished = 0;
  #inFlight = 0;

  constructor(limit: number, periodMs: number) {
    this.limit = Math.max(1, limit);
    this.#periodMs = periodMs;
  }

  /** Returns when `points` fit in, in milliseconds since the epoch; Infinity: only after another response. */
  readyAt(now: number, points: number): number {
    this.#removeOld(now);
    const excess = this.#finished + this.#inFlight + this.#capped(points) - this.limit;
    if (excess <= 0) return now;
    let freed = 0;
    for (let i = this.#head; i < this.#times.length; i += 1) {
      freed += this.#points[i] ?? 0;
      if (freed >= excess) return (this.#times[i] ?? now) + this.#periodMs + 1;
    }
    return Number.POSITIVE_INFINITY;
  }

  sent(points: number): void {
    this.#inFlight += this.#capped(points);
  }

  finished(now: number, points: number): void {
    const capped = this.#capped(points);
    this.#inFlight -= capped;
    this.#finished += capped;
    const last = this.#times.length - 1;
    const lastTime = this.#times[last];
    if (lastTime !== undefined && last >= this.#head && now <= lastTime) {
      this.#points[last] = (this.#points[last] ?? 0) + capped;
      return;
    }
    this.#times.push(now);
    this.#points.push(capped);
  }

  /** A request with more points than the limit would wait forever. It counts as the full limit. */
  #capped(points: number): number {
    return Math.min(points, this.limit);
  }

  #removeOld(now: number): void {
    for (let time = this.#times[this.#head]; time !== undefined; time = this.#times[this.#head]) {
      if (now - time <= this.#periodMs) break;
      this.#finished -= this.#points[this.#head] ?? 0;
      this.#head += 1;
    }
    // Removing half of the array at a time moves each entry once on average.
    if (this.#head > 1_000 && this.#head * 2 > this.#times.length) {
      this.#times.splice(0, this.#head);
      this.#points.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
