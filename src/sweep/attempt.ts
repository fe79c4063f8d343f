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
  /** Attempts whose answer was lost. */
  readonly #lost = new Map<string, { readonly count: number; readonly error: HttpError }>();
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

  /** Records that a recheck saw it: no attempt succeeded. */
  exists(key: Digest | string): void {
    this.#uncertain.delete(key);
  }

  /** The last error of a deletion that was sent so often that it is given up; null: it may be sent again. */
  givenUp(key: Digest | string): HttpError | null {
    const lost = this.#lost.get(key);
    return lost !== undefined && lost.count >= MAX_ATTEMPTS ? lost.error : null;
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
    this.#lost.set(key, { count: (this.#lost.get(key)?.count ?? 0) + 1, error });
    return "again";
  }
}

/** A 403 is retryable only if it is about a rate limit. */
export function isRateLimit({ status, retryable }: HttpError): boolean {
  return status === 429 || (status === 403 && retryable);
}
