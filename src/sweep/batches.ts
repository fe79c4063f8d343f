import type { Clock } from "../clock.ts";
import { Fault } from "../fault.ts";
import type { Turns } from "./turns.ts";

/** How long one look at a repository is good for, in milliseconds: longer work looks again. */
const BATCH_MS = 60_000;
/** So many batches alone in which no deletion's turn came in time are enough: more would be the same. */
const MOST_IDLE = 3;

/**
 * Batch after batch, until nothing is open. One of which nothing came, as the looks of others took the host's requests until
 * its own held no more, is followed by batches alone.
 */
export async function inBatches<T>(
  { turns, repository }: { readonly turns: Turns; readonly repository: string },
  open: () => readonly T[],
  batch: (left: readonly T[]) => Promise<void>,
): Promise<void> {
  let idle = 0;
  let turn = turns.together;
  for (let left = open(); left.length > 0; ) {
    await turn(() => batch(left));
    const before = left.length;
    left = open();
    idle = left.length < before ? 0 : idle + 1;
    if (idle > 0) turn = turns.alone;
    if (idle > MOST_IDLE) throw standstill(repository, left.length);
  }
}

function standstill(repository: string, left: number): Fault {
  return new Fault(
    "deletion",
    `${left} deletions in ${repository} are left: their turn did not come in time, ${MOST_IDLE} times in a row`,
    "Run it again when nothing else sends requests to the registry with the same token.",
  );
}

/** Whether what follows from a look that ends now must end; a clock that is put back ends it. */
export function timerOf(clock: Clock): () => boolean {
  const start = clock.now();
  return () => clock.now() < start || clock.now() >= start + BATCH_MS;
}
