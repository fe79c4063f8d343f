import { setMaxListeners } from "node:events";
import type { Clock } from "../clock.ts";
import type { HttpRequest } from "./http.ts";

/** How long a DELETE, POST or PUT that is in flight may take to end: to cut it off would hide what it did. */
export const GRACE_MS = 3_000;

/** What a cancelled job does to its requests. */
export class Cancellation {
  readonly #reads = new AbortController();
  readonly #writes = new AbortController();
  readonly #closed = new AbortController();
  readonly #clock: Clock;
  readonly #outer: AbortSignal | undefined;
  readonly #onCancel: (reason: unknown) => void;
  readonly #listener = (): void => this.#cancel();

  constructor(clock: Clock, outer: AbortSignal | undefined, onCancel: (reason: unknown) => void) {
    this.#clock = clock;
    this.#outer = outer;
    this.#onCancel = onCancel;
    // One listener for each request in flight is no leak.
    setMaxListeners(0, this.#reads.signal, this.#writes.signal);
    if (outer?.aborted) this.#cancel();
    else outer?.addEventListener("abort", this.#listener, { once: true });
  }

  get cancelled(): boolean {
    return this.#reads.signal.aborted;
  }

  get reason(): unknown {
    return this.#reads.signal.reason;
  }

  /** What cuts off a request of `method` that is in flight. */
  signalFor(method: HttpRequest["method"]): AbortSignal {
    return method === "GET" || method === "HEAD" ? this.#reads.signal : this.#writes.signal;
  }

  /** Sleeps, and rejects as soon as the job is cancelled. */
  sleep(ms: number): Promise<void> {
    return this.#clock.sleep(ms, this.#reads.signal);
  }

  /** Cuts off everything now, writes too, and leaves no timer behind. */
  close(): void {
    this.#outer?.removeEventListener("abort", this.#listener);
    if (!this.cancelled) this.#stopReads(new Error("the HTTP client was closed"));
    this.#writes.abort(this.reason);
    this.#closed.abort();
  }

  #cancel(): void {
    this.#stopReads(this.#outer?.reason);
    this.#clock.sleep(GRACE_MS, this.#closed.signal).then(
      () => this.#writes.abort(this.reason),
      () => undefined,
    );
  }

  #stopReads(reason: unknown): void {
    this.#reads.abort(reason);
    this.#onCancel(reason);
  }
}
