import { counted, formatCount } from "../../format.ts";
import { type Counts, countResults } from "../counts.ts";
import type { RunResult } from "../result.ts";
import type { Section } from "./budget.ts";
import type { PlannedDeletions } from "./deletions.ts";
import { bytesMarkup, code, link, row, sentence, tableHead } from "./markup.ts";

/** If more repositories than these have nothing to delete, they share one row. */
const MAX_UNCHANGED = 5;

interface Line {
  readonly name: string;
  readonly counts: Counts;
  readonly note: string;
}

interface Column {
  readonly title: string;
  /** Default: if a cell is neither empty nor 0. */
  readonly isShown?: boolean;
  cell(line: Line): string;
}

/** Returns a table with one row a repository, errors first, and the totals. Columns without content are left out. */
export function repositorySection(result: RunResult, all: readonly PlannedDeletions[]): Section {
  const sorted = [...all].sort((a, b) => weight(b) - weight(a));
  const unchanged = sorted.filter((planned) => weight(planned) === 0);
  const folded = unchanged.length > MAX_UNCHANGED ? unchanged : [];
  const lines = sorted.slice(0, sorted.length - folded.length).map((planned) => lineOf(planned, result));
  const last: Line[] = [];
  if (folded.length > 0)
    last.push(sharedLine(folded, `${counted(folded.length, "repository", "repositories")} with nothing to delete`));
  if (all.length > 1) last.push({ name: "<b>all</b>", counts: countResults(result.repositories), note: "" });
  const columns = columnsOf(result, [...lines, ...last]);
  const render = (line: Line): string => row(...columns.map(({ cell }) => cell(line)));
  // If no repository has a row of its own, the shared row is the table.
  const body = lines.length === 0 ? last : lines;
  const end = lines.length === 0 ? "" : last.map(render).join("");
  return {
    head: tableHead(...columns.map(({ title }) => title)),
    rows: body.map((line) => () => render(line)),
    tail: (leftOut) => {
      const hidden = sorted.slice(lines.length - leftOut, lines.length);
      const name = `${counted(leftOut, "more repository", "more repositories")}: see the report file`;
      return `${leftOut === 0 ? "" : render(sharedLine(hidden, name))}${end}\n`;
    },
  };
}

function columnsOf({ dryRun }: RunResult, lines: readonly Line[]): readonly Column[] {
  const bold = (count: number): string => (count === 0 ? "0" : `<b>${formatCount(count)}</b>`);
  const columns: readonly Column[] = [
    { title: "Repository", cell: ({ name }) => name },
    {
      title: dryRun ? " Would delete" : " Deleted",
      isShown: lines.some(({ counts }) => counts.deleted.manifests + counts.failed + counts.gone > 0),
      cell: ({ counts }) => bold(counts.deleted.images),
    },
    { title: " Failed", cell: ({ counts }) => bold(counts.failed) },
    { title: " Kept", isShown: true, cell: ({ counts }) => formatCount(counts.kept.images) },
    { title: " Size", cell: ({ counts }) => (counts.deleted.manifests === 0 ? "" : bytesMarkup(counts.freed)) },
    { title: "", cell: ({ note }) => note },
  ];
  return columns.filter(({ isShown, cell }) => isShown ?? lines.some((line) => !["", "0"].includes(cell(line))));
}

/** Orders the rows: errors, then failed deletions, then the number of planned deletions. */
function weight({ repository, counts, manifests }: PlannedDeletions): number {
  return (repository.error === null ? 0 : 1e12) + counts.failed * 1e6 + manifests.length;
}

function lineOf(planned: PlannedDeletions, { gitRepositoryUrl }: RunResult): Line {
  const { repository, counts } = planned;
  const note = repository.error === null ? noteOf(planned) : `✖️ ${sentence(repository.error, gitRepositoryUrl, 160)}`;
  return { name: link(repository.url, code(repository.name)), counts, note };
}

function noteOf({ counts, keptAfterAll }: PlannedDeletions): string {
  const parts = [
    counts.gone > 0 && `${formatCount(counts.gone)} already gone`,
    keptAfterAll > 0 && `${formatCount(keptAfterAll)} changed or refused`,
    counts.deferred > 0 && `${formatCount(counts.deferred)} deferred`,
  ];
  return parts.filter((part) => part !== false).join(", ");
}

function sharedLine(all: readonly PlannedDeletions[], name: string): Line {
  return { name: `<i>${name}</i>`, counts: countResults(all.map(({ repository }) => repository)), note: "" };
}
