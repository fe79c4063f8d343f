import type { Clock } from "../clock.ts";
import { createConnectionPool } from "./connection-pool.ts";
import { HttpError } from "./errors.ts";
import { HostQueue, type OnWait } from "./host-queue.ts";
import type { HostPolicy, HttpClient, HttpRequest, HttpResponse } from "./http.ts";
import type { HostPause } from "./rate-headers.ts";
import { followRedirect } from "./redirect.ts";
import { type FinalResponse, type OutgoingRequest, type SendResult, toOutgoing } from "./request.ts";
import { cancelledError, statusError } from "./request-errors.ts";
import { type RetryState, retryDelay } from "./retry.ts";
import { Shutdown } from "./shutdown.ts";
import { sendOnce } from "./transport.ts";

export interface HttpOptions {
  readonly clock: Clock;
  /** The most requests in flight to one host. */
  readonly concurrency: number;
  /** Cancels all requests: those that wait and GETs at once, writes in flight after 3 s. */
  readonly signal?: AbortSignal;
  /** Called when a host delays its requests by a second or more. */
  readonly onWait?: OnWait;
  /** For the response headers, and between two chunks of the body. Default: 30,000. */
  readonly timeoutMs?: number;
  /** Has HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Default: no proxy. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Returns the known limits of a host (written as in `counts`). */
  readonly policy?: (host: string) => HostPolicy;
}

const TIMEOUT_MS = 30_000;

/** Creates the HTTP client of a run. Throws Fault `input` for an invalid proxy in the environment. */
export function createHttpClient(options: HttpOptions): HttpClient {
  const { clock, concurrency, timeoutMs = TIMEOUT_MS, environment = {} } = options;
  const pool = createConnectionPool(concurrency, timeoutMs, environment);
  const queues = new Map<string, HostQueue>();
  const counts = new Map<string, number>();
  const shutdown = new Shutdown(clock, options.signal);
  shutdown.signal.addEventListener("abort", () => {
    for (const queue of queues.values()) queue.cancel(shutdown.signal.reason);
  });

  function queueOf(host: string): HostQueue {
    const known = queues.get(host);
    if (known !== undefined) return known;
    const queue = new HostQueue(host, concurrency, options.policy?.(host) ?? {}, clock, options.onWait);
    queues.set(host, queue);
    return queue;
  }

  async function attempt(
    request: OutgoingRequest,
    queue: HostQueue,
    isRetry: boolean,
  ): Promise<{ readonly result: SendResult; readonly pause: HostPause | null }> {
    const dispatcher = await pool.open();
    const cancelled = () => cancelledError(request, isRetry ? "before a retry" : "unsent", shutdown.signal.reason);
    if (shutdown.signal.aborted) throw cancelled();
    const slot = await queue.acquire(request, isRetry);
    if (shutdown.signal.aborted) {
      queue.release(slot, null);
      throw cancelled();
    }
    counts.set(request.url.host, (counts.get(request.url.host) ?? 0) + 1);
    const signal = shutdown.signalFor(request.method);
    const result = await sendOnce(dispatcher, request, signal, timeoutMs);
    const failed = result instanceof HttpError;
    const isLimited = !failed && request.classify(result) === "rate limit";
    const pause = queue.release(slot, failed ? null : { ...result, ...(isLimited ? { status: 429 } : {}) });
    if (failed && signal.aborted) throw cancelledError(request, "in flight", result);
    return { result, pause };
  }

  async function sendWithRetries(request: OutgoingRequest): Promise<FinalResponse> {
    const queue = queueOf(request.url.host);
    const state: RetryState = { failures: 0, rateLimits: 0, rateLimitedSince: Number.POSITIVE_INFINITY };
    for (let attempts = 1; ; attempts += 1) {
      const { result, pause } = await attempt(request, queue, attempts > 1);
      const delay = retryDelay(request, result, pause, state, clock);
      if (delay === null || shutdown.signal.aborted) {
        if (result instanceof HttpError) throw result;
        return { response: result, attempts, rateLimited: pause !== null };
      }
      if (delay === 0) continue;
      await clock.sleep(delay, shutdown.signal).catch((reason: unknown) => {
        throw cancelledError(request, "before a retry", reason);
      });
    }
  }

  async function send(request: HttpRequest): Promise<HttpResponse> {
    let outgoing = toOutgoing(request);
    for (let redirects = 0; ; redirects += 1) {
      const final = await sendWithRetries(outgoing);
      const { status, headers, body } = final.response;
      // A rate limit with status 403 must not look like a missing permission.
      const isExpected = outgoing.expected.includes(status) && !(final.rateLimited && status === 403);
      if (isExpected) return { status, headers, body, url: outgoing.url };
      const next = followRedirect(outgoing, final.response, redirects);
      if (next === null) throw statusError(outgoing, final);
      outgoing = next;
    }
  }

  return {
    send,
    counts: () => Object.fromEntries(counts),
    budget: (host) => queues.get(host)?.budget() ?? null,
    async close() {
      shutdown.close();
      await pool.close();
    },
  };
}
