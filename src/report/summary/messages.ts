import { formatCount } from "../../format.ts";
import { FAULT_TITLES } from "../faults.ts";
import { linesOf, withFullStop } from "../message.ts";
import { outcomeNotices } from "../outcome-notices.ts";
import type { RunResult } from "../result.ts";
import type { Section } from "./budget.ts";
import { sentence } from "./markup.ts";

/** Messages shown of one kind. The log has all. */
const MAX_MESSAGES = 5;

/** Longest line of a message, in UTF-16 code units. */
const LINE_LENGTH = 600;

/** Returns a box for each kind of error and remedy. */
export function errorSections({ errors, gitRepositoryUrl }: RunResult): readonly Section[] {
  const boxes = new Map<string, { readonly first: RunResult["errors"][number]; readonly messages: string[] }>();
  for (const error of errors) {
    const key = `${error.kind} ${error.remedy}`;
    const box = boxes.get(key) ?? { first: error, messages: [] };
    boxes.set(key, box);
    box.messages.push(error.message);
  }
  return [...boxes.values()].map(({ first, messages }) => {
    const remedy = sentence(first.remedy, gitRepositoryUrl, 400);
    const fix = remedy === "" ? "" : `>\n> **Fix:** ${remedy}\n`;
    const hidden = Math.max(0, messages.length - MAX_MESSAGES);
    return {
      head: `> [!${first.kind === "interrupted" ? "WARNING" : "CAUTION"}]\n> **${FAULT_TITLES[first.kind]}**\n>\n`,
      rows: boxRows(messages.slice(0, MAX_MESSAGES), gitRepositoryUrl),
      tail: (leftOut) => `${moreNote(hidden + leftOut)}${fix}\n`,
    };
  });
}

/** Returns a yellow box with everything to act on that does not fail the step, such as deferred deletions. */
export function warningSection(result: RunResult): Section {
  const { warnings, loggedWarnings, repositories, gitRepositoryUrl } = result;
  const deferred = outcomeNotices(repositories).filter(({ kind }) => kind === "deferred");
  return box("WARNING", [...loggedWarnings, ...warnings, ...deferred.map(({ text }) => text)], gitRepositoryUrl);
}

/** Returns a blue box with everything to know, such as deletions that the registry refused. */
export function noticeSection({ notices, repositories, gitRepositoryUrl }: RunResult): Section {
  const refused = outcomeNotices(repositories).filter(({ kind }) => kind === "refused");
  return box("NOTE", [...notices, ...refused.map(({ text }) => text)], gitRepositoryUrl);
}

function box(level: "WARNING" | "NOTE", messages: readonly string[], gitRepositoryUrl: string): Section {
  return {
    head: `> [!${level}]\n`,
    rows: boxRows(messages, gitRepositoryUrl),
    tail: (leftOut) => `${moreNote(leftOut)}\n`,
  };
}

function moreNote(count: number): string {
  return count === 0 ? "" : `> - and ${formatCount(count)} more in the log\n`;
}

/** Returns messages as rows of a box: a list if there are several, with the list of a message below it. */
function boxRows(messages: readonly string[], gitRepositoryUrl: string): Section["rows"] {
  const [bullet, nested] = messages.length > 1 ? ["- ", "  - "] : ["", "- "];
  return messages.flatMap((message) =>
    linesOf(withFullStop(message)).map((line, index) => {
      const text = index === 0 ? line : line.replace(/^- /, "");
      // Markdown would make a heading of the line above a dash alone.
      const markup = sentence(text, gitRepositoryUrl, LINE_LENGTH) || "no further details";
      return () => `> ${index === 0 ? bullet : nested}${markup}\n`;
    }),
  );
}
