import type { Digest } from "../digest.ts";
import { shortDigest } from "../format.ts";
import type { TagStatus } from "../tags/status.ts";
import { type Graph, type Node, taggedSubjects } from "./graph.ts";
import { type DecidingTag, decidingTags } from "./keep.ts";
import type { ManifestStatus, Rules } from "./plan.ts";

type Gone = Extract<TagStatus, { status: "orphaned" }>;
type Superseded = Extract<TagStatus, { status: "superseded" }>;
type Unmatched = Extract<TagStatus, { status: "unmatched" }>;

/** A manifest that nothing keeps, before the limits. */
export interface Orphan {
  readonly node: Node;
  readonly status: ManifestStatus;
  readonly reason: string;
  /** How many parents and subjects must be deleted before it is. */
  readonly claims: number;
  /** Nothing claims it: it is not deleted with anything else. */
  readonly isRoot: boolean;
  /** It has no tag of its own, or only tags such as `sha256-….sig`. */
  readonly isUntagged: boolean;
  /** Evidence proves each of its tags gone or superseded. Otherwise it is orphaned because nothing names it. */
  readonly isProven: boolean;
  /** The evidence of its tags, also if it does not fit a push time: it still says when their refs ended. */
  readonly gone: readonly Gone[];
  /** Its tags that name an older commit of an existing branch or Git tag. */
  readonly superseded: readonly Superseded[];
  /** All its tags that name something. */
  readonly named: readonly DecidingTag[];
}

/** What decides whether a missing subject claims its referrer. */
export interface SubjectRules {
  /** A sweep of one pull request does not check whether subjects exist. */
  readonly checksSubjects: boolean;
  /** Whether a tag of the repository refers to a manifest that exists here (see `hasLocalSignatures`). */
  readonly hasLocalSignatures: boolean;
  /** Whether a subject that no list shows does not exist. */
  isMissing(subject: Digest): boolean;
}

/**
 * Whether any tag such as `sha256-….sig` refers to a manifest of this repository. With `COSIGN_REPOSITORY`, cosign puts
 * signatures into another repository than their images: if no signature has its image here, a missing image proves nothing.
 */
export function hasLocalSignatures(graph: Graph, statuses: ReadonlyMap<string, TagStatus>): boolean {
  for (const { tags } of graph.nodes) {
    const isHere = (subject: Digest): boolean => {
      const node = graph.get(subject);
      return node !== undefined && (node.listed !== null || node.gone);
    };
    if (taggedSubjects(tags, statuses).some(isHere)) return true;
  }
  return false;
}

/** Returns how many parents and subjects must be deleted before a manifest is. */
export function countClaims(
  graph: Graph,
  node: Node,
  statuses: ReadonlyMap<string, TagStatus>,
  rules: SubjectRules,
): number {
  if (node.subjects.length === 0) return node.parents.length;
  const tagged = taggedSubjects(node.tags, statuses);
  const claims = node.subjects.filter((subject) => {
    if (graph.has(subject)) return true;
    const mayBeElsewhere = !rules.hasLocalSignatures && tagged.includes(subject);
    return !rules.checksSubjects || mayBeElsewhere || !rules.isMissing(subject);
  });
  return node.parents.length + claims.length;
}

/** Returns a manifest that nothing keeps as an orphan. */
export function orphanOf(node: Node, statuses: ReadonlyMap<string, TagStatus>, rules: Rules, claims: number): Orphan {
  const isRoot = claims === 0;
  if (node.tags.length === 0) {
    const none = { isProven: false, gone: NONE, superseded: NONE, named: NONE };
    return { node, ...untagged(node), claims, isRoot, isUntagged: true, ...none };
  }
  const named = decidingTags(node, statuses, rules).filter(({ status }) => status.status !== "referrer");
  const all = named.map(({ status }) => status);
  const gone = all.filter((status) => status.status === "orphaned");
  const superseded = all.filter((status) => status.status === "superseded");
  const unmatched = all.filter((status) => status.status === "unmatched");
  return {
    node,
    ...(described([...gone, ...superseded, ...unmatched]) ?? untagged(node)),
    claims,
    isRoot,
    isUntagged: node.tags.every((tag) => statuses.get(tag)?.status === "referrer"),
    isProven: named.length > 0 && unmatched.length === 0,
    gone: [...gone, ...unmatched.flatMap(({ unproven }) => unproven ?? [])],
    superseded,
    named,
  };
}

const NONE: readonly never[] = [];

/** The first three reasons, with the status of the first; null: there is none. */
function described(statuses: readonly (Gone | Superseded | Unmatched)[]): Pick<Orphan, "status" | "reason"> | null {
  const [first] = statuses;
  const reasons = new Set(statuses.map(({ reason }) => reason));
  return first === undefined ? null : { status: first.status, reason: [...reasons].slice(0, 3).join("; ") };
}

/** The reason of a manifest without a tag that names a ref. */
function untagged({ subjects, tags }: Node): Pick<Orphan, "status" | "reason"> {
  const [subject] = subjects;
  if (subject !== undefined) {
    return { status: "referrer", reason: `referrer of ${shortDigest(subject)}, which does not exist` };
  }
  if (tags.length > 0) return { status: "unmatched", reason: "matches no branch, Git tag, commit or pull request" };
  return { status: "untagged", reason: "untagged and unreferenced" };
}
