import { type Hop, isExpected } from "./hop.ts";
import type { Throttle } from "./rate-limit.ts";
import type { Outcome } from "./transport.ts";

/** How often one request is sent at most, where the server, or the way to it, fails. */
const ATTEMPTS = 5;
/** A host that is unknown or refuses connections rarely comes back within seconds. */
const ATTEMPTS_UNREACHABLE = 3;
/** A refusal for rate is obeyed rather than fought, and costs the host little: others may be using the same token. */
const ATTEMPTS_THROTTLED = 10;

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;
/** Statuses that another try may change. */
export const WORTH_REPEATING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** How one request has fared until now. */
export interface Tally {
  failures: number;
  throttles: number;
}

/**
 * - `end`: this is the answer, or the error.
 * - `repeat when let in`: the host has said when, and its gate keeps it.
 * - `repeat after`: a delay of this request alone.
 */
export type Verdict =
  | { readonly next: "end" | "repeat when let in" }
  | { readonly next: "repeat after"; readonly ms: number };

/** What to do after `outcome`; counts it in `tally`. That a status is expected is no reason not to repeat a 429 or 5xx. */
export function verdictOn(
  hop: Hop,
  outcome: Outcome,
  throttle: Throttle | null,
  tally: Tally,
  random: () => number,
): Verdict {
  if (throttle !== null) {
    // Not acted on, only refused: even a POST can be sent again.
    tally.throttles += 1;
    return { next: tally.throttles < ATTEMPTS_THROTTLED ? "repeat when let in" : "end" };
  }
  if (outcome.kind === "failure") {
    const unsent = outcome.reach === "none";
    if (!outcome.error.retryable || !(hop.repeatable || unsent)) return { next: "end" };
    return repeat(tally, unsent ? ATTEMPTS_UNREACHABLE : ATTEMPTS, random);
  }
  const { status } = outcome;
  if (!WORTH_REPEATING.has(status) || !hop.repeatable) return { next: "end" };
  if (status < 429 && hop.expected !== "any" && isExpected(hop, status)) return { next: "end" };
  return repeat(tally, ATTEMPTS, random);
}

function repeat(tally: Tally, most: number, random: () => number): Verdict {
  tally.failures += 1;
  if (tally.failures >= most) return { next: "end" };
  return { next: "repeat after", ms: backoff(tally.failures, random) };
}

/** Exponential, with full jitter: clients that failed together do not come back together. `failures` counts from 1. */
function backoff(failures: number, random: () => number): number {
  return random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
}
