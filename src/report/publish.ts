import type { ActionsLog } from "./actions-log.ts";
import { maskSecrets } from "./mask-secrets.ts";
import { withFullStop } from "./message.ts";
import { outcomeNotices } from "./outcome-notices.ts";
import type { RunResult } from "./result.ts";
import { type ReportFiles, writeReport } from "./write.ts";

/** Writes the result everywhere: annotations, report file, outputs and summary, without secrets. Synchronous. */
export function publishResult(unmasked: RunResult, files: ReportFiles, log: ActionsLog): void {
  const result = maskSecrets(unmasked, log.hide);
  for (const { kind, message, remedy } of result.errors) log.error(kind, `${withFullStop(message)}\n${remedy}`);
  for (const notice of result.notices) log.warn("notice", withFullStop(notice));
  for (const { kind, text } of outcomeNotices(result.repositories)) log.notice(kind, text);
  writeReport(result, files, log);
  log.flush();
}
