import type { FaultKind } from "../fault.ts";

const TITLES = {
  input: "Invalid input",
  permission: "Missing permission",
  listing: "Could not read everything from the registry",
  registry: "Cannot delete from this registry",
  limit: "More deletions than max-deletions",
  deletion: "Deletions failed",
  "garbage-collection": "Garbage collection failed",
  interrupted: "Job cancelled",
  unexpected: "Unexpected error",
} as const satisfies Record<FaultKind, string>;

/** Returns the heading of an error. */
export function faultTitle(kind: FaultKind): string {
  return TITLES[kind];
}
