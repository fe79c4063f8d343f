import type { Digest } from "../digest.ts";

/**
 * What happened to one manifest.
 *
 * - `deleted`: this run deleted it. `planned`: a dry run would delete it.
 * - `gone`: it did not exist any more.
 * - `refused`: the registry's policy keeps it; `error` is the registry's message.
 * - `failed`: its deletion failed; `error` says why.
 * - `changed`: the recheck kept it; `error` says why.
 * - `deferred`: it was not sent in this run; `error` says why.
 * - `kept`: the plan keeps it.
 */
export interface Outcome {
  readonly outcome: "deleted" | "planned" | "gone" | "refused" | "failed" | "changed" | "deferred" | "kept";
  readonly error: string | null;
}

/** A tag of a kept manifest whose ref is gone, and what happened to it. */
export interface StaleTag {
  readonly tag: string;
  readonly digest: Digest;
  readonly reason: string;
  readonly outcome: "reported" | "deleted" | "gone" | "failed" | "unsupported" | "changed";
}
