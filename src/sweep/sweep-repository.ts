import type { Digest } from "../digest.ts";
import type { Fault } from "../fault.ts";
import { HttpError, reportable } from "../http/errors.ts";
import type { Decision } from "../plan/plan.ts";
import type { Progress } from "../plan/progress.ts";
import { isRateLimit } from "./attempt.ts";
import { Batch, type BatchServices } from "./batch.ts";
import { batchTimer, inBatches, noProgress } from "./batches.ts";
import type { Outcome, StaleTag } from "./outcome.ts";
import type { PlannedRepository } from "./plan-repository.ts";
import type { Recheck } from "./recheck.ts";
import { runSteps } from "./run-steps.ts";
import { Settlement, type SettlementServices } from "./settlement.ts";
import { removeStaleTags, staleTagsOf } from "./stale-tags.ts";

/** What a sweep of one repository works with. */
export interface SweepServices extends BatchServices, SettlementServices {
  readonly removeStaleTags: boolean;
  /** @param uncertain deletions whose answer was lost */
  recheck(first: PlannedRepository, progress: Progress, uncertain: ReadonlySet<Digest>): Promise<Recheck>;
  /** Returns how many of `count` deletions the API budget allows now. */
  affordable(count: number): number;
  /** Returns the rate limit that defers deletions, as the report shows it. */
  rateLimit(): string;
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

const NOT_REACHED = "the run ended before this deletion";

/**
 * Carries out the plan of one repository in batches. Each batch begins with a recheck, and deletes only what both
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
  readonly #settlement: Settlement;

  constructor(planned: PlannedRepository, services: SweepServices) {
    this.#planned = planned;
    this.#services = services;
    this.#settlement = new Settlement(planned, services);
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
      if (untags && this.#settlement.error === null) {
        const untagged = await removeStaleTags(staleTags, {
          ...this.#services,
          repository,
          recheck: () => this.#recheck(),
        });
        staleTags = untagged.tags;
        this.#settlement.stop(untagged.error);
        notice = untagged.notice ?? null;
      }
    } catch (error) {
      this.#settlement.stop(reportable(error));
    }
    const { outcomes, error, isLocal, mayHaveDeleted } = this.#settlement;
    const isLimited = error instanceof HttpError && isRateLimit(error);
    this.#settlement.defer(outcomes.pending(), isLimited ? this.#services.rateLimit() : NOT_REACHED);
    return {
      outcomes: outcomes.byDigest,
      staleTags,
      mayHaveDeleted,
      error: isLimited ? null : error,
      isLocal,
      notice: this.#services.tagTrial.unfinished(repository, outcomes.byDigest) ?? notice,
    };
  }

  async #deleteAll(): Promise<void> {
    const finished = await inBatches(
      this.#services,
      () => this.#settlement.outcomes.pending().length,
      () => this.#deleteBatch(),
    );
    if (finished) return;
    const left = this.#settlement.outcomes.pending();
    if (this.#settlement.attempts.isLimited) this.#settlement.defer(left, this.#services.rateLimit());
    else throw noProgress(`${left.length} deletions in ${this.#planned.plan.repository}`);
  }

  /** One recheck, and the deletions that can be sent within 60 s of it. */
  async #deleteBatch(): Promise<boolean> {
    const { clock, signal, concurrency, permission, affordable, registry } = this.#services;
    const { repository } = this.#planned.plan;
    const pending = this.#settlement.outcomes.pending();
    const { trees } = this.#settlement.outcomes;
    this.#settlement.defer(pending.slice(trees.cut(pending, affordable(pending.length))), this.#services.rateLimit());
    if (this.#settlement.outcomes.pending().length === 0) return true;
    this.#settlement.attempts.startBatch();
    const recheck = await this.#recheck();
    const { planned, agreement } = recheck;
    const timer = batchTimer(clock, registry.batchMs?.(repository));
    const batch = new Batch(this.#services, this.#settlement, recheck, timer);
    const open = new Set(this.#settlement.outcomes.pending());
    const agreed = agreement.deletions.filter(({ digest }) => open.has(digest));
    const agreedDigests = new Set(agreed.map(({ digest }) => digest));
    for (const digest of open) {
      if (agreedDigests.has(digest)) this.#settlement.agreed(digest);
      else this.#settlement.disagreed(digest, planned, agreement.reasonToKeep(digest));
    }
    // If the token may not delete at all, only one DELETE is sent.
    const limit = (): number => (permission.isProven ? concurrency : 1);
    await runSteps(agreed, limit, async (digest) => {
      const decision = this.#decisions.get(digest);
      return decision !== undefined && batch.delete(decision);
    });
    this.#settlement.endBatch();
    if (this.#settlement.error !== null) throw this.#settlement.error;
    signal.throwIfAborted();
    return this.#settlement.attempts.wasAnswered || agreed.length < open.size;
  }

  async #recheck(): Promise<Recheck> {
    const uncertain = this.#settlement.outcomes
      .pending()
      .filter((digest) => this.#settlement.attempts.mayHaveSucceeded(digest));
    return this.#services.recheck(this.#planned, this.#settlement.outcomes.progress(), new Set(uncertain));
  }
}
