import { Fault, type FaultKind } from "../fault.ts";
import { describeError, HttpError } from "../http/errors.ts";
import type { Swept } from "../sweep/sweep-repository.ts";

/** The headings of errors. */
export const FAULT_TITLES: Readonly<Record<FaultKind, string>> = {
  input: "Invalid input",
  permission: "Missing permission",
  listing: "Could not read everything",
  registry: "Cannot delete from this registry",
  limit: "More deletions than max-deletions",
  deletion: "Deletions failed",
  "garbage-collection": "Garbage collection failed",
  interrupted: "Job cancelled",
  unexpected: "Unexpected error",
};

/** Whether an error ends the run, not only the work on one repository. */
export function endsRun(error: unknown): boolean {
  if (error instanceof Fault) return error.kind !== "listing" && error.kind !== "deletion";
  return !(error instanceof HttpError) || error.code === "interrupted";
}

/** Returns the failed deletions of a repository as one error; null: none failed. */
export function failedDeletions(repository: string, { outcomes, staleTags, error: cause }: Swept): Fault | null {
  // The error that ended the sweep is shown by itself.
  const shown = cause instanceof Fault ? describeError(cause) : null;
  const failed = [...outcomes].flatMap(([digest, { outcome, error }]) =>
    outcome === "failed" && (error === null || error !== shown) ? [`${digest}: ${error ?? "no reason given"}`] : [],
  );
  const tags = staleTags.flatMap(({ tag, outcome }) => (outcome === "failed" && shown === null ? [tag] : []));
  const [first] = [...failed, ...tags];
  if (first === undefined) return null;
  const count = failed.length + tags.length;
  const message = count === 1 ? `a deletion failed: ${first}` : `${count} deletions failed, the first is ${first}`;
  return new Fault(
    "deletion",
    `${repository}: ${message}`,
    "Run it again. If a deletion fails each time, check why the registry rejects it.",
  );
}

/** Returns an HttpError as the user reads it. */
export function faultOf(error: Fault | HttpError): Fault {
  if (error instanceof Fault) return error;
  if (error.code === "interrupted") {
    return new Fault("interrupted", error.message, "Run it again. It finishes the rest.", { cause: error });
  }
  const ownRemedy =
    error.code === "protocol"
      ? "Check the server's address, and any proxy in front of it."
      : "Run it again. If it happens again, check the registry's status page and log.";
  const remedy = error.remedy ?? ownRemedy;
  return new Fault("listing", describeError(error), remedy, { cause: error });
}
