import { counted, formatCount } from "../../format.ts";
import type { RunResult } from "../result.ts";
import { type Tally, tallyOfRun, totalOf } from "../tally.ts";
import type { Section } from "./budget.ts";
import type { Planned } from "./deletions.ts";
import { bytesMarkup, code, row, sentence, tableHead } from "./markup.ts";

/** Repositories in which nothing was to do are one row together, where there are more than these. */
const MOST_IDLE = 5;

/** A row before it is known which columns say anything. */
interface Line {
  readonly name: string;
  readonly tally: Tally;
  readonly note: string;
}

interface Column {
  readonly title: string;
  shown(all: readonly Line[]): boolean;
  cell(line: Line): string;
}

/** One row a repository, those with most to tell first, and a last one with the sums. Columns without news are left out. */
export function repositorySection(result: RunResult, all: readonly Planned[]): Section {
  const rows = [...all].sort((a, b) => weight(b) - weight(a));
  const idle = rows.filter((planned) => weight(planned) === 0);
  const folded = idle.length > MOST_IDLE ? idle : [];
  const lines = rows.slice(0, rows.length - folded.length).map((planned) => lineOf(planned, result));
  const last: Line[] = [];
  if (folded.length > 0) last.push(idleLine(folded));
  if (all.length > 1) last.push({ name: "<b>all</b>", tally: tallyOfRun(result), note: "" });
  const columns = columnsOf(result).filter((column) => column.shown([...lines, ...last]));
  const render = (shown: readonly Line[]): string =>
    shown.map((line) => row(...columns.map((column) => column.cell(line)))).join("");
  // With no row of its own left, the folded one still is the table.
  const body = lines.length === 0 ? last : lines;
  const end = lines.length === 0 ? "" : render(last);
  return {
    head: tableHead(...columns.map(({ title }) => title)),
    count: body.length,
    row: (index) => render(body.slice(index, index + 1)),
    tail: (leftOut) =>
      `${leftOut === 0 ? "" : render([moreLine(rows.slice(lines.length - leftOut, lines.length))])}${end}\n`,
  };
}

function columnsOf({ dryRun }: RunResult): readonly Column[] {
  const some = (count: number): string => (count === 0 ? "0" : `<b>${formatCount(count)}</b>`);
  return [
    { title: "Repository", shown: () => true, cell: ({ name }) => name },
    {
      title: dryRun ? " Would delete" : " Deleted",
      shown: (all) => all.some(({ tally }) => tally.deleted + tally.failed + tally.gone > 0),
      cell: ({ tally }) => some(tally.deleted),
    },
    {
      title: " Failed",
      shown: (all) => all.some(({ tally }) => tally.failed > 0),
      cell: ({ tally }) => some(tally.failed),
    },
    { title: " Kept", shown: () => true, cell: ({ tally }) => formatCount(tally.kept) },
    {
      title: " Size",
      shown: (all) => all.some(({ tally }) => tally.deleted > 0 && tally.bytes !== null),
      cell: ({ tally }) => (tally.deleted === 0 ? "" : bytesMarkup(tally.bytes)),
    },
    { title: "", shown: (all) => all.some(({ note }) => note !== ""), cell: ({ note }) => note },
  ];
}

function weight({ repository, tally, manifests }: Planned): number {
  return (repository.error === null ? 0 : 1e12) + tally.failed * 1e6 + manifests.length;
}

function lineOf(planned: Planned, { repositoryUrl }: RunResult): Line {
  const { repository, tally } = planned;
  const note = repository.error === null ? noteOf(planned) : `✖️ ${sentence(repository.error, repositoryUrl, 160)}`;
  return { name: code(repository.name), tally, note };
}

function noteOf({ tally, manifests }: Planned): string {
  const spared = manifests.length - tally.deleted - tally.gone - tally.failed;
  const parts = [
    tally.gone > 0 && `${formatCount(tally.gone)} gone before`,
    spared > 0 && `${formatCount(spared)} spared`,
  ];
  return parts.filter((part) => part !== false).join(", ");
}

function moreLine(more: readonly Planned[]): Line {
  const name = `<i>${counted(more.length, "more repository", "more repositories")}: see the report file</i>`;
  return { name, tally: totalOf(more.map(({ tally }) => tally)), note: "" };
}

function idleLine(idle: readonly Planned[]): Line {
  const name = `<i>${counted(idle.length, "repository", "repositories")} with nothing to delete</i>`;
  return { name, tally: totalOf(idle.map(({ tally }) => tally)), note: "" };
}
