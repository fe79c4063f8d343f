import { Fault } from "../../fault.ts";
import { formatDuration } from "../../format.ts";
import { HttpError } from "../../http/errors.ts";
import type { GcType } from "../../settings.ts";
import type { GarbageCollection } from "../registry.ts";
import {
  type Collection,
  findCollection,
  getActiveCollection,
  hasEnded,
  hasSucceeded,
  startCollection,
} from "./collections.ts";
import { type CollectorOptions, pollIntervals } from "./wait.ts";

/** A collection that is neither active nor in the list for this many polls is given up. */
const MAX_MISSED_POLLS = 4;

/** A collection that this run waits for; `own`: this run started it. */
interface Running {
  readonly collection: Collection;
  readonly own: boolean;
}

/** Starts a garbage collection, or joins a running one, and waits for its end or the timeout. */
export async function collect(options: CollectorOptions): Promise<GarbageCollection> {
  const { api, clock, log, type, timeoutMs } = options;
  const deadline = clock.now() + timeoutMs;
  for (;;) {
    const running = await startOrJoin(options);
    const { uuid, status } = running.collection;
    const started = running.own ? "started" : "was already running";
    log.info(`Garbage collection ${uuid} of ${api.registry} ${started}: ${status}`);
    const result = await follow(options, running, deadline);
    if (result.fault !== undefined || running.own || includes(running.collection, type)) return result;
    if (result.status !== "started" && result.status !== "timed-out") continue;
    const text = `Garbage collection ${uuid} (${running.collection.type}), which someone else started, is still running, so none was started within gc-timeout.`;
    const remedy = `When it has ended, run again with run-gc: always, or start one in the control panel of ${api.registry}.`;
    return unfinished("timed-out", `${text} ${remedy}`);
  }
}

/** The statuses before the manifests are read. */
const EARLY: ReadonlySet<string> = new Set(["requested", "waiting for write JWTs to expire"]);

/** Returns whether a collection that someone else started frees what this run deleted. */
function includes(collection: Collection, type: GcType): boolean {
  const coversType = collection.type === type || collection.type === "untagged manifests and unreferenced blobs";
  return coversType && EARLY.has(collection.status);
}

/** The response to a second start is undocumented, so after any error the active collection shows what happened. */
async function startOrJoin({ api, type }: CollectorOptions): Promise<Running> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { collection: await startCollection(api, type), own: true };
    } catch (error) {
      if (!mayHaveStarted(error)) throw error;
      const active = await getActiveCollection(api);
      // An unreadable response is that of a collection that was started.
      if (active !== null && !hasEnded(active)) return { collection: active, own: error instanceof Fault };
      if (error instanceof Fault) throw error;
      // The other collection may have ended since. A refused start started nothing, so it can be repeated.
      const { status = 0, detail = error.message } = error;
      if (attempt === 1 && status >= 400 && status < 500) continue;
      throw new Fault(
        "garbage-collection",
        `The garbage collection of ${api.registry} could not be started: ${detail}`,
        "Start it in DigitalOcean's control panel, or run again with `run-gc: always`.",
        { cause: error },
      );
    }
  }
}

function mayHaveStarted(error: unknown): error is Fault | HttpError {
  if (error instanceof Fault) return error.kind === "garbage-collection";
  return error instanceof HttpError && error.code !== "interrupted";
}

async function follow(options: CollectorOptions, running: Running, deadline: number): Promise<GarbageCollection> {
  const { collection, own } = running;
  if (hasEnded(collection)) return ended(running);
  const { uuid } = collection;
  const state = own ? "was started and is still running" : "was already running and has not ended";
  const started = unfinished(
    "started",
    `Garbage collection ${uuid} ${state}. The registry is read-only until it ends.`,
  );
  if (options.timeoutMs === 0) return started;
  try {
    return await waitForEnd(options, running, deadline);
  } catch (error) {
    return { ...started, fault: waitFault(options, uuid, error) };
  }
}

async function waitForEnd(options: CollectorOptions, running: Running, deadline: number): Promise<GarbageCollection> {
  const { api, clock, log, timeoutMs, signal } = options;
  let { collection } = running;
  const { uuid } = collection;
  let missed = 0;
  for (const intervalMs of pollIntervals()) {
    const leftMs = deadline - clock.now();
    if (leftMs <= 0) break;
    await clock.sleep(Math.min(intervalMs, leftMs), signal);
    const found = await poll(options, uuid);
    if (found === "unavailable") continue;
    missed = found === null ? missed + 1 : 0;
    if (missed === MAX_MISSED_POLLS) {
      const text = `Garbage collection ${uuid} is no longer active, and DigitalOcean's list of garbage collections does not show its result.`;
      return unfinished("failed", `${text} Check the control panel.`);
    }
    if (found === null) continue;
    if (found.status !== collection.status) log.info(`Garbage collection ${uuid} of ${api.registry}: ${found.status}`);
    collection = found;
    if (hasEnded(found)) return ended({ ...running, collection });
  }
  const text = `did not finish within gc-timeout (${formatDuration(timeoutMs)}); it is still running (${collection.status})`;
  return unfinished("timed-out", `Garbage collection ${uuid} ${text} and the registry is read-only until it ends.`);
}

/** Returns the current collection; null if the API does not show it; `unavailable` if the API does not respond. */
async function poll({ api, log }: CollectorOptions, uuid: string): Promise<Collection | null | "unavailable"> {
  try {
    return await findCollection(api, uuid);
  } catch (error) {
    if (!(error instanceof HttpError) || !error.retryable) throw error;
    log.info(`Could not read the status of garbage collection ${uuid}; trying again: ${error.message}`);
    return "unavailable";
  }
}

/** Returns the error that ended the wait. The collection itself is still running. */
function waitFault({ api, signal }: CollectorOptions, uuid: string, error: unknown): Fault | HttpError {
  if (signal.aborted || (error instanceof HttpError && error.code === "interrupted")) {
    return new Fault(
      "interrupted",
      `The job was cancelled while garbage collection ${uuid} was running`,
      `It is still running, and the registry ${api.registry} is read-only until it ends.`,
      { cause: error },
    );
  }
  if (error instanceof Fault || error instanceof HttpError) return error;
  throw error;
}

function ended({ collection, own }: Running): GarbageCollection {
  const { uuid, status, freed_bytes: freedBytes, blobs_deleted: blobsDeleted } = collection;
  const name = own ? `Garbage collection ${uuid}` : `Garbage collection ${uuid}, which was already running,`;
  const succeeded = hasSucceeded(collection);
  const note = succeeded
    ? `${name} succeeded.`
    : `${name} ended with the status "${status}". Run again with run-gc: always.`;
  return { status: succeeded ? "succeeded" : "failed", freedBytes, blobsDeleted, note };
}

function unfinished(status: "started" | "timed-out" | "failed", note: string): GarbageCollection {
  return { status, freedBytes: null, blobsDeleted: null, note };
}
