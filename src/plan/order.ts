import type { Digest } from "../digest.ts";
import type { Verdict } from "./decide.ts";
import { type Graph, isContent, type Node } from "./graph.ts";
import type { RepositoryView } from "./view.ts";

/** So many roots go at a time where no listing shows what they leave behind, or more, as each wave waits for the last. */
const ROOTS_A_WAVE = 256;
const MOST_WAVES_OF_ROOTS = 16;

/**
 * The order of deletion: parents before children, subjects before referrers, newest first among equals.
 *
 * Where no decision needed a manifest's content, it may list any other: an untagged manifest waits for the tagged ones, and
 * an image, which the listing shows by its blobs, for those that may be an index. Newest first does the rest, as an
 * index is pushed after what it lists: such a one goes alone, and what is older waits until it is gone.
 *
 * Where no listing shows untagged manifests, all that can be found is read; but what an interruption leaves of an index is
 * not found again. There the roots go in several waves, what belonged to one of them along with the next.
 */
export function orderOf(
  graph: Graph,
  verdicts: ReadonlyMap<Digest, Verdict>,
  { times, listsUntagged }: Pick<RepositoryView, "times" | "listsUntagged">,
): readonly (readonly Digest[])[] {
  const going = [...verdicts].flatMap(([digest, { cause }]) =>
    cause === "orphan" || cause === "follows" ? (graph.get(digest) ?? []) : [],
  );
  const earliest = listsUntagged ? firstWave : wavesOfRoots(going, times);
  const waveOf = new Map<Digest, number>();
  const waves: Node[][] = [];
  // `verdicts` names what follows after all that it follows: each claim has its wave by then.
  for (const node of going) {
    let wave = earliest(node);
    for (const claim of node.parents) wave = Math.max(wave, (waveOf.get(claim) ?? -1) + 1);
    for (const claim of node.subjects) wave = Math.max(wave, (waveOf.get(claim) ?? -1) + 1);
    waveOf.set(node.digest, wave);
    while (waves.length <= wave) waves.push([]);
    waves[wave]?.push(node);
  }
  return waves
    .flatMap((wave) => unreadAlone(wave.sort(newestFirst(times))))
    .filter((wave) => wave.length > 0)
    .map((wave) => wave.map((node) => node.digest));
}

/** A wave of its own for each tagged manifest that may list others of `wave`, then the rest. */
function unreadAlone(wave: readonly Node[]): readonly (readonly Node[])[] {
  const mayList = (node: Node): boolean => node.known === undefined && node.tags.length > 0 && !isListedAsImage(node);
  return [...wave.filter(mayList).map((node) => [node]), wave.filter((node) => !mayList(node))];
}

function wavesOfRoots(going: readonly Node[], times: ReadonlyMap<Digest, number | null>): (node: Node) => number {
  const goes = new Set(going.map(({ digest }) => digest));
  const roots = going
    .filter(({ parents, subjects }) => ![...parents, ...subjects].some((claim) => goes.has(claim)))
    .sort(newestFirst(times));
  const size = Math.max(ROOTS_A_WAVE, Math.ceil(roots.length / MOST_WAVES_OF_ROOTS));
  const waveOf = new Map(roots.map(({ digest }, index) => [digest, Math.floor(index / size)]));
  return ({ digest }) => waveOf.get(digest) ?? 0;
}

/** The earliest wave of a manifest, whatever may list it without having been read. */
function firstWave(node: Node): number {
  const isImage = isContent(node.known) ? node.known.kind === "image" : isListedAsImage(node);
  return (node.tags.length === 0 ? 2 : 0) + (isImage ? 1 : 0);
}

/** Whether the listing tells that it is an image: an index has no blobs. */
function isListedAsImage({ listed, listedAs }: Node): boolean {
  return listedAs === "image" || (listed?.blobs ?? []).length > 0;
}

/** A package version's id grows with every first push, so it is the better clock where there is one. */
function newestFirst(times: ReadonlyMap<Digest, number | null>): (a: Node, b: Node) => number {
  const key = (node: Node): number => node.listed?.versionId ?? times.get(node.digest) ?? Number.MAX_SAFE_INTEGER;
  return (a, b) => key(b) - key(a) || (a.digest < b.digest ? -1 : 1);
}
