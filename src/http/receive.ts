import type { Dispatcher } from "undici";
import { TooLargeError } from "./decompress.ts";

/** A response as received, with its body still compressed. */
interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

interface ReceiveLimits {
  /** Returns the largest compressed body of a response with `status`, in bytes. */
  readonly maxBytes: (status: number) => number;
  /**
   * The most time for the body after its headers, and for 1xx responses before them. Undici limits only the time between
   * two chunks or two 1xx responses.
   */
  readonly timeoutMs: number;
}

/** A response that never ends: its data is too slow to be useful. */
export class TooSlowError extends Error {}

const ABORTED = new Error("the request was aborted");

/** Sends a request and reads the complete response. Unlike undici's `request()`, it limits the body as it arrives. */
export function receive(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  limits: ReceiveLimits,
  signal: AbortSignal,
): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(request, new Receiver(limits, signal, resolve, reject));
  });
}

class Receiver implements Dispatcher.DispatchHandler {
  readonly #limits: ReceiveLimits;
  readonly #signal: AbortSignal;
  readonly #resolve: (response: RawResponse) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #headers: RawResponse["headers"] = {};
  #size = 0;
  #maxBytes = 0;
  #startedAt = 0;
  /** Rejects at once. If the request waits for a connection, undici is notified when it has one. */
  readonly #onAbort = (): void => {
    if (this.#controller === null) this.onResponseError(null, ABORTED);
    else this.#controller.abort(ABORTED);
  };

  constructor(
    limits: ReceiveLimits,
    signal: AbortSignal,
    resolve: (response: RawResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.#limits = limits;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal.addEventListener("abort", this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#startedAt = monotonicMs();
    if (this.#signal.aborted) controller.abort(ABORTED);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: RawResponse["headers"]): void {
    // A 1xx response precedes the real one.
    if (status < 200) {
      this.#abortIfSlow(controller);
      return;
    }
    this.#status = status;
    this.#headers = headers;
    this.#maxBytes = this.#limits.maxBytes(status);
    this.#startedAt = monotonicMs();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    this.#chunks.push(chunk);
    if (this.#size > this.#maxBytes) controller.abort(new TooLargeError());
    else this.#abortIfSlow(controller);
  }

  onResponseEnd(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    const [only] = this.#chunks;
    const body = only !== undefined && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks, this.#size);
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#reject(error);
  }

  #abortIfSlow(controller: Dispatcher.DispatchController): void {
    if (monotonicMs() - this.#startedAt > this.#limits.timeoutMs) controller.abort(new TooSlowError());
  }
}

/** Sockets do not follow the clock of tests. Unlike `performance.now()`, `uptime()` loads no further module of Node. */
function monotonicMs(): number {
  return process.uptime() * 1_000;
}
