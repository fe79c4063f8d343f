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
 * Waits until no garbage collection is running. The registry is read-only while one is.
 * Throws Fault `registry` after the timeout.
 */
export async function waitUntilWritable({ api, clock, log, timeoutMs, signal }: CollectorOptions): Promise<void> {
  const deadline = clock.now() + timeoutMs;
  for (const intervalMs of pollIntervals()) {
    const active = await getActiveCollection(api);
    if (active === null || hasEnded(active)) return;
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
}

/** Wraps `work`: calls while it is running share its result. */
export function shareWhilePending(work: () => Promise<void>): () => Promise<void> {
  let pending: Promise<void> | null = null;
  return () => {
    pending ??= work().finally(() => {
      pending = null;
    });
    return pending;
  };
}

/**
 * Throws the error of a DELETE. If a garbage collection is active, which may have caused it, waits for its end first. Then it
 * throws HttpError `expired`, so that the deletion is sent again after a recheck. DigitalOcean does not document the answer to
 * a DELETE while the registry is read-only.
 */
export async function throwWhenWritable(
  api: DigitalOceanApi,
  error: unknown,
  waitForCollection: () => Promise<void>,
): Promise<never> {
  if (!mayBeReadOnly(error)) throw error;
  const active = await getActiveCollection(api).catch(() => null);
  if (active === null || hasEnded(active)) throw error;
  await waitForCollection();
  const { method, url, retryable } = refusalOf(error);
  // After a 5xx, the registry may have deleted it all the same.
  if (retryable) throw error;
  const message = `${method} ${url} was refused while garbage collection ${active.uuid} was running`;
  throw new HttpError(message, { code: "expired", method, url, retryable: true, unsent: true }, { cause: error });
}

const READ_ONLY_STATUSES: ReadonlySet<number> = new Set([400, 403, 405, 409, 412, 422, 423, 503]);

function mayBeReadOnly(error: unknown): error is HttpError | Fault {
  if (error instanceof Fault) return error.cause instanceof HttpError && error.cause.status === 403;
  return error instanceof HttpError && READ_ONLY_STATUSES.has(error.status ?? 0);
}

function refusalOf(error: HttpError | Fault): HttpError {
  if (error instanceof HttpError) return error;
  if (error.cause instanceof HttpError) return error.cause;
  throw error;
}

/** Yields the waits between two polls, in milliseconds. */
export function* pollIntervals(): Generator<number, never> {
  for (let ms = FIRST_POLL_MS; ; ms = Math.min(ms * 1.5, MAX_POLL_MS)) yield ms;
}
