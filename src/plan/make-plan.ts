import type { Digest } from "../digest.ts";
import { describeManifest } from "../format.ts";
import type { TagStatus } from "../tags/status.ts";
import { blobUse, sizeOf } from "./bytes.ts";
import { type DecisionInput, decide, type Verdict } from "./decide.ts";
import { type Graph, isAttestation, isContent, type Node } from "./graph.ts";
import { keptByTag } from "./keep.ts";
import type { Decision, DeletionStep, RepositoryPlan } from "./plan.ts";
import { applyPushTimes, hasUnreadTags, pushTime, tagTime } from "./push-time.ts";
import { describeStep } from "./reach.ts";

/** A plan, or the manifests whose creation time it needs first. */
export type PlanStep = { readonly plan: RepositoryPlan } | { readonly untimed: readonly Digest[] };

/**
 * Makes the plan of one repository from everything that was read of it: pure, and linear but for sorting. If any manifest
 * could not be read, nothing is deleted, because it could refer to every other one.
 */
export function makePlan(repository: string, given: DecisionInput): PlanStep {
  const input = { ...given, statuses: applyPushTimes(given.graph, given.statuses, given.times, given.rules.now) };
  const { verdicts, untimed } = decide(input);
  if (untimed.length > 0) return { untimed };
  const untimedTags = withUntimedTags(verdicts, input);
  if (untimedTags.length > 0) return { untimed: untimedTags };
  const unreadable = unreadableNodes(input.graph);
  return { plan: planOf(repository, input, keepAllIf(unreadable, verdicts), unreadable) };
}

interface UnreadableNode {
  readonly node: Node;
  readonly reason: string;
}

function unreadableNodes(graph: Graph): readonly UnreadableNode[] {
  const unreadable: UnreadableNode[] = [];
  for (const node of graph.nodes) {
    const { known } = node;
    if (known !== undefined && known !== "missing" && "unreadable" in known) {
      unreadable.push({ node, reason: known.unreadable });
    }
  }
  return unreadable;
}

type Verdicts = ReadonlyMap<Node, Verdict>;

function keepAllIf([first]: readonly UnreadableNode[], verdicts: Verdicts): Verdicts {
  if (first === undefined) return verdicts;
  const reason = `${describeManifest(first.node.digest, first.node.tags)} could not be read and may refer to it`;
  const kept: Verdict = { decision: "keep", cause: { status: "undecided", reason } };
  return new Map([...verdicts].map(([node, verdict]) => [node, verdict.decision === "keep" ? verdict : kept]));
}

function planOf(
  repository: string,
  input: DecisionInput,
  verdicts: Verdicts,
  unreadable: readonly UnreadableNode[],
): RepositoryPlan {
  const { graph } = input;
  const decisions: Decision[] = [];
  const deletions: DeletionStep[] = [];
  const broken: RepositoryPlan["broken"][number][] = [];
  const ghosts: Digest[] = [];
  for (const [node, verdict] of verdicts) {
    const { digest } = node;
    decisions.push(decisionOf(node, verdict, verdicts, input));
    if (node.known === "missing") ghosts.push(digest);
    if (verdict.decision === "delete") deletions.push(stepOf(graph, node, verdicts));
    const missing = verdict.decision === "keep" ? missingChildren(graph, node) : [];
    if (missing.length > 0) broken.push({ digest, missing });
  }
  return {
    repository,
    decisions,
    deletions,
    broken,
    ghosts,
    unreadable: unreadable.map(({ node, reason }) => ({ digest: node.digest, reason })),
    blobs: blobUse(graph, verdicts),
  };
}

function stepOf(graph: Graph, { digest, parents, subjects }: Node, verdicts: Verdicts): DeletionStep {
  const claims = [...parents, ...subjects.flatMap((subject): Node | readonly Node[] => graph.get(subject) ?? [])];
  const after = claims.filter((claim) => verdicts.get(claim)?.decision === "delete");
  return { digest, after: after.map((claim) => claim.digest) };
}

function decisionOf(node: Node, { decision, cause }: Verdict, verdicts: Verdicts, input: DecisionInput): Decision {
  const { rules, times } = input;
  const { digest, tags, listed } = node;
  const isStep = "from" in cause;
  const status = isStep ? cause.relation : cause.status;
  const isKeptByTag = decision === "keep" && keptByTag(node, input.statuses, rules) !== undefined;
  return {
    digest,
    tags,
    kind: kindOf(node),
    image: imageOf(node, verdicts).digest,
    pushedAt: pushTime(node, times) ?? listed?.pushedAt ?? null,
    sizeBytes: sizeOf(node),
    decision,
    status,
    reason: isStep ? describeStep(cause) : cause.reason,
    staleTags: isKeptByTag ? staleTags(node, input) : [],
    ...(listed?.versionId === undefined ? {} : { versionId: listed.versionId }),
  };
}

function kindOf(node: Node): Decision["kind"] {
  const { known, listedAs, subjects } = node;
  if (subjects.length > 0 || isAttestation(node)) return "referrer";
  return isContent(known) ? known.kind : (listedAs ?? "unknown");
}

/** The manifest that decides about `node`, at the end of the chain of steps. */
function imageOf(node: Node, verdicts: Verdicts): Node {
  let image = node;
  for (let cause = verdicts.get(image)?.cause; cause !== undefined && "from" in cause; ) {
    image = cause.from;
    cause = verdicts.get(image)?.cause;
  }
  return image;
}

/** Tags whose ref is gone, on a manifest that another tag keeps. An unmatched tag must be older than the grace period. */
function staleTags(node: Node, { statuses, rules, times }: DecisionInput): Decision["staleTags"] {
  const isStale = (tag: string, status: TagStatus): boolean => {
    const time = hasUnreadTags(node, times) ? undefined : tagTime(node, tag, times);
    const isTimed = typeof time === "number";
    if (status.status === "orphaned") {
      return (status.lastPush === null || isTimed) && [null, status.of].includes(rules.scope);
    }
    const isOld = isTimed && rules.now - time >= rules.gracePeriodMs;
    return status.status === "unmatched" && rules.unmatchedTags === "delete" && rules.scope === null && isOld;
  };
  return node.tags.flatMap((tag) => {
    const status = statuses.get(tag);
    return status !== undefined && isStale(tag, status) ? [{ tag, reason: status.reason }] : [];
  });
}

/** Kept manifests with a tag that would be stale if it was not pushed again, and whose time can be read. */
function withUntimedTags(verdicts: Verdicts, { statuses, rules, times }: DecisionInput): readonly Digest[] {
  if (times.tags !== "unread") return [];
  const mayBeStale = (tag: string): boolean => {
    const status = statuses.get(tag);
    if (status?.status === "orphaned") return status.lastPush !== null;
    return status?.status === "unmatched" && rules.unmatchedTags === "delete";
  };
  return [...verdicts.keys()].flatMap((node) => {
    const isKept = verdicts.get(node)?.decision === "keep" && keptByTag(node, statuses, rules) !== undefined;
    return isKept && node.tags.some(mayBeStale) ? [node.digest] : [];
  });
}

/** The children of a kept index that do not exist. An image that was not read exists if the list shows it. */
function missingChildren(graph: Graph, { known }: Node): readonly Digest[] {
  if (!isContent(known) || known.children.length === 0) return [];
  const digests = new Set(known.children.map(({ digest }) => digest));
  return [...digests].filter((child) => graph.isMissing(child) || (graph.listsUntagged && !graph.has(child)));
}
