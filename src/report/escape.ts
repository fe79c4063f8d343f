import { stripVTControlCharacters } from "node:util";

/** Longest text in UTF-16 code units, where a caller sets no other limit. */
const SANE_LENGTH = 200;

/** Longest log line in UTF-16 code units. */
const LINE_LENGTH = 4_000;

const PLAIN = /^[\x20-\x7e]*$/;
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;

/**
 * What a reader cannot see, and what can reorder or hide what he does see: control characters, format characters (bidi
 * controls, zero-width spaces, tag characters), U+2065, which is kept free for one, and lone surrogates. The two joiners
 * stay, as scripts and emoji need them.
 */
const INVISIBLE = /[\p{Cc}\p{Cs}\u2065]|(?![\u200c\u200d])\p{Cf}/gu;

/** Text from outside on one line: escape sequences dropped, line breaks made blanks, invisible characters made `�`, cut to `max`. */
export function oneLine(text: string, max: number = SANE_LENGTH): string {
  if (text.length <= max && PLAIN.test(text)) return text;
  const bounded = text.slice(0, max * 4);
  const clean = stripVTControlCharacters(bounded).replace(BREAKS, " ").replace(INVISIBLE, "\u{fffd}");
  return cut(clean.length > max || bounded.length === text.length ? clean : `${clean}…`, max);
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * `text`, or its beginning and `…`: at most `max` UTF-16 code units, cut between graphemes, or between code points where one
 * grapheme alone is longer.
 */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  let end = 0;
  for (const { segment } of graphemes.segment(text.slice(0, max + 1))) {
    if (end + segment.length > max - 1) break;
    end += segment.length;
  }
  if (end === 0) {
    for (const point of text.slice(0, max)) {
      if (end + point.length > max - 1) break;
      end += point.length;
    }
  }
  return `${text.slice(0, end)}…`;
}

/**
 * One log line that the runner takes for no command. It reads `::name::` at the start of a line and `##[name]` anywhere in
 * it (actions/runner, ActionCommand.cs), and `core.info` writes as it is told.
 */
export function escapeLog(text: string, max: number = LINE_LENGTH): string {
  return oneLine(text, max)
    .replace(/:(?=:)/g, ": ")
    .replaceAll("##[", "## [");
}

const SPECIAL = /[&<>"'\\`*_[\]|~$@]|:(?=\/\/)|(?<=www)\./giu;

/** What at the beginning of a line would make it a heading, a list, or the rule of a table. */
const LEADING = /^[-+=#\d!:]/;

/**
 * Text for a GitHub-flavoured Markdown cell, paragraph or list entry, for HTML text, and for a quoted HTML attribute. Character
 * references serve all of them: Markdown gives no meaning to a character that is written as one (CommonMark 0.31, 2.5), and
 * they cannot split a table row, as a backslash before a bar can.
 */
export function escapeMarkup(text: string, max: number = SANE_LENGTH): string {
  return escapeInline(oneLine(text, max).trim()).replace(LEADING, reference);
}

/** The same for a part of a text of one line that does not stand at its beginning. */
export function escapeInline(line: string): string {
  return line.replace(SPECIAL, reference);
}

function reference(character: string): string {
  return `&#${character.codePointAt(0)};`;
}

/** A label in a Mermaid diagram: letters, digits and what names are made of; anything else could be its syntax. */
export function escapeMermaid(text: string, max = 40): string {
  const label = oneLine(text, max).replace(/[^\p{L}\p{N} .,_/@()+-]/gu, "_");
  return label.trim() === "" ? "_" : label;
}
