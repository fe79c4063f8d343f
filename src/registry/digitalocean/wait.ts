import { Fault } from "../../fault.ts";
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

/** Yields the waits between two polls, in milliseconds. */
export function* pollIntervals(): Generator<number, never> {
  for (let ms = FIRST_POLL_MS; ; ms = Math.min(ms * 1.5, MAX_POLL_MS)) yield ms;
}
