import type { Digest } from "../digest.ts";
import { type DecisionInput, deletesUntagged } from "./decide.ts";
import { type Graph, isContent, type Node } from "./graph.ts";
import { keepByThemselves } from "./keep.ts";
import { applyPushTimes } from "./push-time.ts";
import { type Reached, reach } from "./reach.ts";

/** What a plan still needs to know. */
export interface Wanted {
  /** Manifests to read. */
  readonly contents: readonly Digest[];
  /** Manifests whose referrers must be listed. */
  readonly referrers: readonly Digest[];
}

/**
 * Returns what to read next, nothing once the plan can be made: every manifest except the images that a kept index lists. First
 * the tagged manifests, then nested indexes, because these show which untagged manifests are such images. If the media types in
 * indexes may be wrong, these images too.
 *
 * @param listed digests whose referrers were listed; null: the registry has no referrers API, or lists untagged manifests
 */
export function wantedNext(input: DecisionInput, listed: ReadonlySet<Digest> | null): Wanted {
  const { graph, rules, kept } = input;
  const unread = [...graph.nodes].filter(({ known, gone }) => known === undefined && !gone);
  const roots = unread.filter(({ digest, tags }) => tags.length > 0 || kept.has(digest));
  const first = roots.length > 0 ? roots : unread.filter(mayNest);
  if (first.length > 0) return { contents: first.map(({ digest }) => digest), referrers: [] };
  const statuses = applyPushTimes(graph, input.statuses, input.times, rules.now);
  const needed = reach(keepByThemselves(graph, statuses, rules, kept).keys());
  const rest = unread.filter((node) => node.listedAs !== "image" || !needed.has(node));
  if (rest.length > 0) return { contents: rest.map(({ digest }) => digest), referrers: [] };
  const subjects = rules.scope === null ? unknownSubjects(graph, needed) : [];
  const unlisted = [...graph.nodes].filter(({ digest, gone }) => !gone && listed?.has(digest) === false);
  if (subjects.length + unlisted.length > 0) {
    return { contents: subjects, referrers: unlisted.map(({ digest }) => digest) };
  }
  const isDoubtful = unread.length > 0 && (hasWrongType(graph) || deletesUntagged({ ...input, statuses }));
  return { contents: isDoubtful ? unread.map(({ digest }) => digest) : [], referrers: [] };
}

/**
 * Whether an index lists another index as an image. Scripts do that if they write an index with one fixed media type: since
 * buildx adds attestations, the digest of a single platform is that of an index.
 */
function hasWrongType({ nodes }: Graph): boolean {
  return [...nodes].some(({ known, listedAs }) => listedAs === "image" && isContent(known) && known.kind === "index");
}

/** Whether an index lists it and does not call it an image. */
function mayNest({ listedAs, parents }: Node): boolean {
  return listedAs !== "image" && parents.length > 0;
}

/** Subjects that no list shows: a referrer is deleted if its subject answers 404. */
function unknownSubjects(graph: Graph, needed: Reached): readonly Digest[] {
  const subjects = new Set<Digest>();
  for (const node of graph.nodes) {
    if (needed.has(node)) continue;
    for (const subject of node.subjects) {
      if (!graph.has(subject) && !graph.wasRead(subject)) subjects.add(subject);
    }
  }
  return [...subjects];
}
