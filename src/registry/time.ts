const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/** Returns an RFC 3339 time in milliseconds since the epoch; null for anything else. */
export function parseTime(text: string | null | undefined): number | null {
  if (text === null || text === undefined || !RFC_3339.test(text)) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time;
}
