import type { Digest } from "../digest.ts";
import type { TagStatus } from "../tags/status.ts";
import type { Graph, Node } from "./graph.ts";
import { keepByThemselves, type Reason } from "./keep.ts";
import { type Limited, limit, newest } from "./limits.ts";
import { countClaims, hasLocalSignatures, type Orphan, orphanOf } from "./orphans.ts";
import type { Rules } from "./plan.ts";
import type { PushTimes } from "./push-time.ts";
import { follow, type Reached, reach, type Step } from "./reach.ts";

/** What a decision is based on. */
export interface DecisionInput {
  readonly graph: Graph;
  readonly statuses: ReadonlyMap<string, TagStatus>;
  readonly rules: Rules;
  /** Manifests that are kept independently of their tags: in use, or refused by the registry. */
  readonly kept: ReadonlyMap<Digest, Reason>;
  readonly times: PushTimes;
}

/** The decision on one manifest: by itself for a reason, or with the manifest that a step comes from. */
export interface Verdict {
  readonly decision: "keep" | "delete";
  readonly cause: Reason | Step;
}

/** The decisions on all manifests of a repository. */
export interface Verdicts {
  /** Deletions come first, in the order of deletion. */
  readonly verdicts: ReadonlyMap<Node, Verdict>;
  /** Manifests whose creation time, or that of their tags, must be read first. */
  readonly untimed: readonly Digest[];
}

/** The reason of the manifest that is kept because the registry keeps one tagged manifest (GitHub answers 400). */
const LAST_TAGGED = "the registry does not delete the last tagged manifest";

/** The phases before anything is deleted. Each is data of its own. */
interface Phases {
  /** Phase 1: what is kept for its own sake. */
  readonly keepers: ReadonlyMap<Node, Reason>;
  /** Phase 2: with everything it needs. */
  readonly needed: Reached;
  /** Phase 3: everything else. */
  readonly orphans: Orphans;
  /** Phase 4: the orphans that limits keep, and what they need. */
  readonly limited: Limited;
  readonly neededByLimited: Reached;
  /** The orphans that are deleted for their own sake. */
  readonly roots: readonly Orphan[];
}

/** @param stage `listed`: before manifests are read; subjects that the list does not show count as missing */
function phasesOf(input: DecisionInput, stage: "listed" | "read"): Phases {
  const keepers = keepByThemselves(input.graph, input.statuses, input.rules, input.kept);
  const needed = reach(keepers.keys());
  const orphans = findOrphans(input, needed, stage);
  const limited = limitOrphans(input, orphans, needed, stage);
  const neededByLimited = reach(limited.kept.keys());
  const roots = [...orphans.values()].filter(({ isRoot, node }) => isRoot && !node.gone && !neededByLimited.has(node));
  return { keepers, needed, orphans, limited, neededByLimited, roots };
}

/**
 * Whether anything could be deleted, as far as the list alone shows it. Reading only finds more that must be kept, so what the
 * list alone keeps is kept.
 */
export function mayDelete(input: DecisionInput): boolean {
  const rules = { ...input.rules, keepsLastTagged: false };
  const { roots } = phasesOf({ ...input, rules }, "listed");
  return roots.length > 0 || [...input.graph.nodes].some(({ gone }) => gone);
}

/**
 * Whether an untagged manifest without a parent would be deleted. It may be a platform of a kept image: of an index that its
 * parent lists as an image, and that was therefore not read.
 */
export function deletesUntagged(input: DecisionInput): boolean {
  const isCandidate = ({ tags, parents }: Node): boolean => tags.length === 0 && parents.length === 0;
  if (![...input.graph.nodes].some(isCandidate)) return false;
  return phasesOf(input, "read").roots.some(({ node }) => node.tags.length === 0);
}

