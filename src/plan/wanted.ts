import type { Digest } from "../digest.ts";
import { type DecisionInput, decide } from "./decide.ts";
import type { Graph, Node } from "./graph.ts";
import { keepByThemselves } from "./keep.ts";
import { reach } from "./reach.ts";

/**
 * Whether anything could be deleted, as far as the list alone shows it. Reading only finds more that must be kept, so what the
 * list alone keeps is kept.
 */
export function mayDelete(input: DecisionInput): boolean {
  const { verdicts } = decide({ ...input, rules: { ...input.rules, keepsLastTagged: false } }, "listed");
  const [first] = verdicts.values();
  return first?.decision === "delete";
}

/** What a plan still needs to know. */
export interface Wanted {
  /** Manifests to read. */
  readonly contents: readonly Digest[];
  /** Manifests whose referrers are to be listed. */
  readonly referrers: readonly Digest[];
}

/**
 * Returns what to read next, nothing once the plan can be made: every manifest except the images that a kept index lists. First
 * the tagged manifests, then nested indexes, because these show which untagged manifests are such images.
 *
 * @param listed digests whose referrers were listed; null: the registry has no referrers API, or lists untagged manifests
 */
export function wantedNext(input: DecisionInput, listed: ReadonlySet<Digest> | null): Wanted {
  const { graph, statuses, rules, kept } = input;
  const unread = [...graph.nodes].filter(({ known, gone }) => known === undefined && !gone);
  const roots = unread.filter(({ digest, tags }) => tags.length > 0 || kept.has(digest));
  const first = roots.length > 0 ? roots : unread.filter((node) => mayNest(graph, node));
  if (first.length > 0) return { contents: first.map(({ digest }) => digest), referrers: [] };
  const keepers = keepByThemselves(graph, statuses, rules, kept);
  const reached = reach(graph, keepers.keys());
  const isKept = (digest: Digest): boolean => keepers.has(digest) || reached.has(digest);
  const rest = unread.filter(({ digest, listedAs }) => listedAs !== "image" || !isKept(digest));
  if (rest.length > 0) return { contents: rest.map(({ digest }) => digest), referrers: [] };
  const subjects = rules.pullRequest === null ? unknownSubjects(graph, isKept) : [];
  const unlisted = [...graph.nodes].filter(({ digest, gone }) => !gone && listed?.has(digest) === false);
  return { contents: subjects, referrers: unlisted.map(({ digest }) => digest) };
}

/** Whether an index lists it and does not call it an image. */
function mayNest(graph: Graph, { digest, listedAs }: Node): boolean {
  return listedAs !== "image" && graph.parents(digest).length > 0;
}

/** Subjects that no list shows: a referrer is deleted if its subject answers 404. */
function unknownSubjects(graph: Graph, isKept: (digest: Digest) => boolean): readonly Digest[] {
  const subjects = new Set<Digest>();
  for (const { digest } of graph.nodes) {
    if (isKept(digest)) continue;
    for (const subject of graph.subjects(digest)) {
      if (!graph.has(subject) && !graph.wasRead(subject)) subjects.add(subject);
    }
  }
  return [...subjects];
}
