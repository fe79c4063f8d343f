import type { FaultKind } from "../fault.ts";

/** The headings of errors. */
export const FAULT_TITLES: Readonly<Record<FaultKind, string>> = {
  input: "Invalid input",
  permission: "Missing permission",
  listing: "Could not read everything from the registry",
  registry: "Cannot delete from this registry",
  limit: "More deletions than max-deletions",
  deletion: "Deletions failed",
  "garbage-collection": "Garbage collection failed",
  interrupted: "Job cancelled",
  unexpected: "Unexpected error",
};
