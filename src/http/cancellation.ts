import type { Clock } from "../clock.ts";
import type { HttpRequest } from "./http.ts";
import { Flight } from "./receive.ts";

/** How long a DELETE, POST or PUT that is in flight may take to end: to cut it off would hide what it did. */
const GRACE_MS = 3_000;

const CUT_OFF = new Error("cut off, as the run was cancelled");

/** What a cancelled job does to its requests. */
export class Cancellation {
  readonly #waits = new AbortController();
  readonly #reads = new Flight();
  readonly #writes = new Flight();
  readonly #closed = new AbortController();
  readonly #clock: Clock;
  readonly #outer: AbortSignal | undefined;
  readonly #onCancel: (reason: unknown) => void;
  readonly #listener = (): void => this.#cancel();

  constructor(clock: Clock, outer: AbortSignal | undefined, onCancel: (reason: unknown) => void) {
    this.#clock = clock;
    this.#outer = outer;
    this.#onCancel = onCancel;
    if (outer?.aborted) this.#cancel();
    else outer?.addEventListener("abort", this.#listener, { once: true });
  }

  get cancelled(): boolean {
    return this.#waits.signal.aborted;
  }

  get reason(): unknown {
    return this.#waits.signal.reason;
  }

  /** Those with which a request of `method` is cut off. */
  flightOf(method: HttpRequest["method"]): Flight {
    return method === "GET" || method === "HEAD" ? this.#reads : this.#writes;
  }

  /** Sleeps, and rejects as soon as the job is cancelled. */
  sleep(ms: number): Promise<void> {
    return this.#clock.sleep(ms, this.#waits.signal);
  }

  /** Cuts off everything now, writes too, and leaves no timer behind. */
  close(): void {
    this.#outer?.removeEventListener("abort", this.#listener);
    if (!this.cancelled) this.#stopReads(new Error("the HTTP client was closed"));
    this.#writes.cut(CUT_OFF);
    this.#closed.abort();
  }

  #cancel(): void {
    this.#stopReads(this.#outer?.reason);
    this.#clock.sleep(GRACE_MS, this.#closed.signal).then(
      () => this.#writes.cut(CUT_OFF),
      () => undefined,
    );
  }

  #stopReads(reason: unknown): void {
    this.#waits.abort(reason);
    this.#reads.cut(CUT_OFF);
    this.#onCancel(reason);
  }
}
