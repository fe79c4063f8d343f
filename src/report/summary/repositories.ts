import { counted, formatCount } from "../format.ts";
import type { RunResult } from "../result.ts";
import { type Tally, totalOf } from "../tally.ts";
import type { Section } from "./budget.ts";
import type { Planned } from "./deletions.ts";
import { bytesMarkup, code, row, sentence, tableHead } from "./markup.ts";

/** Repositories in which nothing was to do are one row together, where there are more than these. */
const MOST_IDLE = 5;

/** One row a repository, those with most to tell first, and a last one with the sums. */
export function repositorySection(result: RunResult, all: readonly Planned[]): Section {
  const rows = [...all].sort((a, b) => weight(b) - weight(a));
  const idle = rows.filter((planned) => weight(planned) === 0);
  const shown = idle.length > MOST_IDLE ? rows.slice(0, rows.length - idle.length) : rows;
  const rest = idle.length > MOST_IDLE ? idleRow(idle) : "";
  const sum = all.length > 1 ? numbersRow("<b>all</b>", totalOf(all.map(({ tally }) => tally)), "") : "";
  return {
    head: tableHead("Repository", result.dryRun ? " Would delete" : " Deleted", " Failed", " Kept", " Size", ""),
    count: shown.length,
    row: (index) => repositoryRow(shown[index], result),
    tail: (leftOut) =>
      `${leftOut === 0 ? "" : row(`<i>${counted(leftOut, "more repository", "more repositories")}</i>`, "", "", "", "", "in the report file")}${rest}${sum}\n`,
  };
}

function weight({ repository, tally, manifests }: Planned): number {
  return (repository.error === null ? 0 : 1e12) + tally.failed * 1e6 + manifests.length;
}

function repositoryRow(planned: Planned | undefined, { repositoryUrl }: RunResult): string {
  if (planned === undefined) return "";
  const { repository, tally } = planned;
  return numbersRow(
    code(repository.name),
    tally,
    repository.error === null ? noteOf(planned) : `❌ ${sentence(repository.error, repositoryUrl, 160)}`,
  );
}

function noteOf({ tally, manifests }: Planned): string {
  const spared = manifests.length - tally.deleted - tally.gone - tally.failed;
  const parts = [
    tally.gone > 0 && `${formatCount(tally.gone)} gone before`,
    spared > 0 && `${formatCount(spared)} spared`,
  ];
  return parts.filter((part) => part !== false).join(", ");
}

function idleRow(idle: readonly Planned[]): string {
  const name = `<i>${counted(idle.length, "repository", "repositories")} with nothing to delete</i>`;
  return numbersRow(name, totalOf(idle.map(({ tally }) => tally)), "");
}

function numbersRow(name: string, { deleted, failed, kept, bytes }: Tally, note: string): string {
  const freed = deleted === 0 ? "" : bytesMarkup(bytes);
  const some = (count: number): string => (count === 0 ? "0" : `<b>${formatCount(count)}</b>`);
  return row(name, some(deleted), some(failed), formatCount(kept), freed, note);
}
