import type { Dispatcher } from "undici";
import { TooLarge, TooSlow } from "./body.ts";

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
}

/** How much of an answer is read. */
export interface ReceiveLimits {
  /** The largest body for a status, in bytes as sent. */
  readonly maxBytes: (status: number) => number;
  /**
   * A body that is not there this long after its headers is given up, and so is an answer of which nothing but 1xx came in
   * this time. Undici itself only watches the pause between two of them, or between two chunks.
   */
  readonly withinMs: number;
}

/** All requests that are cut off together. */
export class Flight {
  readonly #aboard = new Set<Receiver>();
  #cut: { readonly reason: Error } | null = null;

  get isCut(): boolean {
    return this.#cut !== null;
  }

  join(receiver: Receiver): void {
    this.#aboard.add(receiver);
    if (this.#cut !== null) receiver.cut(this.#cut.reason);
  }

  part(receiver: Receiver): void {
    this.#aboard.delete(receiver);
  }

  cut(reason: Error): void {
    this.#cut ??= { reason };
    for (const receiver of [...this.#aboard]) receiver.cut(reason);
  }
}

/**
 * Sends a request and reads its answer to the end. What `request()` of undici does, less the stream in between: the body
 * is wanted whole, and its limit is watched as it comes.
 */
export function receive(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  limits: ReceiveLimits,
  flight: Flight,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(request, new Receiver(limits, flight, resolve, reject));
  });
}

class Receiver implements Dispatcher.DispatchHandler {
  readonly #limits: ReceiveLimits;
  readonly #flight: Flight;
  readonly #resolve: (answer: RawAnswer) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | null = null;
  #cutFor: Error | null = null;
  #status = 0;
  #headers: RawAnswer["headers"] = {};
  #size = 0;
  #maxBytes = 0;
  #startedAt = 0;

  constructor(
    limits: ReceiveLimits,
    flight: Flight,
    resolve: (answer: RawAnswer) => void,
    reject: (error: Error) => void,
  ) {
    this.#limits = limits;
    this.#flight = flight;
    this.#resolve = resolve;
    this.#reject = reject;
    flight.join(this);
  }

  /** Ends it wherever it is. While it waits for a connection it ends here, and undici hears of it when it has one. */
  cut(reason: Error): void {
    this.#cutFor = reason;
    if (this.#controller !== null) this.#controller.abort(reason);
    else this.onResponseError(null, reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // The machine's own time, as for undici's timeouts: a socket does not know of the clock that is handed in.
    this.#startedAt = performance.now();
    if (this.#cutFor !== null) controller.abort(this.#cutFor);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: RawAnswer["headers"]): void {
    // 1xx come before the answer.
    if (status < 200) {
      this.#abortIfLate(controller);
      return;
    }
    this.#status = status;
    this.#headers = headers;
    this.#maxBytes = this.#limits.maxBytes(status);
    this.#startedAt = performance.now();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    this.#chunks.push(chunk);
    if (this.#size > this.#maxBytes) controller.abort(new TooLarge());
    else this.#abortIfLate(controller);
  }

  #abortIfLate(controller: Dispatcher.DispatchController): void {
    if (performance.now() - this.#startedAt > this.#limits.withinMs) controller.abort(new TooSlow());
  }

  onResponseEnd(): void {
    this.#flight.part(this);
    const [only] = this.#chunks;
    const bytes = only !== undefined && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks, this.#size);
    this.#resolve({ status: this.#status, headers: this.#headers, bytes });
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    this.#flight.part(this);
    this.#reject(error);
  }
}
