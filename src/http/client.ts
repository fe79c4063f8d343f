import type { Clock } from "../clock.ts";
import { Cancellation } from "./cancellation.ts";
import { createDispatcher } from "./dispatcher.ts";
import { expiry, interruption } from "./failure.ts";
import { fetchOver } from "./fetch.ts";
import { firstHop, type Hop } from "./hop.ts";
import { HostGate, HostRefusal, type OnWait, type Ticket } from "./host.ts";
import type { HostPolicy, HttpClient, HttpResponse } from "./http.ts";
import { LONGEST_WAIT_MS, type Throttle } from "./rate-limit.ts";
import { isRedirect, redirectionOf } from "./redirect.ts";
import { type Tally, verdictOn } from "./retry.ts";
import { redirectError, refusalError, type Settled, statusError } from "./status.ts";
import { exchange, type Outcome } from "./transport.ts";

export type { HostPolicy } from "./http.ts";

export interface HttpOptions {
  readonly clock: Clock;
  /** Requests in flight to one host, at most. */
  readonly concurrency: number;
  /** Cancels: nothing more is sent, GET and HEAD are cut off, writes in flight may end within 3 s. */
  readonly signal?: AbortSignal;
  /** Called when a host makes everybody wait for a second or longer. */
  readonly onWait?: OnWait;
  /** For an answer's headers, and for each pause within its body; default 30,000. */
  readonly timeoutMs?: number;
  /** Where HTTPS_PROXY, HTTP_PROXY and NO_PROXY are read; default: none. */
  readonly environment?: NodeJS.ProcessEnv;
  /** What is known of a host (as in `counts`) beforehand. */
  readonly policy?: (host: string) => HostPolicy;
  /**
   * Default `never`: a run waits for latency, not for sockets, and a broken HTTP/2 session would fail all its requests at
   * once, deletions among them.
   */
  readonly http2?: "allow" | "never";
}

const TIMEOUT_MS = 30_000;
/** Whoever asks for a DELETE has just looked whether it is right: when its turn comes later than this, it is to look again. */
const LONGEST_DELETE_WAIT_MS = 120_000;

/** The one HTTP stack of a run. Throws a Fault of kind `input` when the environment's proxies cannot be used. */
export function createHttpClient(options: HttpOptions): HttpClient {
  const { clock, concurrency, timeoutMs = TIMEOUT_MS } = options;
  const { environment = {}, http2 = "never" } = options;
  const dispatcher = createDispatcher({ connections: concurrency, timeoutMs, environment, http2 });
  const gates = new Map<string, HostGate>();
  const counts = new Map<string, number>();
  const cancellation = new Cancellation(clock, options.signal, (reason) => {
    for (const gate of gates.values()) gate.close(reason);
  });

  function gateOf(host: string): HostGate {
    let gate = gates.get(host);
    if (gate === undefined) {
      gate = new HostGate(host, concurrency, options.policy?.(host) ?? {}, clock, options.onWait);
      gates.set(host, gate);
    }
    return gate;
  }

  /** Sends `hop` once, when its host lets it in. */
  async function sendOnce(
    hop: Hop,
    gate: HostGate,
    ticket: Ticket,
    line: "new" | "repeat",
    askedAt: number,
  ): Promise<Sent> {
    const state = line === "new" ? "waiting" : "repeating";
    if (cancellation.cancelled) throw interruption(hop, state, cancellation.reason);
    const turn = gate.enter(ticket, line);
    if (turn !== null) await turn.catch((cause: unknown) => turnedAway(hop, state, cause, clock.now()));
    if (cancellation.cancelled) {
      gate.leave(ticket, null);
      throw interruption(hop, state, cancellation.reason);
    }
    const waitedMs = clock.now() - askedAt;
    if (hop.method === "DELETE" && waitedMs > LONGEST_DELETE_WAIT_MS) {
      gate.leave(ticket, null);
      throw expiry(hop, waitedMs);
    }
    counts.set(hop.url.host, (counts.get(hop.url.host) ?? 0) + 1);
    const flight = cancellation.flightOf(hop.method);
    const outcome = await exchange(dispatcher, hop, flight, timeoutMs);
    const throttle = gate.leave(ticket, outcome.kind === "answer" ? outcome : null);
    if (outcome.kind === "failure" && flight.isCut) throw interruption(hop, "in flight", outcome.error);
    return { outcome, throttle };
  }

  /** Sends `hop` as often as it takes, to the answer that stands, whatever its status. */
  async function settle(hop: Hop, signal: AbortSignal | null): Promise<Settled> {
    const gate = gateOf(hop.url.host);
    const ticket = gate.ticket(hop.method, hop.url.pathname);
    const tally: Tally = { failures: 0, throttles: 0 };
    const askedAt = clock.now();
    let refusedAt = Number.POSITIVE_INFINITY;
    for (let attempts = 1; ; attempts += 1) {
      signal?.throwIfAborted();
      const { outcome, throttle } = await sendOnce(hop, gate, ticket, attempts === 1 ? "new" : "repeat", askedAt);
      const verdict = verdictOn(hop, outcome, throttle, tally, clock.random);
      if (throttle !== null) refusedAt = Math.min(refusedAt, clock.now());
      // Each wait is short enough, and a run is not to wait for a day of them.
      const isEndless = throttle !== null && clock.now() - refusedAt > LONGEST_WAIT_MS;
      if (verdict.next === "end" || isEndless || cancellation.cancelled) {
        if (outcome.kind === "failure") throw outcome.error;
        return { answer: outcome, attempts, throttled: throttle !== null };
      }
      if (verdict.next === "repeat after") {
        await cancellation
          .sleep(verdict.ms)
          .catch((cause: unknown) => turnedAway(hop, "repeating", cause, clock.now()));
      }
    }
  }

  async function sendHop(first: Hop, signal: AbortSignal | null): Promise<HttpResponse> {
    let hop = first;
    for (let followed = 0; ; followed += 1) {
      const settled = await settle(hop, signal);
      const { status, headers, body } = settled.answer;
      if (isUsable(hop, settled)) return { status, headers, body, url: hop.url };
      const next = redirectionOf(hop, status, headers["location"], followed);
      if (next === "here") throw statusError(hop, settled);
      if ("refused" in next) throw redirectError(hop, status, next.refused);
      hop = next;
    }
  }

  return {
    send: (request) => sendHop(firstHop(request), null),
    fetch: fetchOver(sendHop),
    counts: () => Object.fromEntries(counts),
    budget: (host, family) => gates.get(host)?.budget(family) ?? null,
    async close() {
      cancellation.close();
      await dispatcher.destroy();
    },
  };
}

interface Sent {
  readonly outcome: Outcome;
  readonly throttle: Throttle | null;
}

function turnedAway(hop: Hop, state: "waiting" | "repeating", cause: unknown, now: number): never {
  throw cause instanceof HostRefusal ? refusalError(hop, cause, now) : interruption(hop, state, cause);
}

/** Whether the caller gets the answer as it is. A 403 that is about rate must not pass for one about permission. */
function isUsable(hop: Hop, { answer: { status, headers }, throttled }: Settled): boolean {
  if (hop.expected !== "any") return hop.expected.includes(status) && !(throttled && status === 403);
  return !hop.followsRedirects || !isRedirect(status, headers["location"]);
}
