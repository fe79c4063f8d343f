import type { Clock } from "../../src/clock.ts";

/** A clock that a test controls. */
export interface FakeClock extends Clock {
  /** Every sleep, in milliseconds, in the order of the calls. */
  readonly sleeps: readonly number[];
  /** The number of pending sleeps. */
  sleeping(): number;
  /** Advances the clock by `ms`. Ends the sleeps that are due, in order, each at its time. */
  advance(ms: number): Promise<void>;
}

export interface FakeClockOptions {
  /** Milliseconds since the epoch; default 2026-11-21T12:00:00Z. */
  readonly startAt?: number;
  /**
   * `automatic` (the default): the time jumps to the end of the first sleep once the event loop has no other work. `by hand`:
   * only `advance` changes the time.
   */
  readonly passes?: "automatic" | "by hand";
  /** Default: always 0.5. */
  readonly random?: () => number;
}

interface Sleeper {
  readonly wakesAt: number;
  readonly wake: () => void;
}

/** Waits until all promises and event loop callbacks that are ready have run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function createFakeClock(options: FakeClockOptions = {}): FakeClock {
  const sleepers = new Set<Sleeper>();
  const sleeps: number[] = [];
  let now = options.startAt ?? Date.UTC(2026, 10, 21, 12);
  let running = false;

  function wakeFirst(until: number): boolean {
    let first: Sleeper | null = null;
    for (const sleeper of sleepers) if (first === null || sleeper.wakesAt < first.wakesAt) first = sleeper;
    if (first === null || first.wakesAt > until) return false;
    sleepers.delete(first);
    now = Math.max(now, first.wakesAt);
    first.wake();
    return true;
  }

  async function runByItself(): Promise<void> {
    if (running) return;
    running = true;
    do await settle();
    while (wakeFirst(Number.POSITIVE_INFINITY));
    running = false;
  }

  async function advance(ms: number): Promise<void> {
    const until = now + ms;
    await settle();
    while (wakeFirst(until)) await settle();
    now = until;
  }

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      sleeps.push(ms);
      const onAbort = (): void => {
        sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        wakesAt: now + ms,
        wake: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      sleepers.add(sleeper);
      if (options.passes !== "by hand") void runByItself();
    });
  }

  return {
    now: () => now,
    random: options.random ?? (() => 0.5),
    sleep,
    sleeps,
    sleeping: () => sleepers.size,
    advance,
  };
}
