import type { Clock } from "../clock.ts";
import type { HttpRequest } from "./http.ts";
import { isRead } from "./request.ts";

/** How long writes in flight may take to end. Aborting one would hide whether it succeeded. */
const GRACE_PERIOD_MS = 3_000;

/** Ends requests when the run is cancelled: reads at once, writes after a grace period. */
export class Shutdown {
  readonly #clock: Clock;
  readonly #run: AbortSignal | undefined;
  readonly #reads = new AbortController();
  readonly #writes = new AbortController();
  readonly #onAbort = (): void => this.#start();

  /** @param run aborted when the run is cancelled */
  constructor(clock: Clock, run: AbortSignal | undefined) {
    this.#clock = clock;
    this.#run = run;
    if (run?.aborted) this.#start();
    else run?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Aborted from the start of the shutdown: nothing may be sent any more. */
  get signal(): AbortSignal {
    return this.#reads.signal;
  }

  /** Aborts requests in flight. */
  signalFor(method: HttpRequest["method"]): AbortSignal {
    return isRead(method) ? this.#reads.signal : this.#writes.signal;
  }

  /** Aborts everything now, also writes, and leaves no timer behind. */
  close(): void {
    this.#run?.removeEventListener("abort", this.#onAbort);
    this.#reads.abort(new Error("the HTTP client was closed"));
    this.#writes.abort();
  }

  #start(): void {
    this.#reads.abort(this.#run?.reason);
    this.#clock.sleep(GRACE_PERIOD_MS, this.#writes.signal).then(
      () => this.#writes.abort(),
      () => undefined,
    );
  }
}
