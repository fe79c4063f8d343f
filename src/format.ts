import type { Digest } from "./digest.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** Tags that a sentence names of one manifest. */
const MAX_TAGS = 3;

/** Returns an integer with separators: `12,345`. Without `Intl`, which is slow to load. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Returns a number with its noun: `1 manifest`, `2,000 manifests`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Returns bytes in powers of 1,024 with two or three digits: `512 B`, `3.4 GiB`, `128 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_023.5) return `${formatCount(bytes)} B`;
  let value = bytes;
  let unit: string = UNITS[0];
  for (const next of UNITS) {
    unit = next;
    value /= 1_024;
    if (value < 1_023.5) break;
  }
  return `${value < 9.95 ? value.toFixed(1) : formatCount(value)} ${unit}`;
}

/** Returns how long something took, from milliseconds: `0.4 s`, `41 s`, `3 min 20 s`, `2 h 5 min`, `1 d 3 h`. */
export function formatDuration(ms: number): string {
  if (ms < 950) return `${(Math.max(0, ms) / SECOND).toFixed(1)} s`;
  if (ms < MINUTE - SECOND / 2) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR - SECOND / 2) return twoUnits(Math.round(ms / SECOND), 60, "min", "s");
  if (ms < DAY - MINUTE / 2) return twoUnits(Math.round(ms / MINUTE), 60, "h", "min");
  return twoUnits(Math.round(ms / HOUR), 24, "d", "h");
}

function twoUnits(total: number, size: number, large: string, small: string): string {
  const rest = total % size;
  const first = `${formatCount(Math.floor(total / size))} ${large}`;
  return rest === 0 ? first : `${first} ${rest} ${small}`;
}

/** Returns an age, from milliseconds, rounded down: `5 min`, `30 h`, `12 days`, `5 months`, `3 years`. */
export function formatAge(ms: number): string {
  if (ms < HOUR) return `${Math.max(0, Math.floor(ms / MINUTE))} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  if (ms < 60 * DAY) return `${Math.floor(ms / DAY)} days`;
  if (ms < 2 * YEAR) return `${Math.floor((ms / YEAR) * 12)} months`;
  return `${Math.floor(ms / YEAR)} years`;
}

/** Returns a duration as the inputs take it, from milliseconds: `90m`, `24h`, `7d`, `0`. */
export function formatSetting(ms: number): string {
  if (ms === 0) return "0";
  if (ms % DAY === 0 && ms > DAY) return `${ms / DAY}d`;
  if (ms % HOUR === 0) return `${ms / HOUR}h`;
  return `${Math.round(ms / MINUTE)}m`;
}

/** Returns a digest with 12 of its hex digits, as many as `docker images` shows: `sha256:1a2b3c4d5e6f`. */
export function shortDigest(digest: string): string {
  return digest.slice(0, digest.indexOf(":") + 13);
}

/** Returns a manifest's short digest and up to three of its tags: `sha256:1a2b3c4d5e6f (pr-12, latest)`. */
export function describeManifest(digest: Digest, tags: readonly string[]): string {
  if (tags.length === 0) return shortDigest(digest);
  const shown = tags.slice(0, MAX_TAGS).join(", ");
  return `${shortDigest(digest)} (${tags.length > MAX_TAGS ? `${shown}, …` : shown})`;
}
