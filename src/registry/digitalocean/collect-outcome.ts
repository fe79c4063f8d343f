import type { GarbageCollection } from "../registry.ts";
import { type Collection, SUCCESS } from "./collections.ts";

/** Whose collection it is that is waited for. */
export type Origin = "started" | "adopted, as it was already running";

/** The result of a collection that has ended. */
export function outcomeOf(collection: Collection, origin: Origin): GarbageCollection {
  const succeeded = SUCCESS.has(collection.status);
  return {
    status: succeeded ? "succeeded" : "failed",
    freedBytes: collection.freed_bytes ?? null,
    blobsDeleted: collection.blobs_deleted ?? null,
    note: succeeded
      ? `Garbage collection ${collection.uuid} was ${origin}, and succeeded.`
      : `Garbage collection ${collection.uuid} was ${origin}, and ended as "${collection.status}". Run this again with run-gc: always.`,
  };
}

/** Of one that was begun, and is not waited for to its end. */
export function begun({ uuid }: Collection, origin: Origin): GarbageCollection {
  return unfinished("started", `Garbage collection ${uuid} was ${origin}; it goes on by itself.`);
}

/** Of one's own, for which somebody else's left no time. */
export function notStarted(registry: string, { uuid, type }: Collection): GarbageCollection {
  return unfinished(
    "timed-out",
    `Garbage collection ${uuid} (${type}), which somebody else started, holds up the one that was to follow the deletions: none was started within gc-timeout. When it has ended, run this again with run-gc: always, or start one in the control panel of ${registry}.`,
  );
}

/** Of one that goes on past `timeoutMs`. */
export function timedOut(uuid: string, timeoutMs: number, status: string): GarbageCollection {
  const minutes = Math.round(timeoutMs / 60_000);
  return unfinished(
    "timed-out",
    `Garbage collection ${uuid} did not end within ${minutes} min (${status}). It goes on by itself, and the registry is read-only until it ends.`,
  );
}

/** Of one that is shown nowhere any more. */
export function vanished(uuid: string): GarbageCollection {
  return unfinished(
    "failed",
    `Garbage collection ${uuid} is no longer active, and DigitalOcean's list of collections does not tell what came of it. See the control panel.`,
  );
}

function unfinished(status: "started" | "timed-out" | "failed", note: string): GarbageCollection {
  return { status, freedBytes: null, blobsDeleted: null, note };
}
