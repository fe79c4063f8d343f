import type { Clock } from "../clock.ts";
import type { Digest } from "../digest.ts";
import { Fault } from "../fault.ts";
import { describeError, HttpError, reportable } from "../http/errors.ts";
import type { Decision } from "../plan/plan.ts";
import type { Progress } from "../plan/progress.ts";
import type { Deletion, Registry } from "../registry/registry.ts";
import { Attempts, isRateLimit } from "./attempt.ts";
import { type BatchTimer, batchTimer, inBatches, noProgress, RECENT_MS } from "./batches.ts";
import { Forbidden, type Permission } from "./forbidden.ts";
import type { Outcome, StaleTag } from "./outcome.ts";
import { Outcomes } from "./outcomes.ts";
import type { PlannedRepository } from "./plan-repository.ts";
import type { Recheck } from "./recheck.ts";
import { runSteps } from "./run-steps.ts";
import { removeStaleTags, staleTagsOf } from "./stale-tags.ts";
import type { TagTrial } from "./tag-trial.ts";

/** What a sweep of one repository works with. */
export interface SweepServices {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly concurrency: number;
  readonly removeStaleTags: boolean;
  /** Shared by all repositories of a run. */
  readonly tagTrial: TagTrial;
  /** Aborts when the job is cancelled. */
  readonly signal: AbortSignal;
  readonly permission: Permission;
  /** @param uncertain deletions whose answer was lost */
  recheck(first: PlannedRepository, progress: Progress, uncertain: ReadonlySet<Digest>): Promise<Recheck>;
  /** Returns how many of `count` deletions the API budget allows now. */
  affordable(count: number): number;
  /** Returns the rate limit that defers deletions, as the report shows it. */
  rateLimit(): string;
  /** Whether the next run finds untagged manifests that this one leaves. */
  readonly findsLeftovers: boolean;
  /** Called once for each planned deletion. */
  onOutcome(): void;
}

/** What happened to the plan of one repository. */
export interface Swept {
  readonly outcomes: ReadonlyMap<Digest, Outcome>;
  readonly staleTags: readonly StaleTag[];
  /** Whether a DELETE was sent that may have freed blobs. */
  readonly mayHaveDeleted: boolean;
  /** The error that ended the sweep early; null: it finished. */
  readonly error: Fault | HttpError | null;
  /** Whether the error is about this repository only, although it is one about a permission. */
  readonly isLocal: boolean;
  /** A sentence about stale tags that were not removed. */
  readonly notice: string | null;
}

const UNFINDABLE = "its image was deleted, so no later run finds it: delete it by its digest";
const NOT_REACHED = "the run ended before it was sent";
/** In the last part of a batch, in milliseconds, no image with platforms begins: those that began are finished. */
const FINISHING_MS = 15_000;
/** How long a DELETE may follow the check of its manifest, which is based on pages that can be as old, in milliseconds. */
const CONFIRMED_MS = RECENT_MS / 2;
/** How long a DELETE waits that the host's limits do not allow yet, and for how long in all, in milliseconds. */
const DELAY_MS = 5_000;
const MAX_DELAY_MS = RECENT_MS + 3 * DELAY_MS;
const UNKNOWN = "the connection was lost before the registry answered, so it may have been deleted";

/**
 * Carries out the plan of one repository in batches of at most 60 s. Each batch begins with a recheck, and deletes only what both
 * plans agree on. A failed deletion is an outcome; any other error ends the sweep after the deletions in flight.
 */
export async function sweepRepository(planned: PlannedRepository, services: SweepServices): Promise<Swept> {
  const sweep = new RepositorySweep(planned, services);
  return sweep.run();
}

class RepositorySweep {
  readonly #planned: PlannedRepository;
  readonly #services: SweepServices;
  readonly #decisions: ReadonlyMap<Digest, Decision>;
  readonly #outcomes: Outcomes;
  readonly #attempts = new Attempts();
  /** The last recheck. */
  #rechecked: PlannedRepository | null = null;
  readonly #forbidden: Forbidden;
  #error: Fault | HttpError | null = null;

