import { LONGEST_TAG } from "./slugs.ts";

/** Literal text of a pattern, which may be empty, and the wildcard after it. */
interface PatternPart {
  readonly text: string;
  readonly lowerText: string;
  /** Null: the end of the pattern. */
  readonly wildcard: Placeholder | { readonly kind: "any" } | null;
}

export interface Placeholder {
  readonly kind: "branch" | "tag" | "version" | "pr" | "sha";
  /** As written: `{branch}`. `{major}.{minor}` is one placeholder, because one Git tag fills both. */
  readonly source: string;
  /** Whether no text separates it from what is before it, and from what is after it. */
  readonly joinedBefore: boolean;
  readonly joinedAfter: boolean;
  /** Whether `*` is directly before it or after it. */
  readonly nextToAny: boolean;
}

/** A compiled entry of the input `tag-patterns`. */
export type TagPattern = readonly PatternPart[];

export type TagPatterns = readonly TagPattern[];

/** A pattern that cannot be used. `position` counts characters from 1. */
export class TagPatternError extends Error {
  constructor(pattern: string, position: number, problem: string) {
    super(`tag pattern "${pattern}", character ${position}: ${problem}`);
    this.name = "TagPatternError";
  }
}

/** As written: the last path segment of a branch. */
export const LAST_SEGMENT = "{branch:last}";
const PLACEHOLDERS = "{branch}, {branch:last}, {tag}, {version}, {major}, {minor}, {pr}, {sha}";
/** With three, a tag of 128 characters has at most 8,385 readings. */
const MOST_WILDCARDS = 3;
const LONGEST_PATTERN = 2 * LONGEST_TAG;

// Version placeholders with only text between them are one token: 1.5 is no tag of v1.2.0 and v2.5.0.
const TOKEN = /\{(?:version|major|minor)\}(?:[\w.-]*\{(?:version|major|minor)\})*|\{[^{}]*\}|\*+|[\w.-]+|./gsu;

interface Token {
  readonly kind: Placeholder["kind"] | "any";
  readonly source: string;
}

/** Reads the input `tag-patterns`. Throws TagPatternError for the first pattern that cannot be used. */
export function compileTagPatterns(patterns: readonly string[]): TagPatterns {
  return patterns.map(compile);
}

function compile(source: string): TagPattern {
  if (source.length > LONGEST_PATTERN) {
    throw new TagPatternError(source, LONGEST_PATTERN + 1, `it is longer than ${LONGEST_PATTERN} characters`);
  }
  const texts = [""];
  const tokens: Token[] = [];
  for (const { 0: token, index } of source.matchAll(TOKEN)) {
    const kind = kindOf(token);
    if (kind === null) throw new TagPatternError(source, index + 1, problemOf(token, source[index + 1]));
    if (kind === "text") texts[tokens.length] = token;
    else {
      tokens.push({ kind, source: token });
      texts.push("");
    }
  }
  checkTokens(source, tokens);
  return texts.map((text, index) => ({
    text,
    lowerText: text.toLowerCase(),
    wildcard: wildcardOf(tokens, texts, index),
  }));
}

function kindOf(token: string): Token["kind"] | "text" | null {
  if (token === LAST_SEGMENT) return "branch";
  const [, name] = /^\{(\w+)\}/.exec(token) ?? [];
  if (name === "branch" || name === "tag" || name === "pr" || name === "sha") return name;
  if (name === "version" || name === "major" || name === "minor") return "version";
  if (token.startsWith("*")) return "any";
  return /^[\w.-]/.test(token) ? "text" : null;
}

function wildcardOf(tokens: readonly Token[], texts: readonly string[], index: number): PatternPart["wildcard"] {
  const token = tokens[index];
  if (token === undefined) return null;
  const { kind, source } = token;
  if (kind === "any") return { kind };
  const joinedBefore = texts[index] === "";
  const joinedAfter = texts[index + 1] === "";
  const nextToAny =
    (joinedBefore && tokens[index - 1]?.kind === "any") || (joinedAfter && tokens[index + 1]?.kind === "any");
  return { kind, source, joinedBefore, joinedAfter, nextToAny };
}

function problemOf(token: string, next: string | undefined): string {
  if (token.length > 1 && token.startsWith("{")) return `${token} is not a placeholder. Use one of ${PLACEHOLDERS}`;
  if (token !== "{") return `an image tag cannot contain "${token}"`;
  return next === "{" ? "a placeholder has one brace on each side" : 'this "{" is not closed';
}

function checkTokens(source: string, tokens: readonly Token[]): void {
  if (tokens.every(({ kind }) => kind === "any")) {
    const remedy = `Use at least one of ${PLACEHOLDERS}, or protect-tags to keep a tag by its name`;
    throw new TagPatternError(source, 1, `it has no placeholder. ${remedy}`);
  }
  const excess = [...source.matchAll(/\{[\w:]+\}|\*+/g)][MOST_WILDCARDS];
  if (excess) {
    throw new TagPatternError(source, excess.index + 1, `it has more than ${MOST_WILDCARDS} placeholders and "*"`);
  }
  // A number ends where its digits end (pr-2 is not pr-267), so such a pattern would match nothing.
  const digit = /(?<=\d)\{pr\}|\{pr\}(?=\d)/.exec(source);
  if (digit) throw new TagPatternError(source, digit.index + 1, "{pr} cannot follow a digit, or be followed by one");
}
