import { Fault } from "../fault.ts";
import { HttpError } from "../http/errors.ts";
import type { Capabilities } from "../registry/capabilities.ts";
import type { DeletionTarget, Registry } from "../registry/registry.ts";

/** Whether an error says nothing about the deletion of the manifest. */
function isInconclusive(error: unknown): boolean {
  return error instanceof HttpError
    ? error.code !== "interrupted"
    : error instanceof Fault && error.kind === "permission";
}

/**
 * Finds out whether a registry deletes a tag without its manifest, if no fact says so: it deletes a tag of an image that is
 * deleted anyway, right before the image. If the registry deletes both, nothing is lost.
 */
export class TagTrial {
  readonly #isWanted: boolean;
  #deletesTags: Capabilities["deletesTags"];
  #isRunning = false;

  /** @param isWanted whether the run removes stale tags and has some */
  constructor({ deletesTags }: Capabilities, isWanted: boolean) {
    this.#deletesTags = deletesTags;
    this.#isWanted = isWanted;
  }

  /** What is known so far. */
  get deletesTags(): Capabilities["deletesTags"] {
    return this.#deletesTags;
  }

  /**
   * Deletes the first tag of `target`, if that is not known yet. Call it only for a manifest that is deleted next.
   *
   * @returns the target of the next DELETE; null: the registry deleted the manifest with the tag
   */
  async run<T extends DeletionTarget>(
    registry: Registry,
    repository: string,
    target: T,
    sendBy: number,
  ): Promise<T | null> {
    const [tag, ...tags] = target.tags ?? [];
    if (tag === undefined || !this.#isWanted || this.#deletesTags !== "unknown" || this.#isRunning) return target;
    this.#isRunning = true;
    try {
      const deletion = await registry.deleteTag(repository, { tag, digest: target.digest }, sendBy);
      if (deletion === "unsupported") this.#deletesTags = "no";
      if (deletion !== "deleted") return target;
      const isKept = await registry.exists(repository, target.digest);
      this.#deletesTags = isKept ? "yes" : "no";
      return isKept ? { ...target, tags } : null;
    } catch (error) {
      if (!isInconclusive(error)) throw error;
      // The tag may be gone, so the manifest must follow now: without a tag, no list shows it.
      return { ...target, tags };
    } finally {
      this.#isRunning = false;
    }
  }
}
