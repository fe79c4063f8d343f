import type { Digest } from "../digest.ts";
import { blobUse, sizeOf } from "./bytes.ts";
import { decide, type Verdict, type Verdicts } from "./decide.ts";
import { type Graph, graphOf, isContent, type Node } from "./graph.ts";
import { orderOf } from "./order.ts";
import { pushTime } from "./orphans.ts";
import { inTime } from "./push-time.ts";
import type { Decision, TagStatus, RepositoryPlan, RepositoryView, Rules, SinceFirstLook, Wanted } from "./view.ts";
import { named } from "./words.ts";

const NOTHING: Wanted = { contents: [], times: [], referrers: [] };

/** A plan, or what must be known before there can be one: none that lacks knowledge can be carried out. */
export type PlanStep =
  | { readonly plan: RepositoryPlan; readonly wanted: null }
  | { readonly plan: null; readonly wanted: Wanted };

/**
 * Decides on every manifest of one repository: pure, and linear but for sorting.
 *
 * @param view what is known of the repository
 * @param told what the refs say about each of its image tags
 * @param rules the rules of the inputs, and the time
 */
export function planRepository(view: RepositoryView, told: ReadonlyMap<string, TagStatus>, rules: Rules): PlanStep {
  const { statuses, untimed } = inTime(view, told);
  const graph = graphOf(view, statuses, rules.since);
  const verdicts = decide(graph, view, statuses, rules, NOTHING_HELD);
  const unreadable = [...graph.values()].flatMap((node) => {
    const reason = blindness(node, rules.since);
    return reason === null ? [] : [{ digest: node.digest, reason }];
  });
  const [blind] = unreadable;
  if (blind !== undefined) {
    const of = failClosed(graph, verdicts.of, blind.digest);
    return { plan: planOf(view, graph, of, statuses, rules, unreadable), wanted: null };
  }
  const stepOf = (final: Verdicts): PlanStep => {
    const wanted = wantedFor(view, graph, final, rules, untimed);
    const isFinal = wanted.contents.length + wanted.times.length + wanted.referrers.length === 0;
    return isFinal
      ? { plan: planOf(view, graph, final.of, statuses, rules, unreadable), wanted: null }
      : { plan: null, wanted };
  };
  const step = stepOf(verdicts);
  const held = step.plan === null ? NOTHING_HELD : unplanned(verdicts, rules);
  return held.size === 0 ? step : stepOf(decide(graph, view, statuses, rules, held));
}

const NOTHING_HELD: ReadonlySet<Digest> = new Set();

/** A second look only ever keeps more: what was not planned to go stays, whatever has become of the refs since. */
function unplanned(verdicts: Verdicts, { since }: Rules): ReadonlySet<Digest> {
  if (since === null) return NOTHING_HELD;
  return new Set(
    [...verdicts.of].flatMap(([digest, verdict]) => (goes(verdict) && !since.planned.has(digest) ? [digest] : [])),
  );
}

/** Why it cannot be known what a manifest refers to; null: it is known, or was not asked. */
function blindness({ digest, known, listed }: Node, since: SinceFirstLook | null): string | null {
  if (known === undefined || isContent(known)) return null;
  if (known !== "missing") return known.unreadable;
  // What is listed and not there is a ghost; what was listed only now was pushed a moment ago.
  const isNew = since !== null && listed !== null && !since.known.has(digest);
  return isNew ? "it was pushed since it was planned, and answers 404" : null;
}

function goes(verdict: Verdict | undefined): boolean {
  return verdict?.cause === "orphan" || verdict?.cause === "follows";
}

/** Whether it may go, or stay for rollback in place of another: what is read of one decides on the other. */
function isCandidate(verdict: Verdict | undefined): boolean {
  return goes(verdict) || verdict?.cause === "rollback";
}

/**
 * What must still be known. First when what a deleted branch names was pushed; then the content of all that stays, as any of it
 * may list a candidate; then, only where it can change something, the content of the candidates. No candidates, nothing to ask.
 */
function wantedFor(
  view: RepositoryView,
  graph: Graph,
  verdicts: Verdicts,
  rules: Rules,
  untimed: ReadonlySet<Digest>,
): Wanted {
  const nodes = [...graph.values()];
  const unread = nodes.filter((node) => node.known === undefined);
  const going = nodes.filter((node) => goes(verdicts.of.get(node.digest)));
  if (going.length === 0) return { ...NOTHING, contents: verdicts.unasked, times: verdicts.untimed };

  const doubtful = [...untimed].filter((digest) => isCandidate(verdicts.of.get(digest)));
  if (doubtful.length > 0) return { ...NOTHING, times: doubtful };

  const mayNest = unread.filter((node) => node.listedAs !== "image");
  const staying = mayNest.filter((node) => !isCandidate(verdicts.of.get(node.digest))).map((node) => node.digest);
  const pinned = view.listsUntagged
    ? []
    : [...rules.pinned].filter((pin) => !graph.has(pin) && !view.contents.has(pin));
  const first = [...staying, ...pinned, ...verdicts.unasked];
  if (first.length > 0) return { ...NOTHING, contents: first };

  const candidates = candidatesToRead(view, verdicts, rules, unread, mayNest);
  // What no listing shows is found by asking what is attached to what. What goes takes it along; and what stays may have
  // an index attached to it that lists a candidate.
  const subjects = view.referrersApi && !view.listsUntagged ? nodes : [];
  const referrers = subjects.map((node) => node.digest).filter((digest) => !view.referrers.has(digest));
  return { contents: candidates, times: candidates.length > 0 ? [] : verdicts.untimed, referrers };
}

