/**
 * What went wrong, seen from the user: one kind is one error annotation.
 *
 * - `input`: an input is missing or wrong; nothing was requested.
 * - `permission`: a token is refused (401) or lacks a scope (403); the step stops at once.
 * - `listing`: something that a decision needs could not be read whole; what depends on it is untouched.
 * - `registry`: the registry cannot be swept as it is (read-only, deletes disabled, no such registry).
 * - `limit`: the plans together passed `max-deletions`.
 * - `deletion`: a deletion failed.
 * - `garbage-collection`: the collection failed.
 * - `interrupted`: the job was cancelled.
 */
export type FaultKind =
  | "input"
  | "permission"
  | "listing"
  | "registry"
  | "limit"
  | "deletion"
  | "garbage-collection"
  | "interrupted";

/** An error that a user meets: `message` says what happened and where, `remedy` what to do about it. */
export class Fault extends Error {
  readonly kind: FaultKind;
  readonly remedy: string;

  constructor(kind: FaultKind, message: string, remedy: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "Fault";
    this.kind = kind;
    this.remedy = remedy;
  }
}