/** Decides on every manifest. The first phase that names a manifest decides it. */
export function decide(input: DecisionInput): Verdicts {
  const { keepers, needed, orphans, limited, neededByLimited, roots } = phasesOf(input, "read");
  const gone = [...orphans.values()].filter(({ node }) => node.gone);
  // Phase 5: what is deleted, with everything that only it needs.
  const deleted = follow(newestFirst(input, [...roots, ...gone]), (node) =>
    neededByLimited.has(node) ? null : (orphans.get(node)?.claims ?? null),
  );
  const verdicts = new Map<Node, Verdict>();
  const isUnread = [...input.graph.nodes].some(({ known, tags }) => known === undefined && tags.length > 0);
  const mayHaveParent = ({ node }: Orphan): boolean => isUnread && node.tags.length === 0;
  for (const [node, step] of deleted) {
    const cause = step ?? orphans.get(node);
    if (!node.gone && cause !== undefined) verdicts.set(node, { decision: "delete", cause });
  }
  for (const node of input.graph.nodes) {
    if (node.gone || verdicts.has(node)) continue;
    const orphan = orphans.get(node);
    const own = keepers.get(node) ?? (orphan && mayHaveParent(orphan) ? UNREAD : limitReason(orphan, limited));
    const cause = own ?? needed.get(node) ?? neededByLimited.get(node) ?? undecided(input.graph, node);
    verdicts.set(node, { decision: "keep", cause });
  }
  // Without a deletion, only the order of images can lead to one.
  const [first] = verdicts.values();
  const untimed = first?.decision === "delete" ? limited.untimed : [];
  return { verdicts, untimed: [...untimed, ...limited.unordered] };
}

type Orphans = ReadonlyMap<Node, Orphan>;

/** Phase 3: every manifest that phases 1 and 2 do not keep. */
function findOrphans({ graph, statuses, rules }: DecisionInput, needed: Reached, stage: "listed" | "read"): Orphans {
  const subjectRules = {
    checksSubjects: rules.scope === null,
    hasLocalSignatures: hasLocalSignatures(graph, statuses) || (stage === "listed" && !graph.listsUntagged),
    isMissing: (subject: Digest) => stage === "listed" || graph.isMissing(subject),
  };
  const orphans = new Map<Node, Orphan>();
  for (const node of graph.nodes) {
    if (needed.has(node)) continue;
    const claims = node.gone ? 0 : countClaims(graph, node, statuses, subjectRules);
    orphans.set(node, orphanOf(node, statuses, rules, claims));
  }
  return orphans;
}

/** Phase 4: the limits, and the one tagged manifest that some registries keep. */
function limitOrphans(
  { rules, times }: DecisionInput,
  orphans: Orphans,
  needed: Reached,
  stage: "listed" | "read",
): Limited {
  const existing = [...orphans.values()].filter(({ node }) => !node.gone);
  const limited = limit(existing, rules, times, stage);
  if (!rules.keepsLastTagged) return limited;
  const isTagged = ({ tags }: Node): boolean => tags.length > 0;
  if ([...needed.keys(), ...reach(limited.kept.keys()).keys()].some(isTagged)) return limited;
  const tagged = existing.filter(({ node }) => isTagged(node));
  const roots = tagged.filter(({ isRoot }) => isRoot);
  const [last] = newest(roots.length > 0 ? roots : tagged, { count: 1, keepsUntimed: false }, times);
  return last === undefined ? limited : { ...limited, kept: new Map([...limited.kept, [last.node, LAST_TAGGED]]) };
}

/** GitHub's ids of package versions grow with each first push, so they are better than times. */
function newestFirst({ times }: DecisionInput, orphans: readonly Orphan[]): readonly Node[] {
  const key = ({ listed, digest }: Node): number =>
    listed?.versionId ?? listed?.pushedAt ?? times.createdAt?.get(digest) ?? Number.MAX_SAFE_INTEGER;
  return orphans
    .map(({ node }) => ({ node, time: key(node) }))
    .sort((a, b) => b.time - a.time || (a.node.digest < b.node.digest ? -1 : 1))
    .map(({ node }) => node);
}

function limitReason(orphan: Orphan | undefined, limited: Limited): Reason | undefined {
  const reason = orphan && limited.kept.get(orphan.node);
  return orphan === undefined || reason === undefined ? undefined : { status: orphan.status, reason };
}

/** Nothing is read if the list shows that nothing can be deleted. Then an untagged manifest may be a platform of a kept image. */
const UNREAD: Reason = {
  status: "undecided",
  reason: "its parents are unknown: nothing was read, because nothing in this repository can be deleted",
};

function undecided(graph: Graph, { subjects }: Node): Reason {
  const reason = subjects.some((subject) => graph.isMissing(subject))
    ? "its image is not in this repository, nor is that of any other signature (they may be in another repository)"
    : "its parents or subjects are neither kept nor deleted";
  return { status: "undecided", reason };
}
