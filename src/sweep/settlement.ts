import type { Digest } from "../digest.ts";
import { Fault } from "../fault.ts";
import { describeError, HttpError } from "../http/errors.ts";
import type { Deletion } from "../registry/registry.ts";
import { Attempts } from "./attempt.ts";
import { Forbidden, type Permission } from "./forbidden.ts";
import type { Outcome } from "./outcome.ts";
import { Outcomes } from "./outcomes.ts";
import type { PlannedRepository } from "./plan-repository.ts";

/** What the outcomes of a sweep depend on. */
export interface SettlementServices {
  readonly permission: Permission;
  /** Whether the next run finds untagged manifests that this one leaves. */
  readonly findsLeftovers: boolean;
  /** Called once for each planned deletion. */
  onOutcome(): void;
}

const UNFINDABLE = "its image was deleted, so no later run finds it: delete it by its digest";
const UNKNOWN = "the connection was lost before the registry answered, so it may have been deleted";

/** Decides the outcome of each planned deletion: by the answer to its DELETE, or by what a recheck shows. */
export class Settlement {
  readonly outcomes: Outcomes;
  readonly attempts = new Attempts();
  readonly #services: SettlementServices;
  readonly #forbidden: Forbidden;
  #error: Fault | HttpError | null = null;

  constructor(planned: PlannedRepository, services: SettlementServices) {
    this.#services = services;
    this.#forbidden = new Forbidden(services.permission);
    this.outcomes = new Outcomes(planned, services.onOutcome);
  }

  /** The first error that ends the sweep. */
  get error(): Fault | HttpError | null {
    return this.#error;
  }

  /** Whether the error is about this repository only. */
  get isLocal(): boolean {
    return this.#forbidden.isLocal(this.#error);
  }

  /** Whether a DELETE was sent that may have freed blobs. */
  get mayHaveDeleted(): boolean {
    return [...this.outcomes.byDigest].some(
      ([digest, { outcome }]) => outcome === "deleted" || this.attempts.mayHaveSucceeded(digest),
    );
  }

  stop(error: Fault | HttpError | null): void {
    this.#error ??= error;
  }

  /** Leaves deletions to the next run. */
  defer(digests: readonly Digest[], cause: string): void {
    for (const digest of digests) {
      const isUnknown = this.attempts.mayHaveSucceeded(digest);
      if (isUnknown) this.#leave(digest, "failed", UNKNOWN);
      else this.#leave(digest, "deferred", cause);
    }
  }

  /** Records that a manifest was not deleted, and whether no later run finds it. */
  #leave(digest: Digest, outcome: "failed" | "deferred" | "refused", cause: string): void {
    const { trees } = this.outcomes;
    const isUnfindable = !this.#services.findsLeftovers && !trees.isRoot(digest) && trees.isOpen(digest);
    this.outcomes.settle(digest, { outcome, error: isUnfindable ? `${cause}; ${UNFINDABLE}` : cause });
  }

  /** Records that a recheck agrees to a deletion. It saw the manifest, so no attempt to delete it succeeded. */
  agreed(digest: Digest): void {
    const { trees } = this.outcomes;
    this.attempts.exists(digest);
    if (trees.isRoot(digest)) trees.setOpen(digest, false);
    const error = this.attempts.givenUp(digest);
    if (error !== null) this.#leave(digest, "failed", describeError(error));
  }

  /** Records that a recheck does not agree to a deletion. */
  disagreed(digest: Digest, { graph }: PlannedRepository, reason: string | undefined): void {
    if (graph.get(digest)?.gone !== false) this.outcomes.settle(digest, this.#goneOutcome(digest));
    else this.outcomes.settle(digest, { outcome: "changed", error: reason ?? null });
  }

  /** Records the answer to a DELETE. Returns whether the deletions after it may be sent. */
  answered(digest: Digest, deletion: Deletion): boolean {
    this.attempts.succeeded();
    if (deletion.outcome === "forbidden") return this.#forbid(digest, deletion.fault);
    if (deletion.outcome === "deleted") {
      this.#services.permission.deleted();
      this.#settleForbidden();
    }
    if (deletion.outcome === "refused") this.#leave(digest, "refused", deletion.reason);
    else
      this.outcomes.settle(
        digest,
        deletion.outcome === "gone" ? this.#goneOutcome(digest) : { ...deletion, error: null },
      );
    // What follows a manifest that is gone waits for a recheck: it may have been pushed again.
    return deletion.outcome === "deleted";
  }

  /** Records a DELETE without an answer, or with an error. Throws it if it is a bug. */
  failed(digest: Digest, error: unknown): void {
    const failure = this.attempts.failed(digest, error);
    const { trees } = this.outcomes;
    if (trees.isRoot(digest)) trees.setOpen(digest, this.attempts.mayHaveSucceeded(digest));
    if (failure === "again" || !(error instanceof Fault || error instanceof HttpError)) return;
    if (failure === "stop") this.stop(error);
    const isUnsent = error instanceof HttpError && error.unsent === true;
    if (!isUnsent) this.#leave(digest, "failed", describeError(error));
  }

  /** Ends a batch. If nothing was deleted, the token may not delete what it forbids. */
  endBatch(): void {
    this.#forbidden.end();
    this.#settleForbidden();
  }

  #forbid(digest: Digest, fault: Fault): false {
    const { trees } = this.outcomes;
    if (trees.isRoot(digest)) trees.setOpen(digest, false);
    this.#forbidden.add(digest, fault);
    if (this.#forbidden.fault !== null) this.#settleForbidden();
    return false;
  }

  /** If the token may delete, the registry protects what it forbids to delete. */
  #settleForbidden(): void {
    const { fault } = this.#forbidden;
    this.stop(fault);
    for (const [digest, { cause, message }] of this.#forbidden.take()) {
      if (fault !== null) this.#leave(digest, "failed", describeError(fault));
      else this.#leave(digest, "refused", cause instanceof Error ? describeError(cause) : message);
    }
  }

  /** What is gone after a DELETE whose answer was lost was deleted by it. */
  #goneOutcome(digest: Digest): Outcome {
    return { outcome: this.attempts.mayHaveSucceeded(digest) ? "deleted" : "gone", error: null };
  }
}
