import type { Clock } from "../../clock.ts";
import { Fault } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { Log } from "../../log.ts";
import type { GcType } from "../../settings.ts";
import type { GarbageCollection } from "../registry.ts";
import type { DigitalOceanApi } from "./api.ts";
import { begun, notStarted, type Origin, outcomeOf, timedOut, vanished } from "./collect-outcome.ts";
import { type Collection, findInList, getActive, isOver, startCollection } from "./collections.ts";

export interface CollectorOptions {
  readonly api: DigitalOceanApi;
  readonly clock: Clock;
  readonly log: Log;
  readonly type: GcType;
  /** How long to wait for a collection, in milliseconds; 0: not at all. */
  readonly timeoutMs: number;
  /** Aborted when the job is cancelled. */
  readonly signal?: AbortSignal | undefined;
}

/** The collections of one registry. At most one is active, and the registry is read-only while it is. */
export interface Collector {
  /** Waits for the end of a collection that somebody started; a Fault of kind `registry` past the timeout. */
  waitForNone(): Promise<void>;
  /** Starts a collection, or adopts the running one, and waits for its end or the timeout. */
  collect(): Promise<GarbageCollection>;
}

const FIRST_POLL_MS = 5_000;
const LONGEST_POLL_MS = 30_000;
/** How often a collection may be neither active nor in the list before its outcome is given up. */
const UNSEEN_POLLS = 4;

export function createCollector(options: CollectorOptions): Collector {
  return { waitForNone: () => waitForNone(options), collect: () => collect(options) };
}

async function waitForNone(options: CollectorOptions): Promise<void> {
  const { api, clock, log, timeoutMs, signal } = options;
  const deadline = clock.now() + timeoutMs;
  for (const intervalMs of pollIntervals()) {
    const active = await getActive(api);
    if (active === null || isOver(active)) return;
    const leftMs = deadline - clock.now();
    if (leftMs <= 0) throw stillCollecting(api.registry, active);
    log.info(`Waiting for the garbage collection ${active.uuid} of ${api.registry} to end: ${active.status}`);
    await clock.sleep(Math.min(intervalMs, leftMs), signal);
  }
}

function stillCollecting(registry: string, active: Collection): Fault {
  return new Fault(
    "registry",
    `The registry ${registry} is read-only: its garbage collection ${active.uuid} is running (${active.status})`,
    "Run it again when that has ended, or raise the input gc-timeout, which is how long it is waited for",
  );
}

async function collect(options: CollectorOptions): Promise<GarbageCollection> {
  const deadline = options.clock.now() + options.timeoutMs;
  for (;;) {
    const { collection, origin } = await start(options);
    const { uuid, status } = collection;
    options.log.info(`Garbage collection ${uuid} of ${options.api.registry} ${origin}: ${status}`);
    const end = await follow(options, collection, origin, deadline);
    if (end.fault !== undefined || origin === "started" || servesFor(options.type, collection)) return end;
    if (end.status === "started" || end.status === "timed-out") return notStarted(options.api.registry, collection);
  }
}

/** These come before the manifests are looked at. */
const EARLY: ReadonlySet<string> = new Set(["requested", "waiting for write JWTs to expire"]);

/** Whether a collection that somebody else started frees what this run deleted: else one's own is to follow it. */
function servesFor(type: GcType, theirs: Collection): boolean {
  const covers = theirs.type === type || theirs.type === "untagged manifests and unreferenced blobs";
  return covers && EARLY.has(theirs.status);
}

async function follow(
  options: CollectorOptions,
  collection: Collection,
  origin: Origin,
  deadline: number,
): Promise<GarbageCollection> {
  if (isOver(collection)) return outcomeOf(collection, origin);
  if (options.timeoutMs === 0) return begun(collection, origin);
  try {
    return await waitForEnd(options, collection, origin, deadline);
  } catch (error) {
    // It was begun, and whatever ends the wait for it does not end it.
    return { ...begun(collection, origin), fault: endOfWait(error, options, collection) };
  }
}

