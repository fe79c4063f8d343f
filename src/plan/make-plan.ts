import type { Digest } from "../digest.ts";
import { describeManifest } from "../format.ts";
import type { TagStatus } from "../tags/status.ts";
import { blobUse, sizeOf } from "./bytes.ts";
import { type DecisionInput, decide, type Verdict } from "./decide.ts";
import { type Graph, isContent, type Node } from "./graph.ts";
import type { Decision, DeletionStep, RepositoryPlan } from "./plan.ts";
import { applyPushTimes, pushTime } from "./push-time.ts";

/** A plan, or the manifests whose creation time it needs first. */
export type PlanStep = { readonly plan: RepositoryPlan } | { readonly untimed: readonly Digest[] };

/**
 * Makes the plan of one repository from everything that was read of it: pure, and linear but for sorting. If any manifest
 * could not be read, nothing is deleted, because it could refer to every other one.
 */
export function makePlan(repository: string, given: DecisionInput): PlanStep {
  const input = { ...given, statuses: applyPushTimes(given.graph, given.statuses, given.createdAt) };
  const { verdicts, untimed } = decide(input);
  // Without a deletion no time decides anything.
  const [firstVerdict] = verdicts.values();
  if (untimed.length > 0 && firstVerdict?.decision === "delete") return { untimed };
  const unreadable = unreadableManifests(input.graph);
  const [first] = unreadable;
  return {
    plan: planOf(
      repository,
      input,
      first === undefined ? verdicts : keepAll(input.graph, verdicts, first.digest),
      unreadable,
    ),
  };
}

function unreadableManifests(graph: Graph): RepositoryPlan["unreadable"] {
  const unreadable: { readonly digest: Digest; readonly reason: string }[] = [];
  for (const { digest, known } of graph.nodes) {
    if (known === undefined || known === "missing" || !("unreadable" in known)) continue;
    unreadable.push({ digest, reason: known.unreadable });
  }
  return unreadable;
}

function keepAll(graph: Graph, verdicts: ReadonlyMap<Digest, Verdict>, unread: Digest): ReadonlyMap<Digest, Verdict> {
  const reason = `${describeManifest(unread, graph.get(unread)?.tags ?? [])} could not be read and may refer to it`;
  const kept: Verdict = { decision: "keep", with: null, status: "undecided", reason };
  return new Map([...verdicts].map(([digest, verdict]) => [digest, verdict.decision === "keep" ? verdict : kept]));
}

function planOf(
  repository: string,
  input: DecisionInput,
  verdicts: ReadonlyMap<Digest, Verdict>,
  unreadable: RepositoryPlan["unreadable"],
): RepositoryPlan {
  const { graph } = input;
  const decisions: Decision[] = [];
  const broken: RepositoryPlan["broken"][number][] = [];
  const deletions: DeletionStep[] = [];
  const ghosts: Digest[] = [];
  for (const [digest, verdict] of verdicts) {
    const node = graph.get(digest);
    if (node === undefined) continue;
    decisions.push(decisionOf(node, verdict, verdicts, input));
    if (node.known === "missing") ghosts.push(digest);
    if (verdict.decision === "delete") deletions.push(stepOf(graph, digest, verdicts));
    const missing = verdict.decision === "keep" ? missingChildren(graph, node) : [];
    if (missing.length > 0) broken.push({ digest, missing });
  }
  return { repository, decisions, deletions, broken, ghosts, unreadable, blobs: blobUse(graph, verdicts) };
}

function stepOf(graph: Graph, digest: Digest, verdicts: ReadonlyMap<Digest, Verdict>): DeletionStep {
  const claims = [...graph.parents(digest), ...graph.subjects(digest)];
  return { digest, after: claims.filter((claim) => verdicts.get(claim)?.decision === "delete") };
}

function decisionOf(
  node: Node,
  verdict: Verdict,
  verdicts: ReadonlyMap<Digest, Verdict>,
  { graph, statuses, rules, createdAt }: DecisionInput,
): Decision {
  const { digest, tags, listed } = node;
  const { decision, status, reason } = verdict;
  const isKeptByTag =
    decision === "keep" &&
    (["live", "protected"].includes(status) || (status === "unmatched" && rules.unmatchedTags === "keep"));
  return {
    digest,
    tags,
    kind: kindOf(graph, node),
    image: imageOf(digest, verdicts),
    pushedAt: pushTime(node, createdAt) ?? listed?.pushedAt ?? null,
    sizeBytes: sizeOf(node),
    decision,
    status,
    reason,
    staleTags: isKeptByTag ? staleTags(node, statuses, { rules, createdAt }) : [],
    ...(listed?.versionId === undefined ? {} : { versionId: listed.versionId }),
  };
}

function kindOf(graph: Graph, { digest, known, listedAs }: Node): Decision["kind"] {
  if (graph.subjects(digest).length > 0) return "referrer";
  return isContent(known) ? known.kind : (listedAs ?? "unknown");
}

/** The manifest that decides about `digest`, at the end of the chain. */
function imageOf(digest: Digest, verdicts: ReadonlyMap<Digest, Verdict>): Digest {
  let image = digest;
  for (let next = verdicts.get(image)?.with; next !== null && next !== undefined; next = verdicts.get(image)?.with) {
    image = next;
  }
  return image;
}

/** Tags whose ref is gone, on a manifest that another tag keeps. An unmatched tag must be older than the grace period. */
function staleTags(
  node: Node,
  statuses: ReadonlyMap<string, TagStatus>,
  { rules, createdAt }: Pick<DecisionInput, "rules" | "createdAt">,
): Decision["staleTags"] {
  const time = pushTime(node, createdAt);
  const isTimed = typeof time === "number";
  const isOld = isTimed && rules.now - time >= rules.gracePeriodMs;
  return node.tags.flatMap((tag) => {
    const status = statuses.get(tag);
    const isStale =
      status?.status === "orphaned"
        ? (status.lastPush === null || isTimed) && [null, status.pullRequest].includes(rules.pullRequest)
        : status?.status === "unmatched" && rules.unmatchedTags === "delete" && rules.pullRequest === null && isOld;
    return isStale && status !== undefined ? [{ tag, reason: status.reason }] : [];
  });
}

/** The children of a kept index that do not exist. An image that was not read exists as far as the list shows it. */
function missingChildren(graph: Graph, node: Node): readonly Digest[] {
  return graph.children(node).filter((child) => graph.isMissing(child) || (graph.listsUntagged && !graph.has(child)));
}
