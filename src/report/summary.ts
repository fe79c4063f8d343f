import { counted, formatCount } from "../format.ts";
import { type Counts, countResults } from "./counts.ts";
import type { RunResult } from "./result.ts";
import { type Fitted, fitSections, type Section } from "./summary/budget.ts";
import { deletionSections, plannedDeletions } from "./summary/deletions.ts";
import { findingSections } from "./summary/findings.ts";
import { footer } from "./summary/footer.ts";
import { collectionLine, headline } from "./summary/headline.ts";
import { keptTable } from "./summary/kept.ts";
import { errorSections, noticeSection, warningSection } from "./summary/messages.ts";
import { repositorySection } from "./summary/repositories.ts";

/** A step's summary holds 1 MiB. If it is one byte longer, GitHub drops all of it. */
const BUDGET_BYTES = 900 * 1024;

/** Bytes reserved for the heading of the deletions. */
const HEADING_BYTES = 400;

/**
 * Returns the job summary as GitHub-flavoured Markdown: result, errors with their fixes, every deletion with its reason, and
 * the reasons of kept images. It has at most `budgetBytes` of UTF-8, which must be at least 24 KiB. Errors, notices and
 * repositories may use a part of it; the deletions share the rest, then the other findings. It states how many rows are left
 * out.
 */
export function renderSummary(result: RunResult, budgetBytes: number = BUDGET_BYTES): string {
  const planned = result.repositories.map(plannedDeletions);
  const total = countResults(result.repositories);
  const top = headline(result, total);
  const collection = collectionLine(result);
  const end = `${keptTable(result)}${footer(result, total)}`;
  let room = budgetBytes - Buffer.byteLength(top + collection + end) - HEADING_BYTES;
  const show = (sections: readonly Section[], budget: number): Fitted => {
    const fitted = fitSections(sections, budget);
    room -= fitted.bytes;
    return fitted;
  };
  const errors = show(errorSections(result), room / 8);
  const warnings = show([warningSection(result)], room / 8);
  const notices = show([noticeSection(result)], room / 8);
  const repositories = show([repositorySection(result, planned)], room / 4);
  const deletions = show(deletionSections(result, planned), room);
  const findings = show(findingSections(result), room);
  return [
    top,
    errors.text,
    warnings.text,
    repositories.text,
    collection,
    notices.text,
    deletionsHeading(result, deletions, total),
    deletions.text,
    findings.shown === 0 ? "" : `#### Also found\n\n${findings.text}`,
    end,
  ].join("");
}

function deletionsHeading({ dryRun }: RunResult, { shown, leftOut }: Fitted, { deleted }: Counts): string {
  if (shown + leftOut === 0) return "";
  const title = deleted.manifests === 0 ? "Planned deletions" : dryRun ? "Would be deleted" : "Deleted images";
  const note =
    leftOut === 0
      ? ""
      : `> [!NOTE]\n> GitHub limits the size of a summary: ${formatCount(shown)} of ${counted(shown + leftOut, "row")} are shown, and ${formatCount(leftOut)} are left out. The report file (output \`report\`) has all rows.\n\n`;
  return `#### ${title}\n\n${note}`;
}
