import { formatSetting } from "../format.ts";
import { describeRule } from "../plan/retention.ts";
import type { Settings } from "../settings.ts";
import type { RunResult } from "./result.ts";

/**
 * Returns the inputs by name, as the report file shows them. Without credentials, and of `gc-command` only the program: its
 * arguments may contain a secret that is not an input.
 */
export function describeSettings(settings: Settings): RunResult["settings"] {
  const { github, protectDigests, gcCommand } = settings;
  return {
    registry: settings.registry.name,
    provider: settings.registry.provider,
    "repository-pattern": settings.repositoryPattern,
    "git-repository": github.repository,
    "tag-patterns": settings.tagPatterns,
    "protect-tags": settings.protectTags,
    "protect-digests": [...protectDigests.digests, ...protectDigests.files],
    "protect-apps": settings.protectApps,
    untagged: settings.untagged,
    "unmatched-tags": settings.unmatchedTags,
    superseded: settings.superseded,
    "foreign-repositories": settings.foreignRepositories,
    retention: settings.retention.map(describeRule),
    "remove-stale-tags": settings.removeStaleTags,
    "keep-count": settings.keepCount,
    "grace-period": formatSetting(settings.gracePeriodMs),
    "older-than": formatSetting(settings.olderThanMs),
    scope: settings.scope,
    validate: settings.validate,
    "max-deletions": settings.maxDeletions,
    "dry-run": settings.dryRun,
    "run-gc": settings.runGc,
    "gc-type": settings.gcType,
    "gc-command": gcCommand[0] ?? "",
    "gc-timeout": formatSetting(settings.gcTimeoutMs),
    "api-url": settings.apiUrl.href,
    concurrency: settings.concurrency,
  };
}
