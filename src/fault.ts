/**
 * The cause of an error, as a user sees it. Each kind has its own error annotation.
 *
 * - `input`: an input is missing or invalid. No request was sent.
 * - `permission`: a token is invalid (401) or lacks a scope (403). The run stops.
 * - `listing`: data that a decision needs could not be read completely. Nothing that depends on it is deleted.
 * - `registry`: the registry does not exist, is read-only, or has deletes disabled.
 * - `limit`: the plan exceeds `max-deletions`.
 * - `deletion`: a deletion failed.
 * - `garbage-collection`: garbage collection failed.
 * - `interrupted`: the job was cancelled.
 * - `unexpected`: a bug of Refsweep.
 */
export type FaultKind =
  | "input"
  | "permission"
  | "listing"
  | "registry"
  | "limit"
  | "deletion"
  | "garbage-collection"
  | "interrupted"
  | "unexpected";

/**
 * An error that is shown to the user. `message` says what happened, without a full stop; lines that start with `- ` are a list.
 * `remedy` says how to fix it, in complete sentences.
 */
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

/** Returns an error that no code handles, as a Fault that asks for a bug report. */
export function unexpected(error: unknown): Fault {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const [first = "", second = ""] = text.split("\n");
  return new Fault(
    "unexpected",
    `Unexpected error: ${first.trim()} ${second.trim()}`.trim(),
    "This is a bug of Refsweep. Report it with the log of this step.",
    { cause: error },
  );
}
