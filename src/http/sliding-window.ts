import Queue from "yocto-queue";

/**
 * A limit of points in any period of time, counted on the client's side.
 *
 * Only the server knows when it counted a request. Here a request counts from the moment it is sent until a full period
 * after its response, so no period on the server's clock contains more points than the limit.
 */
export class SlidingWindow {
  readonly limit: number;
  readonly #periodMs: number;
  /** Finished requests in the window, oldest first. */
  readonly #requests = new Queue<{ readonly time: number; readonly points: number }>();
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
    for (const { time, points: finished } of this.#requests) {
      freed += finished;
      if (freed >= excess) return time + this.#periodMs + 1;
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
    this.#requests.enqueue({ time: now, points: capped });
  }

  /** A request with more points than the limit would wait forever. It counts as the full limit. */
  #capped(points: number): number {
    return Math.min(points, this.limit);
  }

  #removeOld(now: number): void {
    for (let oldest = this.#requests.peek(); oldest !== undefined; oldest = this.#requests.peek()) {
      if (now - oldest.time <= this.#periodMs) return;
      this.#finished -= oldest.points;
      this.#requests.dequeue();
    }
  }
}