  constructor(planned: PlannedRepository, services: SweepServices) {
    this.#planned = planned;
    this.#services = services;
    this.#forbidden = new Forbidden(services.permission);
    this.#outcomes = new Outcomes(planned, services.onOutcome);
    this.#decisions = new Map(planned.plan.decisions.map((decision) => [decision.digest, decision]));
  }

  async run(): Promise<Swept> {
    const { registry, removeStaleTags: removesTags } = this.#services;
    const { repository, deletions } = this.#planned.plan;
    let staleTags = staleTagsOf(this.#planned.plan);
    let notice: string | null = null;
    const untags = removesTags && staleTags.length > 0;
    try {
      if (deletions.length > 0 || untags) await registry.prepareDeletion(repository);
      await this.#deleteAll();
      if (untags && this.#error === null) {
        const untagged = await removeStaleTags(staleTags, {
          ...this.#services,
          repository,
          recheck: () => this.#recheck(),
        });
        staleTags = untagged.tags;
        this.#error = untagged.error;
        notice = untagged.notice ?? null;
      }
    } catch (error) {
      this.#error ??= reportable(error);
    }
    const isLimited = this.#error instanceof HttpError && isRateLimit(this.#error);
    this.#defer(this.#outcomes.pending(), isLimited ? this.#services.rateLimit() : NOT_REACHED);
    return {
      outcomes: this.#outcomes.byDigest,
      staleTags,
      mayHaveDeleted: this.#mayHaveDeleted(),
      error: isLimited ? null : this.#error,
      isLocal: this.#forbidden.isLocal(this.#error),
      notice: this.#services.tagTrial.unfinished(repository, this.#outcomes.byDigest) ?? notice,
    };
  }

  async #deleteAll(): Promise<void> {
    const finished = await inBatches(
      this.#services,
      () => this.#outcomes.pending().length,
      () => this.#deleteBatch(),
    );
    if (finished) return;
    const left = this.#outcomes.pending();
    if (this.#attempts.isLimited) this.#defer(left, this.#services.rateLimit());
    else throw noProgress(`${left.length} deletions in ${this.#planned.plan.repository}`);
  }

  /** One recheck, and the deletions that can be sent within 60 s of it. */
  async #deleteBatch(): Promise<boolean> {
    const { clock, signal, concurrency, permission, affordable, registry } = this.#services;
    const { repository } = this.#planned.plan;
    const pending = this.#outcomes.pending();
    const { trees } = this.#outcomes;
    this.#defer(pending.slice(trees.cut(pending, affordable(pending.length))), this.#services.rateLimit());
    if (this.#outcomes.pending().length === 0) return true;
    this.#attempts.startBatch();
    const { planned, agreement } = await this.#recheck();
    const timer = batchTimer(clock, registry.batchMs?.(repository));
    this.#rechecked = planned;
    const open = new Set(this.#outcomes.pending());
    const agreed = agreement.deletions.filter(({ digest }) => open.has(digest));
    const agreedDigests = new Set(agreed.map(({ digest }) => digest));
    for (const digest of open) {
      if (agreedDigests.has(digest)) this.#settleGivenUp(digest);
      else this.#settleKept(digest, planned, agreement.reasonToKeep(digest));
    }
    // If the token may not delete at all, only one DELETE is sent.
    const limit = (): number => (permission.isProven ? concurrency : 1);
    await runSteps(agreed, limit, (digest) => this.#delete(digest, timer));
    this.#forbidden.end();
    this.#settleForbidden();
    if (this.#error !== null) throw this.#error;
    signal.throwIfAborted();
    return this.#attempts.wasAnswered || agreed.length < open.size;
  }

  async #recheck(): Promise<Recheck> {
    const uncertain = this.#outcomes.pending().filter((digest) => this.#attempts.mayHaveSucceeded(digest));
    return this.#services.recheck(this.#planned, this.#outcomes.progress(), new Set(uncertain));
  }

  /** Leaves deletions to the next run. */
  #defer(digests: readonly Digest[], cause: string): void {
    for (const digest of digests) {
      const isUnknown = this.#attempts.mayHaveSucceeded(digest);
      const isUnfindable = !this.#services.findsLeftovers && this.#outcomes.trees.isOpen(digest);
      const error = isUnfindable ? `${cause}; ${UNFINDABLE}` : cause;
      this.#outcomes.settle(digest, isUnknown ? { outcome: "failed", error: UNKNOWN } : { outcome: "deferred", error });
    }
  }

  /** The recheck saw the manifest, so no attempt to delete it succeeded. */
  #settleGivenUp(digest: Digest): void {
    const { trees } = this.#outcomes;
    this.#attempts.exists(digest);
    if (trees.isRoot(digest)) trees.setOpen(digest, false);
    const error = this.#attempts.givenUp(digest);
    if (error !== null) this.#outcomes.settle(digest, { outcome: "failed", error: describeError(error) });
  }

  #settleKept(digest: Digest, { graph }: PlannedRepository, reason: string | undefined): void {
    if (graph.get(digest)?.gone !== false) this.#outcomes.settle(digest, this.#goneOutcome(digest));
    else this.#outcomes.settle(digest, { outcome: "changed", error: reason ?? null });
  }

