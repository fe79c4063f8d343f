import type { Digest } from "../digest.ts";
import { describeManifest } from "../format.ts";
import type { TagStatus } from "../tags/status.ts";
import type { Graph, Node } from "./graph.ts";
import { keepByThemselves, type Reason } from "./keep.ts";
import { type Limited, limit, newest } from "./limits.ts";
import { countClaims, hasOwnSignatures, type Orphan, orphanOf } from "./orphans.ts";
import type { Rules } from "./plan.ts";
import type { CreationTimes } from "./push-time.ts";
import { follow, reach, type Step } from "./reach.ts";

/** What a decision is based on. */
export interface DecisionInput {
  readonly graph: Graph;
  readonly statuses: ReadonlyMap<string, TagStatus>;
  readonly rules: Rules;
  /** Manifests that are kept whatever their tags say: in use, or refused by the registry. */
  readonly kept: ReadonlyMap<Digest, Reason>;
  /** Null: the list has the push times. */
  readonly createdAt: CreationTimes | null;
}

/** The decision on one manifest. */
export interface Verdict extends Reason {
  readonly decision: "keep" | "delete";
  /** The manifest that it is kept or deleted with; null: it is decided by itself. */
  readonly with: Digest | null;
}

/** The decisions on all manifests of a repository. */
export interface Verdicts {
  /** By digest. Deletions come first, in the order of deletion. */
  readonly verdicts: ReadonlyMap<Digest, Verdict>;
  /** Manifests whose creation time must be read first. */
  readonly untimed: readonly Digest[];
}

/** The reason of the manifest that is kept because the registry keeps one tagged manifest (GitHub answers 400). */
export const LAST_TAGGED = "the registry does not delete the last tagged manifest";

/**
 * Decides on every manifest (DESIGN section 4), in five phases: keep by tag or use; reach what those need; find the orphans;
 * limit them; follow what is deleted. Each phase is data of its own, and the first that names a manifest decides it.
 *
 * @param stage `listed`: before manifests are read; decides as if subjects that the list does not show were missing
 */
export function decide(input: DecisionInput, stage: "listed" | "read" = "read"): Verdicts {
  const { graph } = input;
  const keepers = keepByThemselves(graph, input.statuses, input.rules, input.kept);
  const reached = reach(graph, keepers.keys());
  const orphans = findOrphans(input, keepers, reached, stage);
  const limited = limitOrphans(input, orphans, keepers, reached);
  const withLimited = reach(graph, limited.kept.keys());

  const isKept = (digest: Digest): boolean =>
    keepers.has(digest) || reached.has(digest) || limited.kept.has(digest) || withLimited.has(digest);
  const roots = [...orphans.values()].filter(({ isRoot, node }) => isRoot && !isKept(node.digest));
  const deleted = follow(graph, inOrder(input, roots), (digest) => {
    const claims = isKept(digest) ? undefined : orphans.get(digest)?.claims;
    return claims ?? null;
  });

  const verdicts = new Map<Digest, Verdict>();
  for (const [digest, step] of deleted) {
    if (graph.get(digest)?.gone === false) verdicts.set(digest, verdictOf("delete", graph, orphans.get(digest), step));
  }
  for (const node of graph.nodes) {
    const { digest } = node;
    if (node.gone || verdicts.has(digest)) continue;
    const orphan = orphans.get(digest);
    const own = keepers.get(digest) ?? limitedReason(orphan, limited);
    if (own !== null) verdicts.set(digest, { decision: "keep", with: null, ...own });
    else verdicts.set(digest, verdictOf("keep", graph, orphan, reached.get(digest) ?? withLimited.get(digest)));
  }
  return { verdicts, untimed: limited.untimed };
}

type CountedOrphan = Orphan & { readonly claims: number };

