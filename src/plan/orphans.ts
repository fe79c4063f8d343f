import type { Digest } from "../digest.ts";
import { shortDigest } from "../format.ts";
import type { TagStatus } from "../tags/status.ts";
import { type Graph, type Node, taggedSubjects } from "./graph.ts";
import { statusesOf } from "./keep.ts";
import type { ManifestStatus } from "./plan.ts";

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
  /** Evidence proves the ref of each of its tags gone. Otherwise it is orphaned because nothing names it. */
  readonly isProven: boolean;
  /** Its tags whose ref is gone. */
  readonly gone: readonly Extract<TagStatus, { status: "orphaned" }>[];
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
export function orphanOf(node: Node, statuses: ReadonlyMap<string, TagStatus>, claims: number): Orphan {
  const isRoot = claims === 0;
  if (node.tags.length === 0) {
    return { node, ...untagged(node), claims, isRoot, isUntagged: true, isProven: false, gone: NONE };
  }
  const own = statusesOf(node, statuses).filter(({ status }) => status !== "referrer");
  const gone = own.filter((status) => status.status === "orphaned");
  const unmatched = own.filter(({ status }) => status === "unmatched");
  const reasons = new Set([...gone, ...unmatched].map(({ reason }) => reason));
  return {
    node,
    ...(reasons.size > 0 ? named(reasons, gone.length > 0) : untagged(node)),
    claims,
    isRoot,
    isUntagged: own.length === 0,
    isProven: gone.length > 0 && unmatched.length === 0,
    gone,
  };
}

const NONE: readonly never[] = [];

function named(reasons: ReadonlySet<string>, isOrphaned: boolean): Pick<Orphan, "status" | "reason"> {
  return { status: isOrphaned ? "orphaned" : "unmatched", reason: [...reasons].slice(0, 3).join("; ") };
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
