import { Fault } from "../fault.ts";
import type { Services } from "./provider.ts";

const MAX_ATTEMPTS = 4;

/** What the wait between two attempts needs. */
export type RetryOptions = Pick<Services, "clock" | "signal">;

/** The result of reading all pages of a list once; `changed`: how the list changed, or how its pages contradict each other. */
export type ListAttempt<T> = { readonly value: T } | { readonly changed: string };

/**
 * Reads a list until it did not change while it was read. Waits longer before each attempt.
 * Throws Fault `listing` if every attempt shows a change or a contradiction.
 *
 * @param list what is read, for the error: `the manifests of acme/web`
 */
export async function readUntilStable<T>(
  list: string,
  { clock, signal }: RetryOptions,
  read: () => Promise<ListAttempt<T>>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await read();
    if ("value" in result) return result.value;
    if (attempt === MAX_ATTEMPTS) {
      throw new Fault(
        "listing",
        `The list of ${list} changed or contradicted itself during each of ${MAX_ATTEMPTS} attempts to read it: ${result.changed}`,
        "Run again when no push is in progress. If the error persists, report it to the registry's operator.",
      );
    }
    await clock.sleep(500 * 2 ** attempt, signal);
  }
}