/** Phase 3: every manifest that phases 1 and 2 do not keep. */
function findOrphans(
  { graph, statuses, rules }: DecisionInput,
  keepers: ReadonlyMap<Digest, Reason>,
  reached: ReadonlyMap<Digest, Step>,
  stage: "listed" | "read",
): ReadonlyMap<Digest, CountedOrphan> {
  const subjectRules = {
    checksSubjects: rules.pullRequest === null,
    hasOwnSignatures: hasOwnSignatures(graph, statuses) || (stage === "listed" && !graph.listsUntagged),
    isMissing: (subject: Digest) => stage === "listed" || graph.isMissing(subject),
  };
  const orphans = new Map<Digest, CountedOrphan>();
  for (const node of graph.nodes) {
    if (keepers.has(node.digest) || reached.has(node.digest)) continue;
    const claims = node.gone ? 0 : countClaims(graph, node, statuses, subjectRules);
    orphans.set(node.digest, { ...orphanOf(graph, node, statuses, claims), claims });
  }
  return orphans;
}

/** Phase 4: the limits, and the one tagged manifest that some registries keep. */
function limitOrphans(
  { graph, rules, createdAt }: DecisionInput,
  orphans: ReadonlyMap<Digest, Orphan>,
  keepers: ReadonlyMap<Digest, Reason>,
  reached: ReadonlyMap<Digest, Step>,
): Limited {
  const limited = limit(
    graph,
    [...orphans.values()].filter(({ node }) => !node.gone),
    rules,
    createdAt,
  );
  if (!rules.keepsLastTagged) return limited;
  const isTagged = (digest: Digest): boolean => (graph.get(digest)?.tags ?? []).length > 0;
  const kept = [keepers, reached, limited.kept, reach(graph, limited.kept.keys())].flatMap((each) => [...each.keys()]);
  if (kept.some(isTagged)) return limited;
  const tagged = [...orphans.values()].filter(({ node }) => !node.gone && node.tags.length > 0);
  const roots = tagged.filter(({ isRoot }) => isRoot);
  const [last] = newest(roots.length > 0 ? roots : tagged, 1, createdAt);
  return last === undefined
    ? limited
    : { ...limited, kept: new Map([...limited.kept, [last.node.digest, LAST_TAGGED]]) };
}

/** Newest first. GitHub's ids of package versions grow with each first push, so they are the better clock. */
function inOrder({ createdAt }: DecisionInput, roots: readonly Orphan[]): readonly Digest[] {
  const key = ({ listed, digest }: Node): number =>
    listed?.versionId ?? listed?.pushedAt ?? createdAt?.get(digest) ?? Number.MAX_SAFE_INTEGER;
  return [...roots]
    .sort((a, b) => key(b.node) - key(a.node) || (a.node.digest < b.node.digest ? -1 : 1))
    .map(({ node }) => node.digest);
}

function limitedReason(orphan: Orphan | undefined, limited: Limited): Reason | null {
  const reason = orphan === undefined ? undefined : limited.kept.get(orphan.node.digest);
  return orphan === undefined || reason === undefined ? null : { status: orphan.status, reason };
}

/** Deleted or kept by itself, or with the manifest that `step` comes from. Without either, nothing decides, so it is kept. */
function verdictOf(
  decision: Verdict["decision"],
  graph: Graph,
  orphan: Orphan | undefined,
  step: Step | null | undefined,
): Verdict {
  if (step !== null && step !== undefined) {
    const from = graph.get(step.from);
    const { relation } = step;
    const reason = `${relation} of ${describeManifest(step.from, from?.tags ?? [])}`;
    return { decision, with: step.from, status: relation, reason };
  }
  if (decision === "delete" && orphan !== undefined) {
    return { decision, with: null, status: orphan.status, reason: orphan.reason };
  }
  return { decision: "keep", with: null, ...undecided(graph, orphan) };
}

function undecided(graph: Graph, orphan: Orphan | undefined): Reason {
  const isLost = orphan !== undefined && graph.subjects(orphan.node.digest).some((subject) => graph.isMissing(subject));
  const reason = isLost
    ? "its image is not in this repository, nor is that of any other signature (they may be in another repository)"
    : "its parents or subjects are neither kept nor deleted";
  return { status: "undecided", reason };
}
