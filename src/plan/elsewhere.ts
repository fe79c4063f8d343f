import type { Digest } from "../digest.ts";
import { type Graph, type Node, taggedSubjects } from "./graph.ts";
import type { TagStatus, SinceFirstLook } from "./view.ts";

/** Whether what a manifest is attached to by its tag may be in another repository, so that its absence here proves nothing. */
export type IsElsewhere = (node: Node, subject: Digest) => boolean;

/**
 * With `COSIGN_REPOSITORY`, cosign puts the signatures of images into another repository than theirs. So where no tag refers to a
 * manifest of the same repository, those of none are known to belong here. A `subject` of the manifest's own always does
 * (OCI distribution-spec, "Pushing Manifests with Subject").
 */
export function elsewhere(graph: Graph, statuses: ReadonlyMap<string, TagStatus>, since: SinceFirstLook | null): IsElsewhere {
  // What was planned to go was here. Beside these the listing alone decides: what was read hangs on what else is to go.
  const isHere = (subject: Digest): boolean =>
    (graph.get(subject)?.listed ?? null) !== null || since?.planned.has(subject) === true;
  const holdsOwn = [...graph.values()].some((node) => taggedSubjects(node, statuses).some(isHere));
  return (node, subject) => !holdsOwn && taggedSubjects(node, statuses).includes(subject);
}
