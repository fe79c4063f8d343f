import type { Clock } from "../clock.ts";
import { formatCount, formatDuration } from "../format.ts";

/** At most one line in 10 s. */
const INTERVAL_MS = 10_000;

/** Returns the progress, rate and remaining time: `1,200 of 12,000 manifests deleted (10 %), 40/s, 4 min 30 s left`. */
export function formatProgress(done: number, total: number, unit: string, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? (done * 1_000) / elapsedMs : 0;
  const percent = total > 0 ? ` (${Math.floor((Math.min(done, total) * 100) / total)} %)` : "";
  const pace = rate >= 1 ? `, ${formatCount(rate)}/s` : rate > 0 ? `, ${formatCount(rate * 60)}/min` : "";
  const left = rate > 0 && done < total ? `, ${formatDuration(((total - done) / rate) * 1_000)} left` : "";
  return `${formatCount(done)} of ${formatCount(total)} ${unit}${percent}${pace}${left}`;
}

/** Returns a function that counts one of `total` at each call, and writes a progress line every 10 s. It sets no timer. */
export function createProgress(clock: Clock, write: (line: string) => void, unit: string, total: number): () => void {
  const startedAt = clock.now();
  let writtenAt = startedAt;
  let done = 0;
  return () => {
    done += 1;
    const now = clock.now();
    if (now - writtenAt < INTERVAL_MS) return;
    writtenAt = now;
    write(formatProgress(done, total, unit, now - startedAt));
  };
}