/**
 * Candidates' own contents matter where a parent that goes would take along what is spared, where only roots count, where
 * children must be told from leftovers, and where a subject can be found in no other way. Everywhere an index that lists
 * referrers (OCI distribution-spec, "Referrers Tag Schema"), or is below one, is read: it must go before what it lists,
 * yet waits for its subject.
 */
function candidatesToRead(
  view: RepositoryView,
  verdicts: Verdicts,
  rules: Rules,
  unread: readonly Node[],
  mayNest: readonly Node[],
): readonly Digest[] {
  const needed =
    verdicts.sparedByAbsence ||
    rules.keepCount > 0 ||
    rules.pullRequest !== null ||
    !view.listsUntagged ||
    // Where one deletion failed, others may: what they would leave of what they list must be known.
    [...(rules.since?.planned.values() ?? [])].some(({ state }) => state === "stays");
  const waits = (node: Node): boolean =>
    (node.subjects.length > 0 || node.parents.length > 0) && (node.listed?.blobs ?? []).length === 0;
  const candidates = view.referrersApi ? unread : mayNest.filter((node) => needed || waits(node));
  const open = candidates.filter((node) => isCandidate(verdicts.of.get(node.digest)));
  // An untagged candidate is most often an image that a tagged one lists: it is not read if that turns out first.
  const tagged = open.filter((node) => node.tags.length > 0);
  return (tagged.length > 0 ? tagged : open).map((node) => node.digest);
}

/** What could not be read could list anything: all stays. */
function failClosed(
  graph: Graph,
  verdicts: ReadonlyMap<Digest, Verdict>,
  unread: Digest,
): ReadonlyMap<Digest, Verdict> {
  const reason = `${named(unread, graph.get(unread)?.tags ?? [])} could not be read, and may refer to it`;
  return new Map(
    [...verdicts].map(([digest, verdict]) => [digest, goes(verdict) ? { cause: "unresolved", reason } : verdict]),
  );
}

function planOf(
  view: RepositoryView,
  graph: Graph,
  verdicts: ReadonlyMap<Digest, Verdict>,
  statuses: ReadonlyMap<string, TagStatus>,
  rules: Rules,
  unreadable: RepositoryPlan["unreadable"],
): RepositoryPlan {
  const waves = orderOf(graph, verdicts, view);
  const going = waves.flat();
  const staying = [...graph.keys()].filter((digest) => !goes(verdicts.get(digest)));
  const decisions = [...going, ...staying].flatMap((digest) => {
    const node = graph.get(digest);
    const verdict = verdicts.get(digest);
    if (node === undefined || verdict === undefined) return [];
    return [decisionOf(node, verdict, view, statuses, rules)];
  });
  const kept = staying.flatMap((digest) => graph.get(digest) ?? []);
  return {
    repository: view.repository,
    listsUntagged: view.listsUntagged,
    decisions,
    waves,
    followers: new Set(going.filter((digest) => verdicts.get(digest)?.cause === "follows")),
    broken: kept.flatMap((node) => brokenEntries(node, graph, view)),
    ghosts: view.listed.map((listed) => listed.digest).filter((digest) => view.contents.get(digest) === "missing"),
    unreadable,
    blobs: blobUse(graph, verdicts),
  };
}

function decisionOf(
  node: Node,
  verdict: Verdict,
  view: RepositoryView,
  statuses: ReadonlyMap<string, TagStatus>,
  rules: Rules,
): Decision {
  const versionId = node.listed?.versionId;
  return {
    digest: node.digest,
    tags: node.tags,
    kind: kindOf(node),
    pushedAt: view.times.get(node.digest) ?? null,
    sizeBytes: sizeOf(node),
    decision: goes(verdict) ? "delete" : "keep",
    reason: verdict.reason,
    staleTags: verdict.cause === "tagged" ? staleTags(node, view, statuses, rules) : [],
    ...(versionId === undefined ? {} : { versionId }),
  };
}

function kindOf(node: Node): Decision["kind"] {
  if (node.subjects.length > 0) return "referrer";
  if (isContent(node.known)) return node.known.kind;
  return node.listedAs ?? "unknown";
}

/**
 * Dead tags of a manifest that another tag keeps. A tag that no ref is known for must have outlived the grace period, and one that a
 * deleted branch names must be known to be that old.
 */
function staleTags(
  node: Node,
  view: RepositoryView,
  statuses: ReadonlyMap<string, TagStatus>,
  rules: Rules,
): Decision["staleTags"] {
  const pushed = pushTime(view.times, node.digest);
  const isTimed = typeof pushed === "number";
  const old = isTimed && rules.now - pushed >= rules.gracePeriodMs;
  return node.tags.flatMap((tag) => {
    const fate = statuses.get(tag);
    const isProven = fate?.status === "orphaned" && (fate.lastPush === null || isTimed);
    if (isProven && (rules.pullRequest === null || fate.pullRequest === rules.pullRequest)) {
      return [{ tag, reason: fate.reason }];
    }
    const unmatched =
      fate?.status === "unmatched" && rules.unmatchedTags === "delete" && rules.pullRequest === null && old;
    return unmatched ? [{ tag, reason: fate.reason }] : [];
  });
}

/** The entries of a kept index that are not there: a listing that shows everything shows them, or reading told. */
function brokenEntries(node: Node, graph: Graph, view: RepositoryView): RepositoryPlan["broken"] {
  const missing = node.children.filter(
    (child) => view.contents.get(child) === "missing" || (view.listsUntagged && !graph.has(child)),
  );
  return missing.length === 0 ? [] : [{ digest: node.digest, missing }];
}
