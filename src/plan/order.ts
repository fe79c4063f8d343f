import type { Verdict } from "./decide.ts";
import { type Graph, isContent, type Node } from "./graph.ts";
import type { Digest } from "./manifest.ts";

/**
 * The order of deletion: parents before children, subjects before referrers, newest first among equals.
 *
 * Where no decision needed a manifest's content, it may list any other: an untagged manifest waits for the tagged ones, and
 * an image, which the listing shows by its blobs, for those that may be an index. Newest first does the rest, as an
 * index is pushed after what it lists.
 */
export function orderOf(
  graph: Graph,
  verdicts: ReadonlyMap<Digest, Verdict>,
  times: ReadonlyMap<Digest, number | null>,
): readonly (readonly Digest[])[] {
  const waveOf = new Map<Digest, number>();
  const waves: Node[][] = [];
  // `verdicts` names what follows after all that it follows: each claim has its wave by then.
  for (const [digest, { cause }] of verdicts) {
    const node = graph.get(digest);
    if (node === undefined || (cause !== "orphan" && cause !== "follows")) continue;
    let wave = firstWave(node);
    for (const claim of node.parents) wave = Math.max(wave, (waveOf.get(claim) ?? -1) + 1);
    for (const claim of node.subjects) wave = Math.max(wave, (waveOf.get(claim) ?? -1) + 1);
    waveOf.set(digest, wave);
    while (waves.length <= wave) waves.push([]);
    waves[wave]?.push(node);
  }
  return waves
    .filter((wave) => wave.length > 0)
    .map((wave) => wave.sort(newestFirst(times)).map((node) => node.digest));
}

/** The earliest wave of a manifest, whatever may list it without having been read. */
function firstWave(node: Node): number {
  const isImage = isContent(node.known) ? node.known.kind === "image" : (node.listed?.blobs ?? []).length > 0;
  return (node.tags.length === 0 ? 2 : 0) + (isImage ? 1 : 0);
}

/** A package version's id grows with every first push, so it is the better clock where there is one. */
function newestFirst(times: ReadonlyMap<Digest, number | null>): (a: Node, b: Node) => number {
  const key = (node: Node): number => node.listed?.versionId ?? times.get(node.digest) ?? Number.MAX_SAFE_INTEGER;
  return (a, b) => key(b) - key(a) || (a.digest < b.digest ? -1 : 1);
}
