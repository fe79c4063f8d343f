import type { Digest } from "../digest.ts";
import { formatAge } from "../format.ts";
import { LATE_PUSH_MS } from "../refs/refs.ts";
import { FIRST_IMAGES } from "../tags/lookups.ts";
import type { TagStatus } from "../tags/status.ts";
import type { Graph, Node } from "./graph.ts";

/** Creation times by digest, for registries that list no push times. */
export type CreationTimes = ReadonlyMap<Digest, number | null>;

/**
 * Returns when a manifest was pushed, in milliseconds since the epoch, or created if the registry lists no push times. Null: no
 * time that can be trusted. Undefined: its creation time was not read yet.
 */
export function pushTime(node: Node, createdAt: CreationTimes | null): number | null | undefined {
  const time = createdAt === null ? (node.listed?.pushedAt ?? null) : createdAt.get(node.digest);
  return time === undefined || time === null || time >= FIRST_IMAGES ? time : null;
}

/**
 * Returns the statuses of all tags, with `unmatched` for a tag whose evidence is older than its image. A deleted branch is
 * evidence only for images pushed while its pull request was open, and shortly after: a branch name can be reused.
 */
export function applyPushTimes(
  graph: Graph,
  statuses: ReadonlyMap<string, TagStatus>,
  createdAt: CreationTimes | null,
): ReadonlyMap<string, TagStatus> {
  const late = new Map<string, TagStatus>();
  for (const node of graph.nodes) {
    for (const tag of node.tags) {
      const status = statuses.get(tag);
      if (status?.status !== "orphaned" || status.lastPush === null) continue;
      const time = pushTime(node, createdAt);
      if (typeof time !== "number" || time <= status.lastPush) continue;
      const after = formatAge(time - status.lastPush + LATE_PUSH_MS);
      const reason = `matches no ref: it was pushed ${after} after ${status.of} ended`;
      late.set(tag, { status: "unmatched", reason });
    }
  }
  return late.size === 0 ? statuses : new Map([...statuses, ...late]);
}
