import { counted, formatBytes, formatCount, shortDigest } from "../../format.ts";
import type { FreedBytes } from "../../plan/freed-bytes.ts";
import type { ImageCount } from "../counts.ts";
import { escapeInline, escapeMarkup, oneLine } from "../escape.ts";
import type { Section } from "./budget.ts";

/** Tags shown of one manifest. It can have thousands. */
const MAX_TAGS = 6;

/** Longest sentence, in UTF-16 code units. */
const SENTENCE_LENGTH = 1_000;

export function row(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |\n`;
}

/** Returns the head of a GFM table. The column of a title that starts with a blank is aligned to the right, for numbers. */
export function tableHead(...titles: readonly string[]): string {
  const rule = titles.map((title) => (title.startsWith(" ") ? "--:" : ":--")).join("|");
  return `${row(...titles.map((title) => title.trim()))}|${rule}|\n`;
}

/** Returns text from outside as code, so that nothing in it becomes a mention or a link. */
export function code(text: string, max?: number): string {
  return `<code>${escapeInline(oneLine(text, max))}</code>`;
}

/** Returns a short digest with the complete one as its tooltip. */
export function digestMarkup(digest: string): string {
  return `<code title="${escapeInline(oneLine(digest))}">${escapeInline(oneLine(shortDigest(digest)))}</code>`;
}

export function tagsMarkup(tags: readonly string[]): string {
  if (tags.length === 0) return "<i>untagged</i>";
  const shown = tags.slice(0, MAX_TAGS).map((tag) => code(tag, 80));
  const rest = tags.length - shown.length;
  return rest === 0 ? shown.join(" ") : `${shown.join(" ")} and ${formatCount(rest)} more`;
}

const PULL_REQUEST_OR_CODE = /(pull request #\d{1,10}(?!\d)|`[^`]{1,80}`)/;

/** Addresses that need no escaping in Markdown and HTML. No other address is linked. */
const LINKABLE = /^https?:\/\/[\w.:~%/-]+[\w~]$/;

/** Returns a link, or only `markup` if the address is not safe. */
export function link(url: string | null, markup: string): string {
  return url !== null && LINKABLE.test(url) ? `<a href="${url}">${markup}</a>` : markup;
}

/** Returns a sentence of the plan or an error, with links to pull requests, and with text between backticks as code. */
export function sentence(text: string, gitRepositoryUrl: string, max = SENTENCE_LENGTH): string {
  return oneLine(text, max)
    .trim()
    .split(PULL_REQUEST_OR_CODE)
    .map((part, index) => {
      if (index === 0) return part === "" ? "" : `${escapeMarkup(part, max)}${part.endsWith(" ") ? " " : ""}`;
      if (index % 2 === 0) return escapeInline(part);
      if (part.startsWith("`")) return code(part.slice(1, -1));
      return link(`${gitRepositoryUrl}/pull/${part.slice(part.indexOf("#") + 1)}`, part);
    })
    .join("");
}

/** Returns text that does not wrap. */
export function unbroken(text: string): string {
  return text.replaceAll(" ", "\u00a0");
}

/** Returns a size; `up to 3.4 GiB` if it is an upper limit, nothing if it is unknown. */
export function bytesMarkup(freed: FreedBytes | null): string {
  if (freed === null) return "";
  return unbroken(freed.bytes > 0 && !freed.exact ? `up to ${formatBytes(freed.bytes)}` : formatBytes(freed.bytes));
}

/** Returns `186 images (412 manifests)`, or only one of the two if that says it all. */
export function imageCount({ images, manifests }: ImageCount): string {
  if (images === 0 && manifests > 0) return counted(manifests, "manifest");
  return images === manifests
    ? counted(images, "image")
    : `${counted(images, "image")} (${counted(manifests, "manifest")})`;
}

export interface Table<T> {
  readonly title: string;
  readonly state: "open" | "closed";
  readonly columns: readonly string[];
  readonly items: readonly T[];
  cells(item: T): readonly string[];
  /** Follows the number of rows that are left out. */
  readonly leftOutNote: string;
}

/** Returns a foldable table. GitHub reads Markdown in it only after an empty line. */
export function foldableTable<T>({ title, state, columns, items, cells, leftOutNote }: Table<T>): Section {
  const open = state === "open" ? " open" : "";
  const note = (leftOut: number): string =>
    `\n<i>${formatCount(leftOut)} of these ${formatCount(items.length)} rows are left out.${leftOutNote}</i>\n`;
  return {
    head: `<details${open}><summary>${title}</summary>\n\n${tableHead(...columns)}`,
    rows: items.map((item) => () => row(...cells(item))),
    tail: (leftOut) => `${leftOut === 0 ? "" : note(leftOut)}\n</details>\n\n`,
  };
}
