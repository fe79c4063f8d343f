import { formatCount } from "../../format.ts";
import { FAULT_TITLES } from "../fault-titles.ts";
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
    return messageBox({
      head: `> [!${first.kind === "interrupted" ? "WARNING" : "CAUTION"}]\n> **${FAULT_TITLES[first.kind]}**\n>\n`,
      lines: boxLines(messages.slice(0, MAX_MESSAGES), gitRepositoryUrl),
      hidden: Math.max(0, messages.length - MAX_MESSAGES),
      foot: remedy === "" ? "" : `>\n> **Fix:** ${remedy}\n`,
    });
  });
}

/** Returns a box with everything to know that does not fail the step. */
export function noticeSection({ notices, repositories, gitRepositoryUrl }: RunResult): Section {
  const messages = [...notices, ...outcomeNotices(repositories).map(({ text }) => text)];
  return messageBox({ head: "> [!NOTE]\n", lines: boxLines(messages, gitRepositoryUrl), hidden: 0, foot: "" });
}

interface Box {
  readonly head: string;
  readonly lines: readonly string[];
  /** Messages that are not in `lines`. */
  readonly hidden: number;
  readonly foot: string;
}

function messageBox({ head, lines, hidden, foot }: Box): Section {
  const note = (count: number): string => (count === 0 ? "" : `> - and ${formatCount(count)} more in the log\n`);
  return { head, rows: lines.map((line) => () => line), tail: (leftOut) => `${note(hidden + leftOut)}${foot}\n` };
}

/** Returns the messages as lines of a box: a list if there are several, with the list of a message below it. */
function boxLines(messages: readonly string[], gitRepositoryUrl: string): readonly string[] {
  const [bullet, nested] = messages.length > 1 ? ["- ", "  - "] : ["", "- "];
  return messages.flatMap((message) =>
    linesOf(withFullStop(message)).map((line, index) => {
      const text = index === 0 ? line : line.replace(/^- /, "");
      // Markdown would make a heading of the line above a dash alone.
      const markup = sentence(text, gitRepositoryUrl, LINE_LENGTH) || "no further details";
      return `> ${index === 0 ? bullet : nested}${markup}\n`;
    }),
  );
}
