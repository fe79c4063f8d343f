import type { Digest } from "../digest.ts";
import type { Reason } from "../plan/keep.ts";
import type { Progress } from "../plan/progress.ts";
import type { ListedManifest } from "../registry/manifest.ts";
import type { Outcome } from "./outcome.ts";
import type { PlannedRepository } from "./plan-repository.ts";
import { Trees } from "./trees.ts";

/** The outcomes of one repository's plan so far. */
export class Outcomes {
  readonly trees: Trees;
  readonly #planned: PlannedRepository;
  readonly #onOutcome: () => void;
  readonly #byDigest = new Map<Digest, Outcome>();

  constructor(planned: PlannedRepository, onOutcome: () => void) {
    this.#planned = planned;
    this.trees = new Trees(planned.plan);
    this.#onOutcome = onOutcome;
  }

  get byDigest(): ReadonlyMap<Digest, Outcome> {
    return this.#byDigest;
  }

  settle(digest: Digest, outcome: Outcome): void {
    this.#byDigest.set(digest, outcome);
    const isGone = outcome.outcome === "deleted" || outcome.outcome === "gone";
    if (this.trees.isRoot(digest)) this.trees.setOpen(digest, isGone);
    this.trees.settle(digest);
    this.#onOutcome();
  }

  /** The deletions without an outcome, in the order of deletion. */
  pending(): readonly Digest[] {
    return this.#planned.plan.deletions.flatMap(({ digest }) => (this.#byDigest.has(digest) ? [] : [digest]));
  }

  /** How much of the plan is done, for a recheck. */
  progress(): Progress {
    const { plan, graph, contents } = this.#planned;
    const pending = new Map<Digest, ListedManifest | null>();
    const gone = new Set<Digest>();
    const failed = new Map<Digest, Reason>();
    for (const { digest } of plan.deletions) {
      const outcome = this.#byDigest.get(digest)?.outcome;
      if (outcome === undefined) pending.set(digest, graph.get(digest)?.listed ?? null);
      else if (outcome === "deleted" || outcome === "gone") gone.add(digest);
      else failed.set(digest, { status: "undecided", reason: "it could not be deleted" });
    }
    return { pending, gone, failed, contents, graph };
  }
}
