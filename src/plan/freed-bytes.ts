import type { Digest } from "../digest.ts";
import type { BlobUse } from "./plan.ts";

/** Bytes that garbage collection can free. */
export interface FreedBytes {
  readonly bytes: number;
  /** False: `bytes` is an upper limit, because a manifest that is kept may use some of the blobs. */
  readonly exact: boolean;
}

/**
 * Returns the bytes of the blobs that only deleted manifests use, each blob once across all repositories; null if the size
 * of one of them is unknown.
 */
export function freedBytes(uses: readonly BlobUse[]): FreedBytes | null {
  const kept = new Set<Digest>();
  for (const use of uses) for (const digest of use.kept) kept.add(digest);
  const freed = new Map<Digest, number | null>();
  for (const use of uses) {
    for (const { digest, sizeBytes } of use.deleted) if (!kept.has(digest)) freed.set(digest, sizeBytes);
  }
  let bytes = 0;
  for (const size of freed.values()) {
    if (size === null) return null;
    bytes += size;
  }
  return { bytes, exact: uses.every(({ complete }) => complete) };
}