  /** What is gone after a DELETE whose answer was lost was deleted by it. */
  #goneOutcome(digest: Digest): Outcome {
    return { outcome: this.#attempts.mayHaveSucceeded(digest) ? "deleted" : "gone", error: null };
  }

  /** Sends one DELETE. Returns whether the manifest is gone. */
  async #delete(digest: Digest, timer: BatchTimer): Promise<boolean> {
    const { permission } = this.#services;
    const { byDigest } = this.#outcomes;
    const decision = this.#decisions.get(digest);
    if (decision === undefined || byDigest.has(digest) || !this.#maySend(digest, timer)) return false;
    try {
      const deletion = await this.#send(decision, timer);
      if (deletion === null) return false;
      this.#attempts.succeeded();
      if (deletion.outcome === "forbidden") return this.#forbid(digest, deletion.fault);
      if (deletion.outcome === "deleted") {
        permission.deleted();
        this.#settleForbidden();
      }
      if (deletion.outcome === "refused") this.#outcomes.settle(digest, { outcome: "refused", error: deletion.reason });
      else
        this.#outcomes.settle(
          digest,
          deletion.outcome === "gone" ? this.#goneOutcome(digest) : { ...deletion, error: null },
        );
      // What follows a manifest that is gone waits for a recheck: it may have been pushed again.
      return deletion.outcome === "deleted";
    } catch (error) {
      this.#handleFailure(digest, error);
      return false;
    }
  }

  /** Whether a DELETE may be sent now. New trees wait for a later batch, so that few are open when this one ends. */
  #maySend(digest: Digest, { isOver, sendBy }: BatchTimer): boolean {
    const { signal, concurrency, clock } = this.#services;
    const { trees } = this.#outcomes;
    const isRejected = this.#error !== null && endsOpenTrees(this.#error);
    if (signal.aborted || isRejected || isOver() || this.#attempts.endsBatch) return false;
    if (!trees.isRoot(digest)) return true;
    const isTimely = trees.isAlone(digest) || clock.now() < sendBy - FINISHING_MS;
    return this.#error === null && isTimely && trees.open < concurrency;
  }

  /** Returns until when a DELETE may be sent; null: the manifest may have changed since the recheck, so the next batch rechecks. */
  async #confirm(digest: Digest, { sendBy, recentUntil }: BatchTimer): Promise<number | null> {
    const { registry, clock } = this.#services;
    if (clock.now() < recentUntil) return recentUntil;
    const listed = this.#rechecked?.graph.get(digest)?.listed ?? null;
    if (listed === null || registry.isUnchanged === undefined) return null;
    try {
      const isUnchanged = await registry.isUnchanged(this.#planned.plan.repository, listed);
      return isUnchanged ? Math.min(sendBy, clock.now() + CONFIRMED_MS) : null;
    } catch (error) {
      if (!(error instanceof HttpError) || error.code === "expired") throw error;
      // No DELETE was sent.
      if (isRateLimit(error)) this.#attempts.failed(digest, error);
      return null;
    }
  }

  #forbid(digest: Digest, fault: Fault): false {
    const { trees } = this.#outcomes;
    if (trees.isRoot(digest)) trees.setOpen(digest, false);
    this.#forbidden.add(digest, fault);
    if (this.#forbidden.fault !== null) this.#settleForbidden();
    return false;
  }

  /** If the token may delete, the registry protects what it forbids to delete. */
  #settleForbidden(): void {
    const { fault } = this.#forbidden;
    if (fault !== null) this.#error ??= fault;
    for (const [digest, { cause, message }] of this.#forbidden.take()) {
      if (fault !== null) this.#outcomes.settle(digest, { outcome: "failed", error: describeError(fault) });
      else {
        const error = cause instanceof Error ? describeError(cause) : message;
        this.#outcomes.settle(digest, { outcome: "refused", error });
      }
    }
  }

  /** Sends a DELETE. In a long batch, waits until the host's limits allow it. Null: the next batch sends it. */
  async #send(decision: Decision, timer: BatchTimer): Promise<Deletion | null> {
    const { clock, signal } = this.#services;
    const { trees } = this.#outcomes;
    const { digest } = decision;
    const giveUpAt = clock.now() + MAX_DELAY_MS;
    for (;;) {
      try {
        const sendBy = await this.#confirm(digest, timer);
        if (sendBy === null || !this.#maySend(digest, timer)) return null;
        if (trees.isRoot(digest)) trees.setOpen(digest, true);
        return await this.#deleteWithTrial(decision, sendBy);
      } catch (error) {
        const isDelayed = error instanceof HttpError && error.code === "expired" && timer.recentUntil < timer.sendBy;
        if (!isDelayed || timer.isOver() || clock.now() >= giveUpAt) throw error;
        if (trees.isRoot(digest)) trees.setOpen(digest, false);
      }
      await clock.sleep(DELAY_MS, signal).catch(() => undefined);
    }
  }

  async #deleteWithTrial(decision: Decision, sendBy: number): Promise<Deletion> {
    const { registry, tagTrial } = this.#services;
    const { repository } = this.#planned.plan;
    const target = await tagTrial.run(registry, repository, decision, sendBy);
    return target === null ? { outcome: "deleted" } : registry.delete(repository, target, sendBy);
  }

  #handleFailure(digest: Digest, error: unknown): void {
    const failure = this.#attempts.failed(digest, error);
    const { trees } = this.#outcomes;
    if (trees.isRoot(digest)) trees.setOpen(digest, this.#attempts.mayHaveSucceeded(digest));
    if (failure === "again" || !(error instanceof Fault || error instanceof HttpError)) return;
    if (failure === "stop") this.#error ??= error;
    const isUnsent = error instanceof HttpError && error.unsent === true;
    if (!isUnsent) this.#outcomes.settle(digest, { outcome: "failed", error: describeError(error) });
  }

  #mayHaveDeleted(): boolean {
    return [...this.#outcomes.byDigest].some(
      ([digest, { outcome }]) => outcome === "deleted" || this.#attempts.mayHaveSucceeded(digest),
    );
  }
}

/** Whether an error also ends the deletions of open trees: the host rejects them all, or the job was cancelled. */
function endsOpenTrees(error: Fault | HttpError): boolean {
  return error instanceof Fault ? error.kind === "permission" : error.code === "interrupted";
}
