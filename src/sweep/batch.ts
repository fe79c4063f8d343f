import type { Clock } from "../clock.ts";
import type { Digest } from "../digest.ts";
import { Fault } from "../fault.ts";
import { HttpError } from "../http/errors.ts";
import type { Decision } from "../plan/plan.ts";
import type { Deletion, Registry } from "../registry/registry.ts";
import { isRateLimit } from "./attempt.ts";
import { type BatchTimer, RECENT_MS } from "./batches.ts";
import type { Recheck } from "./recheck.ts";
import type { Settlement } from "./settlement.ts";
import type { TagTrial } from "./tag-trial.ts";

/** What a batch sends deletions with. */
export interface BatchServices {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly concurrency: number;
  /** Shared by all repositories of a run. */
  readonly tagTrial: TagTrial;
  /** Aborts when the job is cancelled. */
  readonly signal: AbortSignal;
}

/** In the last part of a batch, in milliseconds, no image with platforms begins: those that began are finished. */
const FINISHING_MS = 15_000;
/** How long a DELETE may follow the check of its manifest, which is based on pages that can be as old, in milliseconds. */
const CONFIRMED_MS = RECENT_MS / 2;
/** How long a DELETE waits that the host's limits do not allow yet, and for how long in all, in milliseconds. */
const DELAY_MS = 5_000;
const MAX_DELAY_MS = RECENT_MS + 3 * DELAY_MS;

/** The deletions that follow one recheck. */
export class Batch {
  readonly #services: BatchServices;
  readonly #settlement: Settlement;
  readonly #recheck: Recheck;
  readonly #timer: BatchTimer;
  #evidence: { readonly readAt: number; readonly isUnchanged: Promise<boolean> } | null = null;

  constructor(services: BatchServices, settlement: Settlement, recheck: Recheck, timer: BatchTimer) {
    this.#services = services;
    this.#settlement = settlement;
    this.#recheck = recheck;
    this.#timer = timer;
  }

  /** Sends one DELETE. Returns whether the manifest is gone. */
  async delete(decision: Decision): Promise<boolean> {
    const { digest } = decision;
    if (this.#settlement.outcomes.byDigest.has(digest) || !this.#maySend(digest)) return false;
    try {
      const deletion = await this.#send(decision);
      if (deletion === null) return false;
      return this.#settlement.answered(digest, deletion);
    } catch (error) {
      this.#settlement.failed(digest, error);
      return false;
    }
  }

  /** Whether a DELETE may be sent now. New trees wait for a later batch, so that few are open when this one ends. */
  #maySend(digest: Digest): boolean {
    const { isOver, sendBy } = this.#timer;
    const { signal, concurrency, clock } = this.#services;
    const { error, attempts, outcomes } = this.#settlement;
    const { trees } = outcomes;
    const isRejected = error !== null && endsOpenTrees(error);
    if (signal.aborted || isRejected || isOver() || attempts.endsBatch) return false;
    if (!trees.isRoot(digest)) return true;
    const isTimely = trees.isAlone(digest) || clock.now() < sendBy - FINISHING_MS;
    return error === null && isTimely && trees.mayBegin(digest, concurrency);
  }

  /** Returns until when a DELETE may be sent; null: something may have changed since the recheck, so the next batch rechecks. */
  async #confirm(digest: Digest): Promise<number | null> {
    const { sendBy, recentUntil } = this.#timer;
    const { registry, clock } = this.#services;
    if (clock.now() < recentUntil) return recentUntil;
    const { graph, plan } = this.#recheck.planned;
    const listed = graph.get(digest)?.listed ?? null;
    if (listed === null || registry.isUnchanged === undefined) return null;
    try {
      const isUnchanged = (await this.#isEvidenceUnchanged()) && (await registry.isUnchanged(plan.repository, listed));
      return isUnchanged ? Math.min(sendBy, clock.now() + CONFIRMED_MS) : null;
    } catch (error) {
      // No DELETE was sent.
      if (error instanceof Fault) this.#settlement.stop(error);
      else if (!(error instanceof HttpError) || error.code === "expired") throw error;
      else if (isRateLimit(error)) this.#settlement.attempts.failed(digest, error);
      return null;
    }
  }

  /** Reads the evidence again if that is as old as the pages. */
  #isEvidenceUnchanged(): Promise<boolean> {
    const now = this.#services.clock.now();
    if (this.#evidence === null || now - this.#evidence.readAt > CONFIRMED_MS) {
      this.#evidence = { readAt: now, isUnchanged: this.#recheck.isEvidenceUnchanged() };
    }
    return this.#evidence.isUnchanged;
  }

  /** Sends a DELETE. In a long batch, waits until the host's limits allow it. Null: the next batch sends it. */
  async #send(decision: Decision): Promise<Deletion | null> {
    const { clock, signal } = this.#services;
    const timer = this.#timer;
    const { trees } = this.#settlement.outcomes;
    const { digest } = decision;
    const giveUpAt = clock.now() + MAX_DELAY_MS;
    for (;;) {
      try {
        const sendBy = await this.#confirm(digest);
        if (sendBy === null || !this.#maySend(digest)) return null;
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
    const { repository } = this.#recheck.planned.plan;
    const target = await tagTrial.run(registry, repository, decision, sendBy);
    const deletion = await registry.delete(repository, target, sendBy);
    const isGoneWithTag = deletion.outcome === "gone" && target !== decision;
    return isGoneWithTag ? { outcome: "deleted" } : deletion;
  }
}

/** Whether an error also ends the deletions of open trees: the host rejects them all, or the job was cancelled. */
function endsOpenTrees(error: Fault | HttpError): boolean {
  return error instanceof Fault ? error.kind === "permission" : error.code === "interrupted";
}
