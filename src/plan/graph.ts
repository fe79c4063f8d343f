import type { Digest } from "../digest.ts";
import {
  isIndexType,
  type Known,
  type ListedManifest,
  type ManifestContent,
  mayListManifests,
} from "../registry/manifest.ts";
import type { TagStatus, RepositoryView, SinceFirstLook } from "./view.ts";

/** One manifest and what ties it to others. */
export interface Node {
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** Null: no listing shows it, it was found by reading (a child, a referrer, a pinned digest). */
  readonly listed: ListedManifest | null;
  readonly known: Known | undefined;
  /** Entries of the index, whether they are there or not. */
  readonly children: Digest[];
  /** Indexes that list it. */
  readonly parents: Digest[];
  /** Manifests that it is attached to, by its own `subject` or by a tag of the referrer form, there or not. */
  readonly subjects: Digest[];
  /** Manifests that are attached to it. */
  readonly referrers: Digest[];
  /** What the indexes that list it say of its type; an `image` has no children, and need not be read for them. */
  listedAs: "image" | "index" | null;
}

export type Graph = ReadonlyMap<Digest, Node>;

/** Whether what was asked for is there and could be read. */
export function isContent(known: Known | undefined): known is ManifestContent {
  return known !== undefined && known !== "missing" && !("unreadable" in known);
}

/**
 * Ties the manifests of a repository to each other by all that is known of them: linear in manifests and entries.
 * Where the listing shows tagged manifests only, the children and referrers that reading brought to light are nodes too.
 */
export function graphOf(
  view: RepositoryView,
  statuses: ReadonlyMap<string, TagStatus>,
  since: SinceFirstLook | null = null,
): Graph {
  const graph = new Map<Digest, Node>();
  for (const listed of view.listed) graph.set(listed.digest, newNode(listed.digest, listed, view, since));
  if (!view.listsUntagged) discover(view, graph, since);
  for (const node of graph.values()) {
    if (isContent(node.known)) tieChildren(graph, node, node.known);
  }
  for (const node of graph.values()) tieSubjects(graph, node, statuses);
  for (const [subject, referrers] of view.referrers) {
    for (const referrer of referrers) attach(graph, referrer, subject);
  }
  return graph;
}

function newNode(
  digest: Digest,
  listed: ListedManifest | null,
  view: RepositoryView,
  since: SinceFirstLook | null,
): Node {
  const before = since?.contents.get(digest);
  return {
    digest,
    tags: listed?.tags ?? [],
    listed,
    known: view.contents.get(digest) ?? (isContent(before) ? before : undefined),
    children: [],
    parents: [],
    subjects: [],
    referrers: [],
    listedAs: null,
  };
}

/** What was planned to go is there until it went, though nothing that is listed leads to it by now: a new index may. */
function discover(view: RepositoryView, graph: Map<Digest, Node>, since: SinceFirstLook | null): void {
  const open = [...graph.keys(), ...view.contents.keys(), ...[...view.referrers.values()].flat()];
  for (const [digest, { state, kind }] of since?.planned ?? []) {
    if (state === "gone" || graph.has(digest) || view.contents.get(digest) === "missing") continue;
    graph.set(digest, { ...newNode(digest, null, view, since), listedAs: kind === "image" ? "image" : null });
    open.push(digest);
  }
  const seen = new Set<Digest>();
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (seen.has(digest)) continue;
    seen.add(digest);
    if (view.contents.get(digest) === "missing" && !graph.has(digest)) continue;
    const node = graph.get(digest) ?? newNode(digest, null, view, since);
    graph.set(digest, node);
    if (isContent(node.known)) for (const child of node.known.children) open.push(child.digest);
  }
}

function tieChildren(graph: Graph, node: Node, content: ManifestContent): void {
  const seen = new Set<Digest>();
  for (const child of content.children) {
    const there = graph.get(child.digest);
    if (there !== undefined && isIndexType(child.mediaType)) there.listedAs = "index";
    else if (there !== undefined && !mayListManifests(child.mediaType)) there.listedAs ??= "image";
    if (seen.has(child.digest)) continue;
    seen.add(child.digest);
    node.children.push(child.digest);
    there?.parents.push(node.digest);
  }
}

/** What its tags of the referrer form refer to, there or not. */
export function taggedSubjects({ tags }: Pick<Node, "tags">, statuses: ReadonlyMap<string, TagStatus>): readonly Digest[] {
  return tags.flatMap((tag) => {
    const fate = statuses.get(tag);
    return fate?.status === "referrer" ? [fate.subject] : [];
  });
}

function tieSubjects(graph: Graph, node: Node, statuses: ReadonlyMap<string, TagStatus>): void {
  if (isContent(node.known) && node.known.subject !== null) attach(graph, node.digest, node.known.subject);
  for (const subject of taggedSubjects(node, statuses)) attach(graph, node.digest, subject);
}

function attach(graph: Graph, referrer: Digest, subject: Digest): void {
  const node = graph.get(referrer);
  if (node === undefined || node.subjects.includes(subject)) return;
  node.subjects.push(subject);
  graph.get(subject)?.referrers.push(referrer);
}
