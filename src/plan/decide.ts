import type { Graph, Node } from "./graph.ts";
import type { Digest } from "./manifest.ts";
import { sortOrphans } from "./orphans.ts";
import type { Fate, RepositoryView, Rules, SinceFirstLook } from "./view.ts";
import { named, shortDigest } from "./words.ts";

/**
 * Why one manifest stays or goes.
 *
 * - `tagged`: a tag of its own keeps it; `pinned`: an input does; `attached`: something that stays needs it;
 * - `spared`: an orphan that a rule lets stay (grace period, keep-count, scope, `untagged: keep`);
 * - `orphan`: it goes; `follows`: it goes with what it belongs to; `unresolved`: nothing decides, so it stays.
 */
export interface Verdict {
  readonly cause: "tagged" | "pinned" | "attached" | "spared" | "orphan" | "follows" | "unresolved";
  readonly reason: string;
}

/** The verdicts on all manifests of a repository, by what is known of them now, and what they hang on. */
export interface Verdicts {
  readonly of: ReadonlyMap<Digest, Verdict>;
  readonly sparedByAbsence: boolean;
  readonly untimed: readonly Digest[];
  /** Subjects that no listing shows and that were not asked for yet: are they missing? */
  readonly unasked: readonly Digest[];
}

/** Applies the rules of what an orphan is, in their order, to the manifests of one repository. Linear but for one sort. */
export function decide(graph: Graph, view: RepositoryView, fates: ReadonlyMap<string, Fate>, rules: Rules): Verdicts {
  const of = new Map<Digest, Verdict>();
  for (const node of graph.values()) {
    const keeper = keptByItself(node, fates, rules);
    if (keeper !== null) of.set(node.digest, keeper);
  }
  keepWhatBelongs(graph, of, [...of.keys()]);

  const roots = [...graph.values()].filter((node) => !of.has(node.digest) && !isClaimed(node));
  const { going, spared, sparedByAbsence, untimed } = sortOrphans(roots, fates, view.times, rules);
  for (const [digest, reason] of spared) of.set(digest, { cause: "spared", reason });
  keepWhatBelongs(graph, of, [...spared.keys()]);

  for (const { node, reason } of going) of.set(node.digest, { cause: "orphan", reason });
  const unasked = deleteWhatBelongs(graph, of, view, rules);
  for (const digest of graph.keys()) {
    if (!of.has(digest)) of.set(digest, { cause: "unresolved", reason: "what it belongs to neither stays nor goes" });
  }
  return { of, sparedByAbsence, untimed, unasked };
}

/** A tag on which the refs were not asked keeps its manifest, whatever the rules say of tags that no ref is known for. */
const NEVER_JUDGED: Fate = { fate: "alive", reason: "its tag appeared after the refs were read" };

/** Rules 1 and 2 of a manifest: a tag of its own, or a pin. */
function keptByItself(node: Node, fates: ReadonlyMap<string, Fate>, rules: Rules): Verdict | null {
  const own = node.tags.map((tag) => fates.get(tag) ?? NEVER_JUDGED);
  const alive = own.find((fate) => fate.fate === "alive");
  if (alive !== undefined) return { cause: "tagged", reason: alive.reason };
  if (rules.unmatchedTags === "keep") {
    const unmatched = own.find((fate) => fate.fate === "unmatched") ?? (onlySilent(own) ? own[0] : undefined);
    if (unmatched !== undefined) return { cause: "tagged", reason: unmatched.reason };
  }
  if (rules.pinned.has(node.digest)) return { cause: "pinned", reason: "pinned by `protect-digests`" };
  const change = changeOf(node, rules.since);
  return change === null ? null : { cause: "spared", reason: change };
}

/** What happened to a listed manifest since the first look that makes it stay; null: nothing. */
function changeOf(node: Node, since: SinceFirstLook | null): string | null {
  if (since === null || node.listed === null) return null;
  if (since.undeletable.has(node.digest)) return "it could not be deleted";
  const before = since.known.get(node.digest);
  if (before === undefined) return "pushed since it was planned";
  return node.tags.every((tag) => before.includes(tag)) ? null : "tagged since it was planned";
}

/** Silent tags go with the other tags of their digest; alone, they count as unmatched. */
function onlySilent(own: readonly Fate[]): boolean {
  return own.length > 0 && own.every((fate) => fate.fate === "silent");
}

/** Rule 3: from what is kept, everything that it lists and that is attached to it, at any depth. */
function keepWhatBelongs(graph: Graph, of: Map<Digest, Verdict>, roots: readonly Digest[]): void {
  const open = [...roots];
  const keep = (digest: Digest, relation: "child" | "referrer", node: Node): void => {
    if (!graph.has(digest) || of.has(digest)) return;
    of.set(digest, { cause: "attached", reason: `${relation} of ${named(node.digest, node.tags)}` });
    open.push(digest);
  };
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    const node = graph.get(digest);
    if (node === undefined) continue;
    for (const child of node.children) keep(child, "child", node);
    for (const referrer of node.referrers) keep(referrer, "referrer", node);
  }
}

/** Whether an index in this repository lists it, or it is attached to something: then it follows that. */
function isClaimed(node: Node): boolean {
  return node.subjects.length > 0 || node.parents.length > 0;
}

/**
 * Rules 4 and 5: what is claimed only by what goes, or is attached to what is missing, goes along.
 * A sweep limited to a pull request leaves what is attached to nothing. Returns the subjects of which it is not known
 * whether they are there.
 */
function deleteWhatBelongs(
  graph: Graph,
  of: Map<Digest, Verdict>,
  view: RepositoryView,
  rules: Rules,
): readonly Digest[] {
  const { claims, unasked } = countClaims(graph, of, view);
  const open = [...graph.values()].filter((node) => of.get(node.digest)?.cause === "orphan");
  const follow = (node: Node, reason: string): void => {
    of.set(node.digest, { cause: "follows", reason });
    open.push(node);
  };
  const release = (digest: Digest, relation: "child" | "referrer", by: Node): void => {
    const left = claims.get(digest);
    const node = graph.get(digest);
    if (left === undefined || node === undefined || of.has(digest)) return;
    claims.set(digest, left - 1);
    if (left === 1) follow(node, `${relation} of ${named(by.digest, by.tags)}`);
  };
  for (const node of rules.pullRequest === null ? graph.values() : []) {
    const subject = node.subjects[0];
    if (claims.get(node.digest) === 0 && subject !== undefined) {
      follow(node, `referrer of ${shortDigest(subject)}, which is gone`);
    }
  }
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const child of node.children) release(child, "child", node);
    for (const referrer of node.referrers) release(referrer, "referrer", node);
  }
  return rules.pullRequest === null ? unasked : [];
}

/** For what nothing keeps: how many parents and subjects must go before it does. A subject known to be missing is none. */
function countClaims(
  graph: Graph,
  of: ReadonlyMap<Digest, Verdict>,
  view: RepositoryView,
): { readonly claims: Map<Digest, number>; readonly unasked: readonly Digest[] } {
  const claims = new Map<Digest, number>();
  const unasked = new Set<Digest>();
  for (const node of graph.values()) {
    if (of.has(node.digest) || !isClaimed(node)) continue;
    const subjects = node.subjects.filter((subject) => graph.has(subject) || view.contents.get(subject) !== "missing");
    for (const subject of subjects) if (!graph.has(subject) && !view.contents.has(subject)) unasked.add(subject);
    claims.set(node.digest, node.parents.length + subjects.length);
  }
  return { claims, unasked: [...unasked] };
}
