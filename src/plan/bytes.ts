import type { Digest } from "../digest.ts";
import type { Blob } from "../registry/manifest.ts";
import type { Verdict } from "./decide.ts";
import { type Graph, isContent, type Node } from "./graph.ts";
import type { BlobUse } from "./plan.ts";

/** Returns the blobs of deleted and of kept manifests, each once. */
export function blobUse(graph: Graph, verdicts: ReadonlyMap<Node, Verdict>): BlobUse {
  const deleted = new Map<Digest, Blob>();
  const kept = new Set<Digest>();
  let complete = true;
  for (const node of graph.nodes) {
    if (node.gone) continue;
    const blobs = blobsOf(node);
    if (blobs === null) complete = false;
    else if (verdicts.get(node)?.decision !== "delete") for (const { digest } of blobs) kept.add(digest);
    else for (const blob of blobs) if (!deleted.has(blob.digest)) deleted.set(blob.digest, blob);
  }
  return { deleted: [...deleted.values()], kept: [...kept], complete };
}

/** The blobs of a manifest; null: unknown. */
function blobsOf({ known, listed }: Node): readonly Blob[] | null {
  if (isContent(known)) return known.blobs;
  return known === "missing" ? [] : (listed?.blobs ?? null);
}

/** Returns the bytes of one manifest with its config and layers; null: unknown. */
export function sizeOf({ known, listed }: Node): number | null {
  if (listed !== null && listed.sizeBytes !== null) return listed.sizeBytes;
  return isContent(known) ? known.blobs.reduce((sum, blob) => sum + blob.sizeBytes, known.sizeBytes) : null;
}
