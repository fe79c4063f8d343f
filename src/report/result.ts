import type { FaultKind } from "../fault.ts";
import type { Decision, RepositoryPlan } from "../plan/view.ts";
import type { GarbageCollection } from "../registry/registry.ts";

/** What became of one decision. `error`: what the registry said, for `failed`, and for a `kept` that it refused to delete. */
export interface Outcome {
  readonly outcome: "deleted" | "gone" | "failed" | "changed" | "planned" | "kept";
  readonly error: string | null;
}

/** A decision and what became of it. */
export type SweptManifest = Decision & Outcome;

/** A dead tag of a manifest that stays, and what became of it. */
export interface StaleTag {
  readonly tag: string;
  readonly digest: string;
  readonly reason: string;
  readonly outcome: "reported" | "deleted" | "gone" | "failed" | "unsupported" | "changed";
}

export interface RepositoryResult {
  readonly name: string;
  /** Why nothing, or not all, was done here; null: all went well. */
  readonly error: string | null;
  readonly plan: RepositoryPlan | null;
  readonly manifests: readonly SweptManifest[];
  readonly staleTags: readonly StaleTag[];
}

/** All that one run did: what summary, outputs, log and report file are rendered from. Times in ms since the epoch. */
export interface RunResult {
  readonly dryRun: boolean;
  readonly registry: string;
  readonly provider: string;
  /** `https://github.com/OWNER/NAME`: what pull requests are linked to. */
  readonly repositoryUrl: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly repositories: readonly RepositoryResult[];
  readonly requests: Readonly<Record<string, number>>;
  /** Status as in the output `gc-status`. */
  readonly garbageCollection: {
    readonly status: GarbageCollection["status"] | "not-started" | "skipped";
    readonly freedBytes: number | null;
    readonly blobsDeleted: number | null;
    readonly note: string;
  };
  /** Everything that went wrong, in the order it did; any one fails the step. */
  readonly errors: readonly { readonly kind: FaultKind; readonly message: string; readonly remedy: string }[];
  /** Things to know that fail nothing. */
  readonly notices: readonly string[];
}
