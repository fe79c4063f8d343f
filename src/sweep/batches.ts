import type { Clock } from "../clock.ts";
import { Fault } from "../fault.ts";

/** How long deletions may follow one recheck without another check, in milliseconds. */
export const RECENT_MS = 60_000;
/** Batches in a row without progress, after which a sweep gives up. */
const MAX_IDLE_BATCHES = 5;
const FIRST_WAIT_MS = 500;

/**
 * Runs batches until nothing is left. After a batch without progress it waits, each time three times as long.
 *
 * @param left returns how many are left
 * @param batch runs one batch; returns whether it made progress
 * @returns whether it finished; false: too many batches in a row made no progress
 */
export async function inBatches(
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  left: () => number,
  batch: () => Promise<boolean>,
): Promise<boolean> {
  let idle = 0;
  while (left() > 0) {
    idle = (await batch()) ? 0 : idle + 1;
    if (idle >= MAX_IDLE_BATCHES) return left() === 0;
    if (idle > 0) await clock.sleep(FIRST_WAIT_MS * 3 ** (idle - 1) * (0.5 + clock.random()), signal);
  }
  return true;
}

/** The error of batches that made no progress. @param what `2 deletions in web` */
export function noProgress(what: string): Fault {
  return new Fault(
    "deletion",
    `${what} were given up, because the registry did not answer several times in a row`,
    "Run it again when the registry answers.",
  );
}

/** The time of one batch. A clock that was set back ends it. */
export interface BatchTimer {
  /** When the batch ends, in milliseconds since the epoch. */
  readonly sendBy: number;
  /** Until when deletions need no other check than the recheck. */
  readonly recentUntil: number;
  isOver(): boolean;
}

/** Starts the timer of a batch. */
export function batchTimer(clock: Clock, batchMs = RECENT_MS): BatchTimer {
  const start = clock.now();
  const sendBy = start + batchMs;
  return {
    sendBy,
    recentUntil: Math.min(sendBy, start + RECENT_MS),
    isOver: () => clock.now() < start || clock.now() >= sendBy,
  };
}
