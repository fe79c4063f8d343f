import type { Digest } from "../digest.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The digest as a sentence shows it: `sha256:1a2b3c4d5e6f…`. */
export function shortDigest(digest: Digest): string {
  const colon = digest.indexOf(":");
  return `${digest.slice(0, colon + 13)}…`;
}

/** A manifest as a sentence names it: its short digest, and up to three of its tags. */
export function named(digest: Digest, tags: readonly string[]): string {
  if (tags.length === 0) return shortDigest(digest);
  const shown = tags.slice(0, 3).join(", ");
  return `${shortDigest(digest)} (${tags.length > 3 ? `${shown}, …` : shown})`;
}

/** A stretch of time in milliseconds, rounded down to what a reader cares for: `5 min`, `2 h`, `3 d`. */
export function age(ms: number): string {
  if (ms < HOUR) return `${Math.max(0, Math.floor(ms / 60_000))} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** A duration in milliseconds, as the inputs write it: `90m`, `24h`, `7d`. */
export function duration(ms: number): string {
  if (ms % DAY === 0 && ms > DAY) return `${ms / DAY}d`;
  if (ms % HOUR === 0 && ms > 0) return `${ms / HOUR}h`;
  return `${Math.round(ms / 60_000)}m`;
}
