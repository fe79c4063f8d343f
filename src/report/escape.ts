import { stripVTControlCharacters } from "node:util";

/** Longest text, in UTF-16 code units, unless the caller sets another limit. */
const TEXT_LENGTH = 200;

/** Longest log line, in UTF-16 code units. */
const LINE_LENGTH = 4_000;

const PLAIN = /^[\x20-\x7e]*$/;
const LINE_BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;

/**
 * Characters that are invisible, or that reorder or hide others: control characters, format characters (bidi controls,
 * zero-width spaces, tag characters), U+2065, which is reserved for one, and lone surrogates. Scripts and emoji need the two
 * joiners.
 */
const INVISIBLE = /[\p{Cc}\p{Cs}\u2065]|(?![\u200c\u200d])\p{Cf}/gu;

/**
 * Returns text from outside as one line of at most `max` UTF-16 code units, without escape sequences. Line breaks become
 * blanks, invisible characters become `�`.
 */
export function oneLine(text: string, max: number = TEXT_LENGTH): string {
  if (text.length <= max && PLAIN.test(text)) return text;
  const bounded = text.slice(0, max * 4);
  const clean = stripVTControlCharacters(bounded).replace(LINE_BREAKS, " ").replace(INVISIBLE, "\u{fffd}");
  return cut(clean.length > max || bounded.length === text.length ? clean : `${clean}…`, max);
}

/** Created when it is first needed: it loads for tens of milliseconds, and next to no text needs it. */
let segmenter: Intl.Segmenter | undefined;

/**
 * Returns `text`, or its beginning and `…`, with at most `max` UTF-16 code units. It is cut between graphemes, or between code
 * points if a single grapheme is longer.
 */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const start = text.slice(0, max + 1);
  if (PLAIN.test(start)) return `${start.slice(0, max - 1)}…`;
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  const graphemes = Array.from(segmenter.segment(start), ({ segment }) => segment);
  return `${beginning(graphemes, max - 1) || beginning(start, max - 1)}…`;
}

/** Returns as many of the first parts as fit in `max` UTF-16 code units. */
function beginning(parts: Iterable<string>, max: number): string {
  let text = "";
  for (const part of parts) {
    if (text.length + part.length > max) break;
    text += part;
  }
  return text;
}

/**
 * Returns one log line that the runner takes for no command: it reads `::name::` at the start of a line and `##[name]`
 * anywhere in it (actions/runner, ActionCommand.cs).
 */
export function escapeLog(text: string): string {
  return oneLine(text, LINE_LENGTH)
    .replace(/:(?=:)/g, ": ")
    .replaceAll("##[", "## [");
}

const SPECIAL = /[&<>"'\\`*_[\]|~$@]|:(?=\/\/)|(?<=[wW]{3})\./g;

/** Characters that make a heading, a list or a table of a line that starts with them. */
const LEADING = /^[-+=#\d!:]/;

/**
 * Escapes text for a GitHub-flavoured Markdown cell, paragraph or list entry, for HTML, and for a quoted HTML attribute.
 * Character references serve all of them: Markdown ignores a special character that is written as one (CommonMark 0.31, 2.5),
 * and they cannot split a table row, as a backslash before a bar can.
 */
export function escapeMarkup(text: string, max: number = TEXT_LENGTH): string {
  return escapeInline(oneLine(text, max).trim()).replace(LEADING, reference);
}

/** Escapes a part of a line that is not its beginning. */
export function escapeInline(line: string): string {
  return line.replace(SPECIAL, reference);
}

function reference(character: string): string {
  return `&#${character.codePointAt(0)};`;
}
