import { counted, formatBytes, formatCount, formatDuration } from "../../format.ts";
import type { RunResult } from "../result.ts";
import type { Tally } from "../tally.ts";
import { bytesMarkup, code, sentence } from "./markup.ts";

/** The line that says it all, and one of facts below it. */
export function headline(result: RunResult, total: Tally): string {
  const { registry, repositories, startedAt, finishedAt } = result;
  const facts = [
    // Empty where nothing began.
    registry !== "" && code(registry),
    counted(repositories.length, "repository", "repositories"),
    `${counted(total.kept, "manifest")} ${total.kept === 1 ? "stays" : "stay"}`,
    total.gone > 0 && `${formatCount(total.gone)} gone before`,
    formatDuration(finishedAt - startedAt),
  ];
  return `### ${title(result, total)}\n\n${facts.filter((fact) => fact !== false).join(" · ")}\n\n${dryRunNote(result)}`;
}

function title({ dryRun, errors, repositories }: RunResult, { deleted, failed, bytes }: Tally): string {
  const what = `${counted(deleted, "manifest")}`;
  const size = deleted === 0 || bytes === null || bytes.bytes === 0 ? "" : `, ${bytesMarkup(bytes)}`;
  const failures = failed > 0 ? `, ${formatCount(failed)} failed` : "";
  const wrong = errors.length > 0 || failed > 0;
  if (dryRun) {
    return `${wrong ? "⚠️ " : ""}Dry run: ${deleted === 0 ? "nothing" : what} would be deleted${size}`;
  }
  if (deleted === 0 && wrong) return `✖️ Nothing was deleted${failures}`;
  if (deleted === 0) {
    const planned = repositories.some(({ manifests }) => manifests.some(({ decision }) => decision === "delete"));
    return planned ? "✔️ Nothing was deleted" : "✔️ Nothing to delete";
  }
  return `${wrong ? "⚠️" : "✔️"} ${what} deleted${size}${failures}`;
}

function dryRunNote({ dryRun }: RunResult): string {
  if (!dryRun) return "";
  return "> [!NOTE]\n> This is a dry run: nothing was deleted, and no garbage collection was started.\n\n";
}

/** What the garbage collection came to, on one line; empty where none was asked for. */
export function collectionLine({ garbageCollection, repositoryUrl }: RunResult): string {
  const { status, freedBytes, blobsDeleted, note } = garbageCollection;
  if (status === "not-started") return "";
  const freed = freedBytes === null ? "" : ` freed <b>${formatBytes(freedBytes)}</b>`;
  const blobs = blobsDeleted === null ? "" : ` in ${counted(blobsDeleted, "blob")}`;
  const came = status === "succeeded" ? freed || " succeeded" : ` ${STATUS[status]}`;
  const said = note === "" ? "" : `: ${sentence(note, repositoryUrl, 500)}`;
  return `♻️ Garbage collection${came}${status === "succeeded" ? blobs : ""}${said}\n\n`;
}

const STATUS = {
  started: "was started and goes on by itself",
  succeeded: "succeeded",
  failed: "<b>failed</b>",
  "timed-out": "was not over in time and goes on by itself",
  unsupported: "cannot be started here",
  skipped: "was not started",
} as const satisfies Partial<Record<RunResult["garbageCollection"]["status"], string>>;
