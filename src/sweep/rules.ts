import { Fault } from "../fault.ts";
import { counted } from "../format.ts";
import { isImage, type Rules } from "../plan/plan.ts";
import { compileRetention } from "../plan/retention.ts";
import type { Capabilities } from "../registry/capabilities.ts";
import type { RepositoryNames } from "../registry/registry.ts";
import type { Settings } from "../settings.ts";
import { branchName, pullRequestName } from "../tags/gone.ts";
import type { PlannedRepository } from "./plan-repository.ts";

/** Returns the rules of a run's plans. */
export function rulesOf(settings: Settings, { keepsLastTagged }: Capabilities, now: number): Rules {
  const { untagged, unmatchedTags, superseded, keepCount, gracePeriodMs, olderThanMs } = settings;
  return {
    ...{ untagged, unmatchedTags, superseded, keepCount, gracePeriodMs, olderThanMs, keepsLastTagged, now },
    retentionOf: compileRetention(settings.retention),
    scope: scopeOf(settings),
  };
}

function scopeOf({ scope, event, deletedBranch }: Settings): string | null {
  if (scope === "repository") return null;
  if (scope === "pull-request" && event !== null) return pullRequestName(event.number);
  if (scope === "branch" && deletedBranch !== null) return branchName(deletedBranch);
  throw new TypeError(`The scope ${scope} has no event`);
}

/** Throws Fault `registry` if no repository matches `repository-pattern`, although there are some. */
export function requireMatch({ repositoryPattern }: Settings, { matching, existing }: RepositoryNames): void {
  if (matching.length > 0 || existing.length === 0) return;
  throw new Fault(
    "registry",
    `No repository matches \`repository-pattern\` (${repositoryPattern.join(", ")})`,
    `Change \`repository-pattern\`. These repositories exist: ${existing.join(", ")}.`,
  );
}

/** Throws Fault `limit` if the plans together delete more images than `max-deletions`. */
export function requireAllowedNumber({ maxDeletions }: Settings, plans: readonly PlannedRepository[]): void {
  const deleted = plans.flatMap(({ plan }) => plan.decisions.filter(({ decision }) => decision === "delete"));
  const images = deleted.filter(isImage).length;
  if (maxDeletions === 0 || images <= maxDeletions) return;
  throw new Fault(
    "limit",
    `${counted(images, "image")} would be deleted, more than \`max-deletions: ${maxDeletions}\`. Nothing was deleted`,
    "Check the reasons in the summary. If they are right, raise `max-deletions`.",
  );
}
