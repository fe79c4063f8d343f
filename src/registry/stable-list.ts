import type { Clock } from "../clock.ts";
import { Fault } from "../fault.ts";

/** How often a list that moved while it was read is read again. */
const READ_AGAIN = 3;

/** What waits between two readings need. */
export interface Patience {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** What one reading of a list came to; `moved`: why its pages are not one state of the list. */
export type Reading<T> = { readonly value: T } | { readonly moved: string };

/** Reads a list until all its pages are of one state, waiting between the readings, or throws a Fault of kind `listing`. */
export async function readUntilStill<T>(what: string, patience: Patience, read: () => Promise<Reading<T>>): Promise<T> {
  for (let again = 0; ; again++) {
    const reading = await read();
    if ("value" in reading) return reading.value;
    if (again === READ_AGAIN) {
      throw new Fault(
        "listing",
        `The list of ${what} changed each of the ${READ_AGAIN + 1} times it was read: ${reading.moved}`,
        "Run it again when no push is in progress",
      );
    }
    await patience.clock.sleep(1000 * 2 ** again, patience.signal);
  }
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/** RFC 3339 to milliseconds since the epoch; anything else is unknown. */
export function timeOf(text: string | null | undefined): number | null {
  if (text === null || text === undefined || !RFC_3339.test(text)) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time;
}
