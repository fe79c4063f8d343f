import type { Digest } from "../digest.ts";
import { elsewhere, type IsElsewhere } from "./elsewhere.ts";
import type { Graph, Node } from "./graph.ts";
import { LAST_TAGGED, lastTagged } from "./last-tagged.ts";
import { sortOrphans } from "./orphans.ts";
import type { TagStatus, RepositoryView, Rules, SinceFirstLook } from "./view.ts";
import { named } from "./words.ts";

/**
 * Why one manifest stays or goes.
 *
 * - `tagged`: a tag of its own keeps it; `pinned`: an input does; `attached`: something that stays needs it;
 * - `spared`: an orphan that a rule lets stay (grace period, scope, `untagged: keep`);
 * - `rollback`: the newest orphans, by keep-count: another may prove newer, or it may prove no root;
 * - `orphan`: it goes; `follows`: it goes with what it belongs to; `unresolved`: nothing decides, so it stays.
 */
export interface Verdict {
  readonly cause: "tagged" | "pinned" | "attached" | "spared" | "rollback" | "orphan" | "follows" | "unresolved";
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

/**
 * Applies the rules of what an orphan is, in their order, to the manifests of one repository. Linear but for one sort.
 *
 * @param held what is to stay though the rules name it
 */
export function decide(
  graph: Graph,
  view: RepositoryView,
  statuses: ReadonlyMap<string, TagStatus>,
  rules: Rules,
  held: ReadonlySet<Digest>,
): Verdicts {
  const of = new Map<Digest, Verdict>();
  for (const node of graph.values()) {
    const keeper = keptByItself(node, view, statuses, rules);
    if (keeper !== null) of.set(node.digest, keeper);
  }
  keepWhatBelongs(graph, of, [...of.keys()]);

  const isElsewhere = elsewhere(graph, statuses, rules.since);
  const claims = countClaims(graph, of, view, rules, isElsewhere);
  const open = [...graph.values()].filter((node) => !of.has(node.digest));
  const left = open.filter((node) => claims.get(node.digest) === 0 && isLeft(node, rules.since));
  const roots = open.filter((node) => claims.get(node.digest) === 0 && !isLeft(node, rules.since));
  const claimed = open.filter((node) => claims.get(node.digest) !== 0);
  const sorted = sortOrphans(roots, [...claimed, ...left], statuses, view.times, rules);
  const { going, spared, rollback } = sorted;
  for (const [digest, reason] of spared) of.set(digest, { cause: "spared", reason });
  for (const digest of rollback) of.set(digest, { cause: "rollback", reason: newestStay(rules.keepCount) });
  keepWhatBelongs(graph, of, [...spared.keys(), ...rollback]);

  const untimed = [...sorted.untimed];
  const last = rules.keepsLastTagged ? lastTagged(graph, of, going, view.times, untimed) : null;
  if (last !== null) {
    of.set(last.digest, { cause: "rollback", reason: LAST_TAGGED });
    keepWhatBelongs(graph, of, [last.digest]);
  }

  for (const { digest } of open) if (held.has(digest) && !of.has(digest)) of.set(digest, HELD);
  keepWhatBelongs(graph, of, [...held]);
  for (const { node, reason } of going) {
    if (!of.has(node.digest)) of.set(node.digest, { cause: "orphan", reason });
  }
  for (const { digest } of left) if (!of.has(digest)) of.set(digest, LEFT);
  deleteWhatBelongs(graph, of, claims);
  const unresolved = open.filter((node) => !of.has(node.digest));
  for (const node of unresolved) {
    const isLost = node.subjects.some((subject) => !graph.has(subject) && isElsewhere(node, subject));
    of.set(node.digest, isLost ? ELSEWHERE : UNRESOLVED);
  }
  return {
    of,
    // An index that goes may list the last tagged one: then it is the index that stays.
    sparedByAbsence: sorted.sparedByAbsence || last !== null,
    untimed,
    unasked: rules.pullRequest === null ? unaskedSubjects(unresolved, graph, view) : [],
  };
}

function newestStay(count: number): string {
  return count === 1 ? "newest orphan stays" : `newest ${count} orphans stay`;
}

/** Of an index that went before, or a subject: nothing else spares it than what would have spared it then. */
function isLeft(node: Node, since: SinceFirstLook | null): boolean {
  return since?.planned.get(node.digest)?.state === "follows";
}

const LEFT: Verdict = { cause: "follows", reason: "what it belonged to is gone" };

const HELD: Verdict = { cause: "spared", reason: "it was not planned to go" };

const UNRESOLVED: Verdict = { cause: "unresolved", reason: "what it belongs to neither stays nor goes" };

const ELSEWHERE: Verdict = {
  cause: "unresolved",
  reason: "its image is not in this repository, nor is that of any other signature: it may be in another one",
};

/** A tag on which the refs were not asked keeps its manifest, whatever the rules say of tags that no ref is known for. */
const NEVER_JUDGED: TagStatus = { status: "live", reason: "its tag appeared after the refs were read" };

/** Rules 1 and 2 of a manifest: a tag of its own, or a pin. */
function keptByItself(
  node: Node,
  view: RepositoryView,
  statuses: ReadonlyMap<string, TagStatus>,
  rules: Rules,
): Verdict | null {
  const own = node.tags.map((tag) => statuses.get(tag) ?? NEVER_JUDGED);
  const alive = own.find((fate) => fate.status === "live");
  if (alive !== undefined) return { cause: "tagged", reason: alive.reason };
  if (rules.unmatchedTags === "keep") {
    const unmatched = own.find((fate) => fate.status === "unmatched") ?? (onlySilent(own) ? own[0] : undefined);
    if (unmatched !== undefined) return { cause: "tagged", reason: unmatched.reason };
  }
  if (rules.pinned.has(node.digest)) return { cause: "pinned", reason: "pinned by `protect-digests`" };
  const change = rules.since === null ? null : changeOf(node, view, rules.since);
  return change === null ? null : { cause: "spared", reason: change };
}

/** What happened to a manifest since the first look that makes it stay; null: nothing. */
function changeOf({ digest, tags, listed }: Node, view: RepositoryView, since: SinceFirstLook): string | null {
  const state = since.planned.get(digest)?.state;
  if (state === "stays") return "it could not be deleted";
  if (listed === null) return null;
  const before = since.known.get(digest);
  if (before === undefined || state === "gone") return "pushed since it was planned";
  const had = new Set(before.tags);
  if (!tags.every((tag) => had.has(tag))) return "tagged since it was planned";
  const [then, now] = [since.times.get(digest) ?? null, view.times.get(digest) ?? null];
  const isAnew = listed.versionId !== before.versionId || (then !== null && now !== null && now > then);
  return isAnew ? "pushed again since it was planned" : null;
}

/** Silent tags go with the other tags of their digest; alone, they count as unmatched. */
function onlySilent(own: readonly TagStatus[]): boolean {
  return own.length > 0 && own.every((fate) => fate.status === "neutral");
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

/** For what nothing keeps: how many parents and subjects must go before it does. */
function countClaims(
  graph: Graph,
  of: ReadonlyMap<Digest, Verdict>,
  view: RepositoryView,
  rules: Rules,
  isElsewhere: IsElsewhere,
): ReadonlyMap<Digest, number> {
  // A sweep limited to a pull request does not ask whether a subject is missing: it leaves what is attached to nothing.
  const isClaim = (node: Node, subject: Digest): boolean =>
    graph.has(subject) ||
    // What was planned to go, and is not there, has gone: by this sweep or by another one.
    (rules.since?.planned.has(subject) !== true &&
      (rules.pullRequest !== null || isElsewhere(node, subject) || view.contents.get(subject) !== "missing"));
  const claims = new Map<Digest, number>();
  for (const node of graph.values()) {
    if (of.has(node.digest)) continue;
    claims.set(node.digest, node.parents.length + node.subjects.filter((subject) => isClaim(node, subject)).length);
  }
  return claims;
}

/** Rules 4 and 5: what is claimed only by what goes, goes along. */
function deleteWhatBelongs(graph: Graph, of: Map<Digest, Verdict>, claims: ReadonlyMap<Digest, number>): void {
  const left = new Map(claims);
  const open = [...graph.values()].filter((node) => {
    const cause = of.get(node.digest)?.cause;
    return cause === "orphan" || cause === "follows";
  });
  const release = (digest: Digest, relation: "child" | "referrer", by: Node): void => {
    const node = graph.get(digest);
    const before = left.get(digest);
    if (node === undefined || before === undefined || of.has(digest)) return;
    left.set(digest, before - 1);
    if (before > 1) return;
    of.set(digest, { cause: "follows", reason: `${relation} of ${named(by.digest, by.tags)}` });
    open.push(node);
  };
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const child of node.children) release(child, "child", node);
    for (const referrer of node.referrers) release(referrer, "referrer", node);
  }
}

/** The subjects of `nodes` of which it is not known whether they are there. */
function unaskedSubjects(nodes: readonly Node[], graph: Graph, view: RepositoryView): readonly Digest[] {
  const subjects = new Set(nodes.flatMap((node) => node.subjects));
  return [...subjects].filter((subject) => !graph.has(subject) && !view.contents.has(subject));
}
