import { formatBytes, formatCount, shortDigest } from "../../format.ts";
import { escapeInline, escapeMarkup, oneLine } from "../escape.ts";
import type { Bytes } from "../tally.ts";

/** Tags shown for one manifest; it can have thousands. */
const MOST_TAGS = 6;

/** Longest sentence in UTF-16 code units. */
const SENTENCE_LENGTH = 1_000;

/** A row of a GFM table. */
export function row(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |\n`;
}

/** Head of a GFM table; a title that begins with a blank is a number's, aligned to the right. */
export function tableHead(...titles: readonly string[]): string {
  return `${row(...titles.map((title) => title.trim()))}|${titles.map((title) => (title.startsWith(" ") ? "--:" : ":--")).join("|")}|\n`;
}

/** Text from outside in the typeface of code: nothing in it becomes a mention or a link. */
export function code(text: string, max?: number): string {
  return `<code>${escapeInline(oneLine(text, max))}</code>`;
}

/** A digest in short, whole where the pointer rests on it. */
export function digestMarkup(digest: string): string {
  return `<code title="${escapeInline(oneLine(digest))}">${escapeInline(oneLine(shortDigest(digest)))}</code>`;
}

export function tagsMarkup(tags: readonly string[]): string {
  if (tags.length === 0) return "<i>untagged</i>";
  const shown = tags.slice(0, MOST_TAGS).map((tag) => code(tag, 80));
  const rest = tags.length - shown.length;
  return rest === 0 ? shown.join(" ") : `${shown.join(" ")} and ${formatCount(rest)} more`;
}

const PULL_REQUEST_OR_CODE = /(pull request #\d{1,10}(?!\d)|`[^`]{1,80}`)/;

/** An address that needs no escaping, in Markdown or in HTML; any other is not linked to. */
const LINKABLE = /^https?:\/\/[\w.:~%/-]+[\w~]$/;

/** A sentence of the plan or of an error: pull requests linked to where they are, what stands between backticks as code. */
export function sentence(text: string, repositoryUrl: string, max = SENTENCE_LENGTH): string {
  return oneLine(text, max)
    .trim()
    .split(PULL_REQUEST_OR_CODE)
    .map((part, index) => {
      if (index === 0) return part === "" ? "" : `${escapeMarkup(part, max)}${part.endsWith(" ") ? " " : ""}`;
      if (index % 2 === 0) return escapeInline(part);
      if (part.startsWith("`")) return code(part.slice(1, -1));
      const number = part.slice(part.indexOf("#") + 1);
      return LINKABLE.test(repositoryUrl) ? `<a href="${repositoryUrl}/pull/${number}">${part}</a>` : part;
    })
    .join("");
}

/** Keeps what belongs together on one line. */
export function unbroken(text: string): string {
  return text.replaceAll(" ", "\u00a0");
}

export function bytesMarkup(bytes: Bytes | null): string {
  if (bytes === null) return "";
  return bytes.bytes > 0 && bytes.atMost
    ? unbroken(`up to ${formatBytes(bytes.bytes)}`)
    : unbroken(formatBytes(bytes.bytes));
}

/** A foldable part; GitHub reads Markdown inside only after an empty line. */
export function detailsHead(summary: string, state: "open" | "closed"): string {
  return `<details${state === "open" ? " open" : ""}><summary>${summary}</summary>\n\n`;
}

export const DETAILS_TAIL = "\n</details>\n\n";
