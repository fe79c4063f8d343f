import type { Digest } from "../digest.ts";
import { LATE_PUSH_MS } from "../refs/refs.ts";
import { pushTime } from "./orphans.ts";
import type { TagStatus, RepositoryView } from "./view.ts";
import { age } from "./words.ts";

/** What the refs say of each image tag, held against the push of its manifest. */
export interface TimelyStatuses {
  readonly statuses: ReadonlyMap<string, TagStatus>;
  /** Manifests of which a tag is dead only if they were pushed early enough, and whose time was not asked for yet. */
  readonly untimed: ReadonlySet<Digest>;
}

/**
 * A deleted branch speaks of what was pushed while its pull request was open, and shortly after: years later, the tag
 * `production` is not that of a branch `production` that was merged once. Where no time can be trusted, its word stands.
 */
export function inTime(view: Pick<RepositoryView, "listed" | "times">, statuses: ReadonlyMap<string, TagStatus>): TimelyStatuses {
  const late = new Map<string, TagStatus>();
  const untimed = new Set<Digest>();
  for (const { digest, tags } of view.listed) {
    for (const tag of tags) {
      const fate = statuses.get(tag);
      if (fate?.status !== "orphaned" || fate.lastPush === null) continue;
      const time = pushTime(view.times, digest);
      if (time === undefined) untimed.add(digest);
      if (typeof time !== "number" || time <= fate.lastPush) continue;
      const after = age(time - fate.lastPush + LATE_PUSH_MS);
      late.set(tag, {
        status: "unmatched",
        reason: `no known ref: pushed ${after} after pull request #${fate.pullRequest} ended`,
      });
    }
  }
  return { statuses: late.size === 0 ? statuses : new Map([...statuses, ...late]), untimed };
}
