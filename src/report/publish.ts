import type { ActionsLog } from "./actions-log.ts";
import { withFullStop } from "./message.ts";
import { outcomeNotices } from "./outcome-notices.ts";
import type { RepositoryResult, RunResult } from "./result.ts";
import { writeReport } from "./write.ts";

/** Writes the result everywhere: annotations, report file, outputs and summary, without secrets. Synchronous. */
export function publishResult(unmasked: RunResult, environment: NodeJS.ProcessEnv, log: ActionsLog): void {
  const result = maskSecrets(unmasked, log.hide);
  for (const { kind, message, remedy } of result.errors) log.error(kind, `${withFullStop(message)}\n${remedy}`);
  for (const [index, warning] of result.warnings.entries()) log.warn(`warning ${index}`, withFullStop(warning));
  for (const [index, notice] of result.notices.entries()) log.notice(`notice ${index}`, withFullStop(notice));
  for (const { kind, text } of outcomeNotices(result.repositories)) {
    if (kind === "deferred") log.warn(kind, text);
    else log.notice(kind, text);
  }
  writeReport(result, environment, log);
  log.flush();
}

/** A server can send back a secret that it received, and the runner masks secrets only in the log, not in files. */
function maskSecrets(result: RunResult, hide: (text: string) => string): RunResult {
  const { settings, repositories, garbageCollection, errors, warnings, loggedWarnings, notices } = result;
  return {
    ...result,
    settings: Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, maskSetting(value, hide)])),
    repositories: repositories.map((repository) => maskRepository(repository, hide)),
    garbageCollection: { ...garbageCollection, note: hide(garbageCollection.note) },
    errors: errors.map(({ kind, message, remedy }) => ({ kind, message: hide(message), remedy: hide(remedy) })),
    warnings: warnings.map(hide),
    loggedWarnings: loggedWarnings.map(hide),
    notices: notices.map(hide),
  };
}

type Setting = RunResult["settings"][string];

function maskSetting(value: Setting, hide: (text: string) => string): Setting {
  if (typeof value === "string") return hide(value);
  return typeof value === "object" ? value.map(hide) : value;
}

function maskRepository(repository: RepositoryResult, hide: (text: string) => string): RepositoryResult {
  const { error, manifests, plan, unreadable } = repository;
  return {
    ...repository,
    error: error === null ? null : hide(error),
    unreadable: unreadable.map((each) => ({ ...each, reason: hide(each.reason) })),
    plan: plan && { ...plan, unreadable: plan.unreadable.map((each) => ({ ...each, reason: hide(each.reason) })) },
    manifests: manifests.map((each) => (each.error === null ? each : { ...each, error: hide(each.error) })),
  };
}
