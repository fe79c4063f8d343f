import type { Verdict } from "./decide.ts";
import { type Graph, isContent, type Node } from "./graph.ts";
import type { Blob, Digest } from "./manifest.ts";

/**
 * The bytes of blobs that only deleted manifests use, each blob once: what a garbage collection can free of this
 * repository. Null where the sizes of a deleted manifest, or the blobs of one that stays, are not known.
 */
export function deletedBytes(graph: Graph, verdicts: ReadonlyMap<Digest, Verdict>): number | null {
  const kept = new Set<Digest>();
  const going = new Map<Digest, number>();
  for (const node of graph.values()) {
    const blobs = blobsOf(node);
    if (blobs === null) return null;
    const cause = verdicts.get(node.digest)?.cause;
    for (const blob of blobs) {
      if (cause !== "orphan" && cause !== "follows") kept.add(blob.digest);
      else if (blob.sizeBytes === null) return null;
      else going.set(blob.digest, blob.sizeBytes);
    }
  }
  let bytes = 0;
  for (const [digest, size] of going) if (!kept.has(digest)) bytes += size;
  return bytes;
}

/** The blobs of a manifest; null: unknown. */
function blobsOf(node: Node): readonly Blob[] | null {
  if (isContent(node.known)) return node.known.blobs;
  return node.known === "missing" ? [] : (node.listed?.blobs ?? null);
}

/** The bytes of one manifest with its config and layers, as far as they are told; null: not. */
export function sizeOf(node: Node): number | null {
  if (node.listed?.sizeBytes != null) return node.listed.sizeBytes;
  if (!isContent(node.known)) return null;
  return node.known.blobs.reduce((sum, blob) => sum + blob.sizeBytes, node.known.sizeBytes);
}
