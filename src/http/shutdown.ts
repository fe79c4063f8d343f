import type { Clock } from "../clock.ts";
import type { HttpRequest } from "./http.ts";
import { InFlightRequests } from "./receive.ts";

/** How long writes in flight may take to end. Aborting one would hide whether it succeeded. */
const GRACE_PERIOD_MS = 3_000;

const ABORTED = new Error("the run was cancelled");

/** Ends waits and requests when the run is cancelled: reads at once, writes after a grace period. */
export class Shutdown {
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #onStart: (reason: unknown) => void;
  readonly #reads = new InFlightRequests();
  readonly #writes = new InFlightRequests();
  readonly #waits = new AbortController();
  readonly #gracePeriod = new AbortController();
  readonly #onAbort = (): void => this.#cancel();
  #reason: { readonly value: unknown } | null = null;

  /** @param onStart called once, with the reason */
  constructor(clock: Clock, signal: AbortSignal | undefined, onStart: (reason: unknown) => void) {
    this.#clock = clock;
    this.#signal = signal;
    this.#onStart = onStart;
    if (signal?.aborted) this.#cancel();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get started(): boolean {
    return this.#reason !== null;
  }

  get reason(): unknown {
    return this.#reason?.value;
  }

  inFlight(method: HttpRequest["method"]): InFlightRequests {
    return method === "GET" ? this.#reads : this.#writes;
  }

  /** Waits, and rejects as soon as the run is cancelled. */
  sleep(ms: number): Promise<void> {
    return this.#clock.sleep(ms, this.#waits.signal);
  }

  /** Aborts everything now, also writes, and leaves no timer behind. */
  close(): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    if (!this.started) this.#start(new Error("the HTTP client was closed"));
    this.#writes.abort(ABORTED);
    this.#gracePeriod.abort();
  }

  #cancel(): void {
    this.#start(this.#signal?.reason);
    this.#clock.sleep(GRACE_PERIOD_MS, this.#gracePeriod.signal).then(
      () => this.#writes.abort(ABORTED),
      () => undefined,
    );
  }

  #start(reason: unknown): void {
    this.#reason = { value: reason };
    this.#waits.abort(reason);
    this.#reads.abort(ABORTED);
    this.#onStart(reason);
  }
}
