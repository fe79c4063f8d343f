import type { Digest } from "../../digest.ts";
import type { ManifestContent } from "../manifest.ts";
import { isSchema1 } from "../oci/schema1.ts";

/** The manifests that a run has read, for its garbage collection: `registry garbage-collect` prints no sizes. */
export class Inventory {
  readonly #sizes = new Map<Digest, number>();
  readonly #indexesAndReferrers = new Set<string>();
  /** The repositories that were listed, with their prefix. */
  readonly repositories = new Set<string>();

  add(name: string, digest: Digest, content: ManifestContent): void {
    this.#sizes.set(digest, content.sizeBytes);
    // Manifests of schema 1 have no sizes of their layers.
    if (!isSchema1(content.mediaType)) for (const blob of content.blobs) this.#sizes.set(blob.digest, blob.sizeBytes);
    if (content.kind === "index" || content.subject !== null) this.#indexesAndReferrers.add(`${name}@${digest}`);
  }

  /** Removes a deleted manifest. Its sizes remain known. */
  remove(name: string, digest: Digest): void {
    this.#indexesAndReferrers.delete(`${name}@${digest}`);
  }

  /** Returns the size of a manifest or blob in bytes; null: unknown. */
  sizeOf(digest: Digest): number | null {
    return this.#sizes.get(digest) ?? null;
  }

  /** Returns an existing index or referrer, as `NAME@DIGEST`; null if there is none. */
  indexOrReferrer(): string | null {
    const [first = null] = this.#indexesAndReferrers;
    return first;
  }
}
