import { counted, formatCount } from "../format.ts";
import type { RunResult } from "./result.ts";
import { byteLength, type Fitted, shareOut } from "./summary/budget.ts";
import { deletionSections, plannedOf } from "./summary/deletions.ts";
import { findingSections } from "./summary/findings.ts";
import { footer, pie } from "./summary/footer.ts";
import { collectionLine, headline } from "./summary/headline.ts";
import { keptGroups, keptTable } from "./summary/kept.ts";
import { noticeSection, errorSections } from "./summary/messages.ts";
import { repositorySection } from "./summary/repositories.ts";
import { tallyOf, tallyOfRun } from "./tally.ts";

/** A step's summary holds 1 MiB; one byte more, and GitHub drops all of it. */
const BUDGET_BYTES = 900 * 1024;

/** Bytes held back for the heading of the deletions. */
const HEADING_BYTES = 400;

/**
 * The job summary as GitHub-flavoured Markdown: what was done first, then what went wrong and what to do, then every deletion
 * with its reason. It takes at most `budgetBytes` of UTF-8, of which it needs at least 24 KiB: errors, repositories and
 * notices may use a part of it, deletions what is left, shared out between the repositories, other findings what those leave.
 * It says how many rows that leaves out.
 */
export function renderSummary(result: RunResult, budgetBytes: number = BUDGET_BYTES): string {
  const all = result.repositories.map((repository) => plannedOf(repository, tallyOf(repository)));
  const total = tallyOfRun(result);
  const groups = keptGroups(result);
  const top = headline(result, total);
  const collection = collectionLine(result);
  const end = `${keptTable(groups)}${pie(total, groups, result)}${footer(result, total)}`;
  let room = budgetBytes - byteLength(top + collection + end) - HEADING_BYTES;
  const take = (fitted: Fitted): Fitted => {
    room -= fitted.bytes;
    return fitted;
  };
  const errors = take(shareOut(errorSections(result), room / 8));
  const notices = take(shareOut([noticeSection(result)], room / 8));
  const repositories = take(shareOut([repositorySection(result, all)], room / 4));
  const deletions = take(shareOut(deletionSections(result, all), room));
  const findings = take(shareOut(findingSections(result), room));
  return [
    top,
    errors.text,
    repositories.text,
    collection,
    notices.text,
    deletionsHeading(result, deletions, total.deleted),
    deletions.text,
    findings.shown === 0 ? "" : `#### Also found\n\n${findings.text}`,
    end,
  ].join("");
}

function deletionsHeading({ dryRun }: RunResult, { shown, leftOut }: Fitted, deleted: number): string {
  if (shown + leftOut === 0) return "";
  const what = dryRun
    ? "What would be deleted, and why"
    : deleted > 0
      ? "What was deleted, and why"
      : "What was planned, and why";
  const note =
    leftOut === 0
      ? ""
      : `> [!NOTE]\n> A summary holds 1 MiB: ${formatCount(shown)} of ${counted(shown + leftOut, "row")} are shown here, and ${formatCount(leftOut)} are left out. The report file holds all (output \`report\`).\n\n`;
  return `#### ${what}\n\n${note}`;
}
