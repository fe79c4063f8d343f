import type { FaultKind } from "../fault.ts";
import type { Advice } from "../plan/advice.ts";
import type { Decision, RepositoryPlan } from "../plan/plan.ts";
import type { GarbageCollection, Storage } from "../registry/registry.ts";
import type { Outcome, StaleTag } from "../sweep/outcome.ts";
import type { BrokenManifest, Validation } from "../sweep/validate.ts";

/** A decision and its outcome. */
export type ManifestResult = Decision & Outcome;

/** What a run did in one repository. */
export interface RepositoryResult {
  readonly name: string;
  /** The repository's page in the registry's web interface; null: there is none. */
  readonly url: string | null;
  /** Why the work on this repository ended early; null: it did not. */
  readonly error: string | null;
  /** Null: the repository could not be listed. */
  readonly plan: RepositoryPlan | null;
  readonly manifests: readonly ManifestResult[];
  readonly staleTags: readonly StaleTag[];
  /** Kept manifests that cannot be pulled completely. Without `validate`, only indexes that were read for the plan. */
  readonly broken: readonly BrokenManifest[];
  /** Manifests and blobs that could not be read. */
  readonly unreadable: Validation["unreadable"];
  /** Kept images that other inputs would explain or delete. */
  readonly advice: Advice;
}

/** What a run did: summary, outputs, log and report file are written from it. Times are in milliseconds since the epoch. */
export interface RunResult {
  readonly dryRun: boolean;
  /** As shown to users; empty if the inputs are invalid. */
  readonly registry: string;
  readonly provider: string;
  /** `https://github.com/OWNER/NAME`: pull requests are linked below it. */
  readonly gitRepositoryUrl: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** The inputs, without secrets, by name. */
  readonly settings: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** The registry's storage before the run. */
  readonly storage: Storage;
  readonly listsUntagged: boolean;
  /** How deleted manifests can be restored; null: they cannot. */
  readonly restoreWindow: { readonly days: number; readonly url: string } | null;
  readonly repositories: readonly RepositoryResult[];
  /** Requests sent, by host. */
  readonly requests: Readonly<Record<string, number>>;
  readonly garbageCollection: {
    /** As in the output `gc-status`. */
    readonly status: GarbageCollection["status"] | "not-started" | "skipped";
    readonly freedBytes: number | null;
    readonly blobsDeleted: number | null;
    readonly note: string;
  };
  /** Errors, in the order in which they happened. Any of them fails the step. */
  readonly errors: readonly { readonly kind: FaultKind; readonly message: string; readonly remedy: string }[];
  /** What the user should act on, although it does not fail the step. */
  readonly warnings: readonly string[];
  /** Warnings that were logged when they happened, one of each kind. */
  readonly loggedWarnings: readonly string[];
  /** Things to know. */
  readonly notices: readonly string[];
}
