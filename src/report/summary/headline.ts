import { counted, formatBytes, formatCount, formatDuration } from "../../format.ts";
import type { Counts } from "../counts.ts";
import type { RunResult } from "../result.ts";
import { bytesMarkup, code, imageCount, sentence } from "./markup.ts";

const DRY_RUN_NOTE = "> [!NOTE]\n> This is a dry run: nothing was deleted, and no garbage collection was started.\n\n";

/** Returns the result in one line, and a line of facts. */
export function headline(result: RunResult, total: Counts): string {
  const { registry, repositories, startedAt, finishedAt } = result;
  const facts = [
    // Empty if the inputs are invalid.
    registry !== "" && code(registry),
    counted(repositories.length, "repository", "repositories"),
    `${counted(total.kept.images, "image")} kept`,
    total.gone > 0 && `${formatCount(total.gone)} already gone`,
    total.deferred > 0 && `${formatCount(total.deferred)} deferred`,
    formatDuration(finishedAt - startedAt),
  ];
  const line = facts.filter((fact) => fact !== false).join(" · ");
  return `### ${title(result, total)}\n\n${line}\n\n${result.dryRun ? DRY_RUN_NOTE : ""}`;
}

function title(result: RunResult, { deleted, failed, deferred, freed }: Counts): string {
  const { dryRun, errors, repositories } = result;
  const size = freed === null || freed.bytes === 0 ? "" : `, ${bytesMarkup(freed)}`;
  const deletions = `${imageCount(deleted)}${size}`;
  const failures = failed > 0 ? `, ${formatCount(failed)} failed` : "";
  const hasErrors = errors.length > 0 || failed > 0;
  const isPartial = hasErrors || result.warnings.length + result.loggedWarnings.length > 0 || deferred > 0;
  if (dryRun) {
    return `${isPartial ? "⚠️ " : ""}Dry run: ${deleted.manifests === 0 ? "nothing to delete" : `would delete ${deletions}`}`;
  }
  if (deleted.manifests > 0) return `${isPartial ? "⚠️" : "✔️"} Deleted ${deletions}${failures}`;
  if (hasErrors) return `✖️ Nothing was deleted${failures}`;
  const hasPlan = repositories.some(({ manifests }) => manifests.some(({ decision }) => decision === "delete"));
  return `${isPartial ? "⚠️" : "✔️"} ${hasPlan ? "Nothing was deleted" : "Nothing to delete"}`;
}

/** Returns the result of the garbage collection in one line; nothing if there was none. */
export function collectionLine({ garbageCollection, gitRepositoryUrl }: RunResult): string {
  const { status, freedBytes, blobsDeleted, note } = garbageCollection;
  if (status === "not-started") return "";
  const details = note === "" ? "" : `: ${sentence(note, gitRepositoryUrl, 500)}`;
  if (status !== "succeeded") return `♻️ Garbage collection ${STATUSES[status]}${details}\n\n`;
  const freed = freedBytes === null ? "succeeded" : `freed <b>${formatBytes(freedBytes)}</b>`;
  const blobs = blobsDeleted === null ? "" : ` in ${counted(blobsDeleted, "blob")}`;
  return `♻️ Garbage collection ${freed}${blobs}${details}\n\n`;
}

const STATUSES = {
  started: "was started and is still running",
  failed: "<b>failed</b>",
  "timed-out": "did not finish within <code>gc-timeout</code>",
  unsupported: "was not started",
  skipped: "was not started",
} as const;
