import pMap from "p-map";
import type { Clock } from "../clock.ts";
import { Fault } from "../fault.ts";
import { HttpError, reportable } from "../http/errors.ts";
import type { RepositoryPlan } from "../plan/plan.ts";
import type { Registry } from "../registry/registry.ts";
import { Attempts } from "./attempt.ts";
import { batchTimer, inBatches, noProgress } from "./batches.ts";
import type { StaleTag } from "./outcome.ts";
import type { Recheck } from "./recheck.ts";
import type { TagTrial } from "./tag-trial.ts";

/** What stale tags are removed with. */
export interface UntagServices {
  readonly registry: Registry;
  readonly repository: string;
  readonly clock: Clock;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly tagTrial: TagTrial;
  recheck(): Promise<Recheck>;
}

/** Returns the stale tags of a plan. */
export function staleTagsOf({ decisions }: RepositoryPlan): readonly StaleTag[] {
  return decisions.flatMap(({ digest, staleTags }) =>
    staleTags.map(({ tag, reason }) => ({ tag, digest, reason, outcome: "reported" as const })),
  );
}

/** What happened to stale tags, and the error that ended the work early. */
export interface Untagged {
  readonly tags: readonly StaleTag[];
  readonly error: Fault | HttpError | null;
  /** Why no tag was removed. */
  readonly notice?: string;
}

const UNTRIED =
  "Stale tags were not removed, because it is not known whether this registry can delete a tag alone. Refsweep tries it only on an image that it deletes anyway, and this run deleted none with a tag.";

/** Removes stale tags in batches. Each begins with a recheck, and removes only tags that are still stale, on the same manifest. */
export async function removeStaleTags(tags: readonly StaleTag[], services: UntagServices): Promise<Untagged> {
  const { deletesTags } = services.tagTrial;
  if (deletesTags === "no") return { tags: tags.map((tag) => ({ ...tag, outcome: "unsupported" })), error: null };
  if (deletesTags === "unknown") return { tags, error: null, notice: UNTRIED };
  const removal = new Removal(tags, services);
  return removal.run();
}

class Removal {
  readonly #services: UntagServices;
  readonly #results: Map<string, StaleTag>;
  readonly #attempts = new Attempts();
  #error: Fault | HttpError | null = null;

  constructor(tags: readonly StaleTag[], services: UntagServices) {
    this.#services = services;
    this.#results = new Map(tags.map((stale) => [stale.tag, stale]));
  }

  async run(): Promise<Untagged> {
    try {
      const finished = await inBatches(
        this.#services,
        () => this.#left().length,
        () => this.#removeBatch(),
      );
      if (!finished) throw noProgress(`${this.#left().length} stale tags in ${this.#services.repository}`);
    } catch (error) {
      this.#error ??= reportable(error);
    }
    // Nothing shows whether an attempt whose answer was lost succeeded.
    const tags = [...this.#results.values()].map((entry) =>
      entry.outcome === "reported" && this.#attempts.mayHaveSucceeded(entry.tag)
        ? { ...entry, outcome: "failed" as const }
        : entry,
    );
    return { tags, error: this.#error };
  }

  #left(): readonly StaleTag[] {
    return [...this.#results.values()].filter(({ outcome }) => outcome === "reported");
  }

  async #removeBatch(): Promise<boolean> {
    const { clock, concurrency, signal, recheck } = this.#services;
    this.#attempts.startBatch();
    const { planned } = await recheck();
    const stale = new Set(staleTagsOf(planned.plan).map(({ tag, digest }) => `${tag} ${digest}`));
    const listed = new Set(planned.listing.manifests.flatMap(({ tags }) => tags));
    const timer = batchTimer(clock);
    const removeOrKeep = async (entry: StaleTag): Promise<void> => {
      const settled = this.#settledBy(entry, listed, stale.has(`${entry.tag} ${entry.digest}`));
      if (settled !== null) this.#results.set(entry.tag, { ...entry, outcome: settled });
      else if (this.#error === null && !signal.aborted && !timer.isOver() && !this.#attempts.endsBatch) {
        await this.#remove(entry, timer.sendBy);
      }
    };
    const left = this.#left();
    await pMap(left, removeOrKeep, { concurrency });
    if (this.#error !== null) throw this.#error;
    signal.throwIfAborted();
    const isRechecked = ({ tag }: StaleTag): boolean =>
      ["changed", "deleted", "gone"].includes(this.#results.get(tag)?.outcome ?? "");
    return this.#attempts.wasAnswered || left.some(isRechecked);
  }

  /** What a recheck shows of a tag; null: it can be removed. */
  #settledBy({ tag }: StaleTag, listed: ReadonlySet<string>, isStale: boolean): StaleTag["outcome"] | null {
    if (!listed.has(tag)) return this.#attempts.mayHaveSucceeded(tag) ? "deleted" : "gone";
    this.#attempts.exists(tag);
    if (!isStale) return "changed";
    return this.#attempts.givenUp(tag) === null ? null : "failed";
  }

  async #remove(entry: StaleTag, sendBy: number): Promise<void> {
    const { registry, repository } = this.#services;
    try {
      const outcome = await registry.deleteTag(repository, entry, sendBy);
      this.#attempts.succeeded();
      this.#results.set(entry.tag, { ...entry, outcome });
    } catch (error) {
      const failure = this.#attempts.failed(entry.tag, error);
      if (failure === "again" || !(error instanceof Fault || error instanceof HttpError)) return;
      this.#results.set(entry.tag, { ...entry, outcome: "failed" });
      if (failure === "stop") this.#error ??= error;
    }
  }
}
