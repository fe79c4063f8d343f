import type { Digest } from "../digest.ts";
import { Fault } from "../fault.ts";
import { HttpError } from "../http/errors.ts";
import type { Capabilities } from "../registry/capabilities.ts";
import type { DeletionTarget, Listing, Registry, TagTarget } from "../registry/registry.ts";
import type { Outcome } from "./outcome.ts";

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
  /** The tags that the trial may have removed. */
  readonly #removed = new Set<TagTarget & { readonly repository: string }>();
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
   * @returns the target of the next DELETE, which follows in any case. Not `target` itself: its tag may be deleted, and the manifest
   *   with it
   */
  async run<T extends DeletionTarget>(registry: Registry, repository: string, target: T, sendBy: number): Promise<T> {
    const [tag, ...tags] = target.tags ?? [];
    if (tag === undefined || !this.#isWanted || this.#deletesTags !== "unknown" || this.#isRunning) return target;
    this.#isRunning = true;
    const removed = { repository, tag, digest: target.digest };
    this.#removed.add(removed);
    try {
      const deletion = await registry.deleteTag(repository, removed, sendBy);
      if (deletion === "unsupported") this.#deletesTags = "no";
      if (deletion !== "deleted") {
        this.#removed.delete(removed);
        return target;
      }
      this.#deletesTags = (await registry.exists(repository, target.digest)) ? "yes" : "no";
      return { ...target, tags };
    } catch (error) {
      if (!isInconclusive(error)) throw error;
      // The tag may be gone, so the manifest must follow now: without a tag, no list shows it.
      return { ...target, tags };
    } finally {
      this.#isRunning = false;
    }
  }

  /**
   * Returns a list with the tags that the trial removed from manifests that are not deleted yet, because the registry delayed or
   * refused that. Without them, these would be untagged images that the plan does not know.
   */
  restore(repository: string, { manifests }: Listing, pending: ReadonlyMap<Digest, unknown>): Listing {
    const byDigest = new Map(manifests.map((manifest) => [manifest.digest, manifest]));
    const listed = new Set(manifests.flatMap(({ tags }) => tags));
    for (const { tag, digest, repository: other } of this.#removed) {
      if (other !== repository || listed.has(tag) || !pending.has(digest)) continue;
      const manifest = byDigest.get(digest) ?? { digest, tags: [], pushedAt: null, sizeBytes: null, blobs: null };
      byDigest.set(digest, { ...manifest, tags: [...manifest.tags, tag].sort() });
    }
    return { manifests: [...byDigest.values()] };
  }

  /** Returns a sentence about manifests that lost a tag and could not be deleted; null: there are none. */
  unfinished(repository: string, outcomes: ReadonlyMap<Digest, Outcome>): string | null {
    const [first] = [...this.#removed].filter(({ digest, repository: other }) => {
      const outcome = outcomes.get(digest)?.outcome;
      return other === repository && outcome !== "deleted" && outcome !== "gone";
    });
    if (first === undefined) return null;
    const { tag, digest } = first;
    return `The orphaned image ${repository}@${digest} may have lost its tag ${tag} and was not deleted. If the next run does not list it, delete it by its digest.`;
  }
}
