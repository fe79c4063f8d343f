import { Fault } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { GcType } from "../../settings.ts";
import type { Services } from "../provider.ts";
import type { DigitalOceanApi } from "./api.ts";
import { getActiveCollection, hasEnded } from "./collections.ts";

export interface CollectorOptions extends Services {
  readonly api: DigitalOceanApi;
  readonly type: GcType;
  /** How long to wait for a garbage collection, in milliseconds; 0: do not wait. */
  readonly timeoutMs: number;
}

const FIRST_POLL_MS = 5_000;
const MAX_POLL_MS = 30_000;

/**
 * Waits until no garbage collection is running, because the registry is read-only while one is. Returns whether one was.
 * Throws Fault `registry` after the timeout.
 */
export async function waitUntilWritable({ api, clock, log, timeoutMs, signal }: CollectorOptions): Promise<boolean> {
  const deadline = clock.now() + timeoutMs;
  let wasRunning = false;
  for (const intervalMs of pollIntervals()) {
    const active = await getActiveCollection(api);
    if (active === null || hasEnded(active)) break;
    wasRunning = true;
    const leftMs = deadline - clock.now();
    if (leftMs <= 0) {
      throw new Fault(
        "registry",
        `Registry ${api.registry} is read-only: its garbage collection ${active.uuid} is running (${active.status})`,
        "Run again when the garbage collection has ended, or raise `gc-timeout`.",
      );
    }
    log.info(`Waiting for garbage collection ${active.uuid} of ${api.registry} to end: ${active.status}`);
    await clock.sleep(Math.min(intervalMs, leftMs), signal);
  }
  return wasRunning;
}

/** Wraps `work`: calls while it is running share its result. */
export function shareWhilePending<T>(work: () => Promise<T>): () => Promise<T> {
  let pending: Promise<T> | null = null;
  return () => {
    pending ??= work().finally(() => {
      pending = null;
    });
    return pending;
  };
}

/** Statuses that a read-only registry may return: DigitalOcean does not document it. */
const READ_ONLY_STATUSES: ReadonlySet<number> = new Set([400, 403, 405, 409, 412, 422, 423, 503]);

/**
 * Throws the error of a DELETE. If a garbage collection is running, which may be its cause, waits for the end and throws
 * HttpError `expired`, so that the deletion is sent again after a recheck.
 */
export async function throwWhenWritable(error: unknown, waitForCollection: () => Promise<boolean>): Promise<never> {
  const refusal = error instanceof Fault ? error.cause : error;
  if (!(refusal instanceof HttpError) || !READ_ONLY_STATUSES.has(refusal.status ?? 0)) throw error;
  const wasRunning = await waitForCollection().catch((cause: unknown) => {
    // The job was cancelled while a collection was running.
    if (cause instanceof Fault && cause.kind === "interrupted") return true;
    throw cause instanceof Fault && cause.kind === "registry" ? cause : error;
  });
  // After a 503, the registry may have deleted it all the same.
  if (!wasRunning || refusal.retryable) throw error;
  const { method, url } = refusal;
  const message = `${method} ${url} was refused while a garbage collection was running`;
  throw new HttpError(message, { code: "expired", method, url, retryable: true, unsent: true }, { cause: error });
}

/** Yields the waits between two polls, in milliseconds. */
export function* pollIntervals(): Generator<number, never> {
  for (let ms = FIRST_POLL_MS; ; ms = Math.min(ms * 1.5, MAX_POLL_MS)) yield ms;
}
