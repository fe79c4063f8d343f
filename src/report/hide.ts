import type { RepositoryResult, RunResult } from "./result.ts";

/**
 * A result in which what others said holds no secret. A server can send back what it was sent, and the runner hides secrets
 * in the log alone: not in the summary, the outputs and the report.
 *
 * @param hide replaces every secret in a text
 */
export function withoutSecrets(result: RunResult, hide: (text: string) => string): RunResult {
  const { repositories, garbageCollection, errors, notices } = result;
  return {
    ...result,
    repositories: repositories.map((repository) => hideIn(repository, hide)),
    garbageCollection: { ...garbageCollection, note: hide(garbageCollection.note) },
    errors: errors.map(({ kind, message, remedy }) => ({ kind, message: hide(message), remedy: hide(remedy) })),
    notices: notices.map(hide),
  };
}

function hideIn(repository: RepositoryResult, hide: (text: string) => string): RepositoryResult {
  const { error, manifests, plan } = repository;
  return {
    ...repository,
    error: error === null ? null : hide(error),
    plan: plan && { ...plan, unreadable: plan.unreadable.map((each) => ({ ...each, reason: hide(each.reason) })) },
    // Of 100,000 manifests, next to none has one.
    manifests: manifests.map((each) => (each.error === null ? each : { ...each, error: hide(each.error) })),
  };
}
