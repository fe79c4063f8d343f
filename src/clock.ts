/** Time, waiting and chance, handed in as a value, so that no test ever waits and no function guesses the hour. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds, or rejects with `signal.reason` as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A number in [0, 1), for jitter. */
  random(): number;
}

/** Smaller steps back are corrections by NTP. */
const STEP_BACK_MS = 1000;

/**
 * Returns a function that returns the time. If the machine's clock is set back, it continues from where it was, so that no
 * deadline moves.
 *
 * @param wall milliseconds since the Unix epoch
 * @param uptime milliseconds since any moment, by a clock that is never set
 */
export function steadyTime(wall: () => number, uptime: () => number): () => number {
  let correction = 0;
  let before = wall() - uptime();
  return () => {
    const difference = wall() - uptime();
    if (difference < before - STEP_BACK_MS) correction += before - difference;
    before = difference;
    return Math.round(wall() + correction);
  };
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: steadyTime(Date.now, () => process.uptime() * 1000),
  random: () => Math.random(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, ms);
      signal?.addEventListener("abort", onAbort, { once: true });
    }),
};
