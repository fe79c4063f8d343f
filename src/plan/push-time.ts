import type { Digest } from "../digest.ts";
import { formatAge } from "../format.ts";
import { LATE_PUSH_MS } from "../refs/refs.ts";
import type { TagPushes } from "../registry/registry.ts";
import type { Gone } from "../tags/gone.ts";
import { FIRST_IMAGES } from "../tags/lookups.ts";
import type { TagStatus } from "../tags/status.ts";
import type { Graph, Node } from "./graph.ts";

/** What a registry shows of push times, besides its list. */
export interface PushTimes {
  /** Creation times by digest, of those that were read; null: the list has push times. */
  readonly createdAt: ReadonlyMap<Digest, number | null> | null;
  /** Push times of tags; `unread`: the registry shows them, and they were not read yet; null: it does not show them. */
  readonly tags: TagPushes | "unread" | null;
}

/**
 * Returns when a manifest was pushed, in milliseconds since the epoch, or created if the registry lists no push times. Null: no
 * time that can be trusted. Undefined: its creation time was not read yet.
 */
export function pushTime(node: Node, { createdAt }: PushTimes): number | null | undefined {
  const time = createdAt === null ? (node.listed?.pushedAt ?? null) : createdAt.get(node.digest);
  return time === undefined || time === null || time >= FIRST_IMAGES ? time : null;
}

/**
 * Returns when a tag was put on its manifest, as `pushTime` does: an old image can have a new tag. A list of tags may be hours
 * old, so it only makes a tag younger. If it does not show the tag on this manifest, the time is unknown.
 */
export function tagTime(node: Node, tag: string, times: PushTimes): number | null | undefined {
  const time = pushTime(node, times);
  if (typeof time !== "number" || times.tags === null || times.tags === "unread") return time;
  const push = times.tags.get(tag);
  if (push?.digest !== node.digest || push.pushedAt === null || push.pushedAt < FIRST_IMAGES) return null;
  return Math.max(time, push.pushedAt);
}

/** Returns when a manifest or the last of its tags was pushed, as `pushTime` does. */
export function lastPushTime(node: Node, times: PushTimes): number | null | undefined {
  let last = pushTime(node, times);
  for (const tag of node.tags) {
    const time = tagTime(node, tag, times);
    if (typeof time !== "number") return time;
    last = Math.max(last ?? time, time);
  }
  return last;
}

/** Whether the times of a manifest's tags can be read and were not. They can only make it younger. */
export function hasUnreadTags({ tags }: Node, times: PushTimes): boolean {
  return times.tags === "unread" && tags.length > 0;
}

/**
 * Returns the statuses of all tags, with `unmatched` for a tag whose evidence does not fit its push time. A deleted branch is
 * evidence only for images pushed while its pull request was open, and shortly after: a branch name can be reused.
 *
 * @param now milliseconds since the epoch
 */
export function applyPushTimes(
  graph: Graph,
  statuses: ReadonlyMap<string, TagStatus>,
  times: PushTimes,
  now: number,
): ReadonlyMap<string, TagStatus> {
  const changed = new Map<string, TagStatus>();
  for (const node of graph.nodes) {
    for (const tag of node.tags) {
      const status = statuses.get(tag);
      if (status?.status !== "orphaned") continue;
      const time = tagTime(node, tag, times);
      const problem = time === undefined ? null : misfit(status, time, times, now);
      if (problem !== null) {
        changed.set(tag, { status: "unmatched", reason: `matches no ref: ${problem}`, unproven: status });
      }
    }
  }
  return changed.size === 0 ? statuses : new Map([...statuses, ...changed]);
}

/** Why evidence does not hold for a tag pushed at `time`; null: it does, or times that were not read yet may show it. */
function misfit({ firstPush, lastPush, of }: Gone, time: number | null, times: PushTimes, now: number): string | null {
  if (lastPush === null) return null;
  const unknown = `it may have been pushed after ${of} ended`;
  if (time === null) return `${unknown} (its push time is unknown)`;
  if (time > lastPush) {
    return `it was pushed ${formatAge(time - lastPush + LATE_PUSH_MS)} after ${of} ended`;
  }
  if (times.tags !== null) return null;
  // The time is that of the image, which may be older than its tag. A builder can write any creation time.
  if (times.createdAt !== null) {
    const isPossible = firstPush === null ? now <= lastPush : time >= firstPush;
    return isPossible ? null : `${unknown} (its creation time does not fit)`;
  }
  const mayBeMoved = now > lastPush && firstPush !== null && time < firstPush;
  return mayBeMoved ? `${unknown} (its image is older)` : null;
}
