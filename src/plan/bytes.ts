import type { Digest } from "../digest.ts";
import type { Blob } from "../registry/manifest.ts";
import type { Verdict } from "./decide.ts";
import { type Graph, isContent, type Node } from "./graph.ts";
import type { BlobUse } from "./view.ts";

/**
 * The blobs of this repository that deleted manifests use, with their bytes, and those that others use. Null where the sizes
 * of a deleted manifest, or the blobs of one that stays, are not known.
 */
export function blobUse(graph: Graph, verdicts: ReadonlyMap<Digest, Verdict>): BlobUse | null {
  const staying = new Set<Digest>();
  const going = new Map<Digest, number>();
  for (const node of graph.values()) {
    const blobs = blobsOf(node);
    if (blobs === null) return null;
    const cause = verdicts.get(node.digest)?.cause;
    for (const blob of blobs) {
      if (cause !== "orphan" && cause !== "follows") staying.add(blob.digest);
      else if (blob.sizeBytes === null) return null;
      else going.set(blob.digest, blob.sizeBytes);
    }
  }
  return { going, staying };
}

/**
 * What a garbage collection can free once these plans are carried out, in bytes, each blob once: those that no manifest of
 * any repository uses any more. Null where one of them is not known.
 */
export function bytesFreed(uses: readonly (BlobUse | null)[]): number | null {
  const told = uses.filter((use) => use !== null);
  if (told.length < uses.length) return null;
  const staying = new Set<Digest>();
  for (const use of told) for (const digest of use.staying) staying.add(digest);
  const freed = new Map<Digest, number>();
  for (const use of told) {
    for (const [digest, size] of use.going) if (!staying.has(digest)) freed.set(digest, size);
  }
  return [...freed.values()].reduce((sum, size) => sum + size, 0);
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
