import pMap from "p-map";
import type { Clock } from "../clock.ts";
import type { Digest } from "../digest.ts";
import { Fault } from "../fault.ts";
import { HttpError } from "../http/errors.ts";
import type { Decision, Planned, SinceFirstLook } from "../plan/view.ts";
import type { Registry } from "../registry/registry.ts";
import type { Outcome, StaleTag } from "../report/result.ts";
import { inBatches, timerOf } from "./batches.ts";
import type { Look } from "./survey.ts";
import type { Turns } from "./turns.ts";

/** A server that fails on so many deletions in a row is down, or read-only: with each, five attempts are made. */
const MOST_DOWN = 30;

/** What a sweep works with. */
export interface SweepTools {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly concurrency: number;
  readonly removeStaleTags: boolean;
  /** Shared by the repositories that are swept at a time. */
  readonly turns: Turns;
  /** Aborts when the job is cancelled, or when another repository met a fault that ends the run. */
  readonly signal: AbortSignal;
  /** A whole new look at the repository, with the refs read anew, held against the plan's and how far it has come. */
  look(planned: SinceFirstLook["planned"]): Promise<Look>;
  /** How many of `wanted` deletions the registry's budget of requests lasts for now. */
  affordable(wanted: number): number;
  /** Called after each deletion, for progress. */
  onOutcome(decision: Decision, outcome: Outcome): void;
}

/** What became of a plan. `fault`: what ended it before its end; null: it was carried out whole. */
export interface Swept {
  readonly outcomes: ReadonlyMap<Digest, Outcome>;
  /** What the registry was asked to delete, whatever it answered. */
  readonly asked: ReadonlySet<Digest>;
  readonly staleTags: readonly StaleTag[];
  readonly fault: Fault | HttpError | null;
}

/** A sweep under way: what was planned, what has become of it so far, and what ends it early. */
interface Work {
  readonly planned: Look;
  readonly tools: SweepTools;
  readonly outcomes: Map<Digest, Outcome>;
  readonly asked: Set<Digest>;
  /** By tag. */
  readonly staleTags: Map<string, StaleTag>;
  /** Deletions that failed, or that the registry's policy refused. */
  failures: number;
  /** Requests in a row on which the server failed. */
  down: number;
  fault: Fault | HttpError | null;
}

/**
 * Carries out the plan of one repository in batches of at most 60 s. Each begins with a new look, and deletes only what
 * the plan and the new look agree on. Parents go before children; when a deletion fails, a new look spares what belongs
 * to what stayed. A failed deletion is an outcome; whatever else goes wrong is the fault, after those in flight have ended.
 */
export async function sweepRepository(planned: Look, tools: SweepTools): Promise<Swept> {
  const staleTags = new Map(staleTagsOf(planned).map((entry) => [entry.tag, entry]));
  const done = { outcomes: new Map<Digest, Outcome>(), asked: new Set<Digest>() };
  const work: Work = { planned, tools, ...done, staleTags, failures: 0, down: 0, fault: null };
  const all = planned.plan.waves.flat();
  if (tools.removeStaleTags && !tools.registry.deletesTags)
    for (const entry of staleTags.values()) staleTags.set(entry.tag, { ...entry, outcome: "unsupported" });
  const mayUntag = tools.removeStaleTags && reported(staleTags).length > 0;
  try {
    if (all.length > 0 || mayUntag) await tools.registry.prepareDeletion(planned.plan.repository);
    const at = { turns: tools.turns, repository: planned.plan.repository };
    const open = (): readonly Digest[] => all.filter((digest) => !work.outcomes.has(digest));
    await inBatches(at, open, async (left) => {
      const most = tools.affordable(left.length);
      // Parents go first, so what is left of the order breaks nothing that goes now.
      for (const digest of left.slice(most)) settle(work, digest, LEFT);
      if (most > 0) await deleteBatch(work, left.slice(0, most));
    });
    if (mayUntag)
      await inBatches(
        at,
        () => reported(staleTags),
        (left) => removeStaleTags(work, left),
      );
  } catch (error) {
    if (!(error instanceof Fault || error instanceof HttpError)) throw error;
    work.fault ??= error;
  }
  return { ...done, staleTags: [...staleTags.values()], fault: work.fault };
}

/** One look, and the deletions that begin within 60 s of it, up to the wave in which one fails. */
async function deleteBatch(work: Work, open: readonly Digest[]): Promise<void> {
  const { tools } = work;
  const look = await lookAgain(work);
  const isOver = timerOf(tools.clock);
  const agreed = new Set(open.filter((digest) => agree(work, look, digest)));
  for (const wave of look.plan.waves) {
    const { failures } = work;
    const going = wave.filter((digest) => agreed.has(digest));
    // The first goes alone: where it is not permitted, none is.
    if (work.asked.size === 0) for (const digest of going.splice(0, 1)) await deleteOne(work, digest, isOver);
    await pMap(going, (digest) => deleteOne(work, digest, isOver), { concurrency: tools.concurrency });
    if (work.fault !== null) throw work.fault;
    tools.signal.throwIfAborted();
    if (isOver() || work.failures > failures) return;
  }
}

