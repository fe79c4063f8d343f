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
  const chunks: Buffer[] = [];
  let controller: Dispatcher.DispatchController | null = null;
  let head: Omit<RawResponse, "body"> = { status: 0, headers: {} };
  let size = 0;
  let startedAt = 0;

  function abortIfSlow(): void {
    if (monotonicMs() - startedAt > limits.timeoutMs) controller?.abort(new TooSlowError());
  }

  return new Promise((resolve, reject) => {
    /** Rejects at once. If the request waits for a connection, undici is notified when it has one. */
    function onAbort(): void {
      if (controller === null) reject(ABORTED);
      else controller.abort(ABORTED);
    }
    signal.addEventListener("abort", onAbort, { once: true });
    dispatcher.dispatch(request, {
      onRequestStart(started) {
        controller = started;
        startedAt = monotonicMs();
        if (signal.aborted) controller.abort(ABORTED);
      },
      onResponseStart(_, status, headers) {
        // A 1xx response precedes the real one.
        if (status < 200) return abortIfSlow();
        head = { status, headers };
        startedAt = monotonicMs();
      },
      onResponseData(_, chunk) {
        size += chunk.length;
        chunks.push(chunk);
        if (size > limits.maxBytes(head.status)) controller?.abort(new TooLargeError());
        else abortIfSlow();
      },
      onResponseEnd() {
        signal.removeEventListener("abort", onAbort);
        resolve({ ...head, body: Buffer.concat(chunks) });
      },
      onResponseError(_, error) {
        signal.removeEventListener("abort", onAbort);
        reject(error);
      },
    });
  });
}

/** Sockets do not follow the clock of tests. Unlike `performance.now()`, `uptime()` loads no further module of Node. */
function monotonicMs(): number {
  return process.uptime() * 1_000;
}
