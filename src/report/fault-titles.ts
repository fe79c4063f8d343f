import type { FaultKind } from "../fault.ts";

const TITLES = {
  input: "An input is missing or wrong",
  permission: "A token is refused",
  listing: "Something could not be read whole",
  registry: "The registry cannot be swept",
  limit: "More deletions than max-deletions",
  deletion: "Deletions failed",
  "garbage-collection": "The garbage collection failed",
  interrupted: "The job was cancelled",
} as const satisfies Record<FaultKind, string>;

/** A kind of fault as a heading. */
export function faultTitle(kind: FaultKind): string {
  return TITLES[kind];
}