function lookAgain({ planned: { plan, decisions }, outcomes, tools }: Work): Promise<Look> {
  const planned = new Map<Digest, Planned>();
  for (const digest of plan.waves.flat()) {
    const state = stateOf(outcomes.get(digest)) ?? (plan.followers.has(digest) ? "follows" : "goes");
    planned.set(digest, { state, kind: decisions.get(digest)?.kind ?? "unknown" });
  }
  return tools.look(planned);
}

/** What became of it; null: its turn is yet to come. */
function stateOf(outcome: Outcome | undefined): "gone" | "stays" | null {
  if (outcome === undefined) return null;
  return outcome.outcome === "deleted" || outcome.outcome === "gone" ? "gone" : "stays";
}

/** Whether the new look still deletes what the plan deletes; where it does not, that is its outcome. */
function agree(work: Work, look: Look, digest: Digest): boolean {
  const now = look.decisions.get(digest);
  if (now?.decision === "delete") return true;
  settle(work, digest, now === undefined ? GONE : { outcome: "changed", error: now.reason });
  return false;
}

const LEFT: Outcome = {
  outcome: "kept",
  error: "left for the next run: the registry's budget of requests does not last for it",
};
const GONE: Outcome = { outcome: "gone", error: null };

async function deleteOne(work: Work, digest: Digest, isOver: () => boolean): Promise<void> {
  const { tools, planned } = work;
  const decision = planned.decisions.get(digest);
  if (decision === undefined || work.fault !== null || tools.signal.aborted || isOver()) return;
  work.asked.add(digest);
  try {
    const deletion = await tools.registry.delete(planned.plan.repository, decision);
    work.down = 0;
    if (deletion.outcome === "refused") work.failures += 1;
    settle(
      work,
      digest,
      deletion.outcome === "refused" ? { outcome: "kept", error: deletion.reason } : { ...deletion, error: null },
    );
  } catch (error) {
    const failure = failureOf(work, error);
    if (failure === null) return;
    work.failures += 1;
    settle(work, digest, { outcome: "failed", error: describe(failure) });
  }
}

function describe(error: Fault | HttpError): string {
  return error instanceof HttpError && error.detail !== undefined ? `${error.message}: ${error.detail}` : error.message;
}

function settle(work: Work, digest: Digest, outcome: Outcome): void {
  work.outcomes.set(digest, outcome);
  const decision = work.planned.decisions.get(digest);
  if (decision !== undefined) work.tools.onOutcome(decision, outcome);
}

/** The dead tags of manifests that stay, as the plan names them. */
export function staleTagsOf(look: Look): readonly StaleTag[] {
  return look.plan.decisions.flatMap((decision) =>
    decision.staleTags.map(({ tag, reason }) => ({
      tag,
      digest: decision.digest,
      reason,
      outcome: "reported" as const,
    })),
  );
}

/** One look, and the removals that begin within 60 s of it: only of dead tags that it still finds, on the same manifest. */
async function removeStaleTags(work: Work, open: readonly StaleTag[]): Promise<void> {
  const { tools, staleTags } = work;
  const still = new Set(staleTagsOf(await lookAgain(work)).map(({ tag, digest }) => `${tag} ${digest}`));
  const isOver = timerOf(tools.clock);
  const remove = async (entry: StaleTag): Promise<void> => {
    if (!still.has(`${entry.tag} ${entry.digest}`)) staleTags.set(entry.tag, { ...entry, outcome: "changed" });
    else await removeOne(work, entry, isOver);
  };
  await pMap(open, remove, { concurrency: tools.concurrency });
  if (work.fault !== null) throw work.fault;
  tools.signal.throwIfAborted();
}

function reported(staleTags: Work["staleTags"]): readonly StaleTag[] {
  return [...staleTags.values()].filter(({ outcome }) => outcome === "reported");
}

async function removeOne(work: Work, entry: StaleTag, isOver: () => boolean): Promise<void> {
  const { tools, planned, staleTags } = work;
  if (work.fault !== null || tools.signal.aborted || isOver()) return;
  try {
    const outcome = await tools.registry.deleteTag(planned.plan.repository, entry.tag);
    work.down = 0;
    staleTags.set(entry.tag, { ...entry, outcome });
  } catch (error) {
    if (failureOf(work, error) !== null) staleTags.set(entry.tag, { ...entry, outcome: "failed" });
  }
}

/** What went wrong with one deletion, and may end the sweep; null: it was not sent. Throws what is a mistake of our own. */
function failureOf(work: Work, error: unknown): Fault | HttpError | null {
  if (!(error instanceof Fault || error instanceof HttpError)) throw error;
  if (endsSweep(work, error)) work.fault ??= error;
  return error instanceof HttpError && isUnsent(error) ? null : error;
}

/** What was never sent is still to be done: by the next batch, after a look of its own, or by the next run. */
function isUnsent(error: HttpError): boolean {
  return error.unsent === true || error.code === "expired" || error.status === 429;
}

/**
 * Whether what went wrong with one deletion would go wrong with the others. A host that refuses a request for now, after all
 * that was waited for, refuses them all; and one that fails on so many in a row is not there for the next.
 */
function endsSweep(work: Work, error: Fault | HttpError): boolean {
  if (error instanceof Fault || error.code === "interrupted" || error.status === 429) return true;
  const isDown = error.code !== "expired" && (error.status === undefined || error.status >= 500);
  work.down = isDown ? work.down + 1 : 0;
  return work.down >= MOST_DOWN;
}