function endOfWait(error: unknown, { api, signal }: CollectorOptions, { uuid }: Collection): Fault | HttpError {
  if (isInterruption(error, signal)) {
    return new Fault(
      "interrupted",
      `The job was cancelled while the garbage collection ${uuid} was running`,
      `The collection goes on by itself; the registry ${api.registry} is read-only until it ends`,
      { cause: error },
    );
  }
  if (error instanceof Fault || error instanceof HttpError) return error;
  throw error;
}

function isInterruption(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true || (error instanceof HttpError && error.code === "interrupted");
}

/** What a second start answers is documented nowhere: whatever it is, one that is active now stands in the way, or is it. */
async function start(options: CollectorOptions): Promise<{ collection: Collection; origin: Origin }> {
  const { api, type } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { collection: await startCollection(api, type), origin: "started" };
    } catch (error) {
      if (!leavesOpen(error)) throw error;
      const collection = await getActive(api);
      // One that has ended is not what stood in the way.
      if (collection !== null && !isOver(collection)) {
        return { collection, origin: error instanceof Fault ? "started" : "adopted, as it was already running" };
      }
      // What stood in the way may have ended since. A refusal began nothing, so that none is begun twice.
      if (attempt === 1 && isRefusal(error)) continue;
      throw error instanceof Fault ? error : couldNotStart(api.registry, error);
    }
  }
}

/** Whether an error leaves open what became of a start: a Fault is of an answer that it was begun, and cannot be read. */
function leavesOpen(error: unknown): error is Fault | HttpError {
  if (error instanceof Fault) return error.kind === "garbage-collection";
  return error instanceof HttpError && error.code !== "interrupted";
}

function isRefusal(error: Fault | HttpError): boolean {
  return error instanceof HttpError && error.status !== undefined && error.status >= 400 && error.status < 500;
}

function couldNotStart(registry: string, error: HttpError): Fault {
  return new Fault(
    "garbage-collection",
    `The garbage collection of ${registry} could not be started: ${error.detail ?? error.message}`,
    "Start it in DigitalOcean's control panel, or run this again with run-gc: always",
    { cause: error },
  );
}

async function waitForEnd(
  options: CollectorOptions,
  first: Collection,
  origin: Origin,
  deadline: number,
): Promise<GarbageCollection> {
  const { api, clock, log, timeoutMs, signal } = options;
  let { status } = first;
  let unseen = 0;
  for (const intervalMs of pollIntervals()) {
    const leftMs = deadline - clock.now();
    if (leftMs <= 0) break;
    await clock.sleep(Math.min(intervalMs, leftMs), signal);
    const seen = await poll(options, first.uuid);
    if (seen === "unanswered") continue;
    unseen = seen === null ? unseen + 1 : 0;
    if (unseen === UNSEEN_POLLS) return vanished(first.uuid);
    if (seen === null) continue;
    if (seen.status !== status) log.info(`Garbage collection ${first.uuid} of ${api.registry}: ${seen.status}`);
    status = seen.status;
    if (isOver(seen)) return outcomeOf(seen, origin);
  }
  return timedOut(first.uuid, timeoutMs, status);
}

function* pollIntervals(): Generator<number, never> {
  for (let ms = FIRST_POLL_MS; ; ms = Math.min(ms * 1.5, LONGEST_POLL_MS)) yield ms;
}

/** The collection as it is now, null where neither the active one nor the list shows it, `unanswered` when the API is ill. */
async function poll(options: CollectorOptions, uuid: string): Promise<Collection | null | "unanswered"> {
  try {
    const active = await getActive(options.api);
    if (active?.uuid === uuid) return active;
    return await findInList(options.api, uuid);
  } catch (error) {
    if (!(error instanceof HttpError) || !error.retryable) throw error;
    options.log.info(`The state of garbage collection ${uuid} could not be read, asking again: ${error.message}`);
    return "unanswered";
  }
}
