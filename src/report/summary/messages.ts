import { formatCount } from "../../format.ts";
import { faultTitle } from "../fault-titles.ts";
import type { RunResult } from "../result.ts";
import type { Section } from "./budget.ts";
import { sentence } from "./markup.ts";

/** Messages shown of one kind; the log has all. */
const MOST_OF_A_KIND = 5;

type Problem = RunResult["errors"][number];

/** What went wrong and what to do about it: one box for each kind and remedy. */
export function errorSections({ errors, repositoryUrl }: RunResult): readonly Section[] {
  const boxes = new Map<string, [Problem, ...Problem[]]>();
  for (const error of errors) {
    const key = `${error.kind} ${error.remedy}`;
    const box = boxes.get(key);
    if (box === undefined) boxes.set(key, [error]);
    else box.push(error);
  }
  return [...boxes.values()].map((box) => boxOf(box, repositoryUrl));
}

function boxOf(all: readonly [Problem, ...Problem[]], repositoryUrl: string): Section {
  const [{ kind, remedy }] = all;
  const shown = all.slice(0, MOST_OF_A_KIND);
  const remedyText = sentence(remedy, repositoryUrl, 400);
  const todo = remedyText === "" ? "" : `>\n> **What to do:** ${remedyText}\n`;
  return {
    head: `> [!${kind === "interrupted" ? "WARNING" : "CAUTION"}]\n> **${faultTitle(kind)}**\n>\n`,
    count: shown.length,
    row: (index) => `> ${shown.length > 1 ? "- " : ""}${said(shown[index]?.message, repositoryUrl)}\n`,
    tail: (leftOut) => {
      const hidden = all.length - shown.length + leftOut;
      return `${hidden === 0 ? "" : `> - and ${formatCount(hidden)} more in the log\n`}${todo}\n`;
    },
  };
}

/** A message that is never blank: Markdown would make a heading of the line above a lone dash. */
function said(message: string | undefined, repositoryUrl: string): string {
  return sentence(message ?? "", repositoryUrl, 600) || "nothing more is known";
}

/** Things to know that fail nothing. */
export function noticeSection({ notices, repositoryUrl }: RunResult): Section {
  return {
    head: "> [!NOTE]\n",
    count: notices.length,
    row: (index) => `> ${notices.length > 1 ? "- " : ""}${said(notices[index], repositoryUrl)}\n`,
    tail: (leftOut) => `${leftOut === 0 ? "" : `> - and ${formatCount(leftOut)} more in the log\n`}\n`,
  };
}
