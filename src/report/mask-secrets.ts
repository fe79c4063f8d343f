import type { RepositoryResult, RunResult } from "./result.ts";

/**
 * Returns the result without secrets. A server can send back a secret that it received, and the runner masks secrets only
 * in the log: not in the summary, the outputs and the report file.
 *
 * @param hide replaces every secret in a text
 */
export function maskSecrets(result: RunResult, hide: (text: string) => string): RunResult {
  const { settings, repositories, garbageCollection, errors, notices } = result;
  return {
    ...result,
    settings: Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, maskSetting(value, hide)])),
    repositories: repositories.map((repository) => maskRepository(repository, hide)),
    garbageCollection: { ...garbageCollection, note: hide(garbageCollection.note) },
    errors: errors.map(({ kind, message, remedy }) => ({ kind, message: hide(message), remedy: hide(remedy) })),
    notices: notices.map(hide),
  };
}

type Setting = RunResult["settings"][string];

function maskSetting(value: Setting, hide: (text: string) => string): Setting {
  if (typeof value === "string") return hide(value);
  return typeof value === "object" ? value.map(hide) : value;
}

function maskRepository(repository: RepositoryResult, hide: (text: string) => string): RepositoryResult {
  const { error, manifests, plan } = repository;
  return {
    ...repository,
    error: error === null ? null : hide(error),
    plan: plan && { ...plan, unreadable: plan.unreadable.map((each) => ({ ...each, reason: hide(each.reason) })) },
    manifests: manifests.map((each) => (each.error === null ? each : { ...each, error: hide(each.error) })),
  };
}
