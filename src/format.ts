const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"] as const;

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A whole number with its thousands apart: `12,345`. */
export function formatCount(count: number): string {
  return grouped.format(count);
}

/** A number with its noun: `1 manifest`, `2,000 manifests`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Bytes in powers of 1,024, two digits or three: `512 B`, `3.4 GiB`, `128 MiB`. */
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

/** How long something took, in milliseconds: `0.4 s`, `41 s`, `3 min 20 s`, `2 h 5 min`, `1 d 3 h`. */
export function formatDuration(ms: number): string {
  if (ms < 950) return `${(Math.max(0, ms) / SECOND).toFixed(1)} s`;
  if (ms < MINUTE - SECOND / 2) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR - SECOND / 2) return inTwo(Math.round(ms / SECOND), 60, "min", "s");
  if (ms < DAY - MINUTE / 2) return inTwo(Math.round(ms / MINUTE), 60, "h", "min");
  return inTwo(Math.round(ms / HOUR), 24, "d", "h");
}

function inTwo(total: number, size: number, large: string, small: string): string {
  const rest = total % size;
  const whole = `${formatCount(Math.floor(total / size))} ${large}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small}`;
}

/** How old something is, in milliseconds, rounded down: `5 min`, `30 h`, `12 days`, `5 months`, `3 years`. */
export function formatAge(ms: number): string {
  if (ms < HOUR) return `${Math.max(0, Math.floor(ms / MINUTE))} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  if (ms < 60 * DAY) return `${Math.floor(ms / DAY)} days`;
  if (ms < 2 * YEAR) return `${Math.floor((ms / YEAR) * 12)} months`;
  return `${Math.floor(ms / YEAR)} years`;
}

/** The beginning of a digest as a table shows it: 12 hex digits, as `docker images` does; another algorithm is named. */
export function shortDigest(digest: string): string {
  const colon = digest.indexOf(":");
  return digest.startsWith("sha256:") ? digest.slice(7, 19) : digest.slice(0, colon + 13);
}
