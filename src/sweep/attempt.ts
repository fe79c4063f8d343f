import type { Digest } from "../digest.ts";
import { Fault } from "../fault.ts";
import { HttpError } from "../http/errors.ts";

/** How often one deletion is sent. Each attempt follows a recheck of its own. */
const MAX_ATTEMPTS = 4;
/** Failures in a row, after which a batch ends: the server may be down. */
const MAX_FAILURES_IN_A_ROW = 8;

/**
 * What a failed deletion means.
 *
 * - `again`: it is not settled; a later batch rechecks first.
 * - `failed`: it failed for good.
 * - `stop`: the sweep of the repository ends with the error.
 */
export type Failure = "again" | "failed" | "stop";

/** Keeps account of failed deletions. A deletion is never repeated without a recheck. */
export class Attempts {
  readonly #counts = new Map<string, number>();
  readonly #uncertain = new Set<string>();
  #inARow = 0;
  #limited = false;
  #answered = false;

  /** Whether the batch must end: the host limits requests, or fails on one after the other. */
  get endsBatch(): boolean {
    return this.#limited || this.#inARow >= MAX_FAILURES_IN_A_ROW;
  }

  /** Whether the registry answered any request of the batch. */
  get wasAnswered(): boolean {
    return this.#answered;
  }

  /** Whether the host limited the last batch. */
  get isLimited(): boolean {
    return this.#limited;
  }

  /** Whether the registry may have carried out an attempt whose answer was lost. */
  mayHaveSucceeded(key: Digest | string): boolean {
    return this.#uncertain.has(key);
  }

  startBatch(): void {
    this.#inARow = 0;
    this.#limited = false;
    this.#answered = false;
  }

  succeeded(): void {
    this.#inARow = 0;
    this.#answered = true;
  }

  /** Records the error of an attempt. Throws it if it is a bug. */
  failed(key: Digest | string, error: unknown): Failure {
    if (error instanceof Fault) return "stop";
    if (!(error instanceof HttpError)) throw error;
    if (error.code === "interrupted") return "stop";
    if (isRateLimit(error)) this.#limited = true;
    if (error.unsent === true || error.code === "expired" || isRateLimit(error)) return "again";
    this.#inARow += 1;
    if (!error.retryable) {
      this.#answered = true;
      return "failed";
    }
    this.#uncertain.add(key);
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count < MAX_ATTEMPTS ? "again" : "failed";
  }
}

/** A 403 is retryable only if it is about a rate limit. */
export function isRateLimit({ status, retryable }: HttpError): boolean {
  return status === 429 || (status === 403 && retryable);
}
