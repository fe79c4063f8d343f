import { LONGEST_TAG } from "./slugs.ts";
import { foldCase } from "./words.ts";

/** A piece of a pattern. `openBefore`, `openAfter`: no literal text stands there, so the placeholder finds its own bounds. */
export type PatternPart =
  | { readonly kind: "text"; readonly text: string; readonly folded: string }
  | { readonly kind: "any" }
  | ({ readonly kind: "branch" } & Openness)
  | ({ readonly kind: "tag" } & Openness)
  | ({ readonly kind: "pr" } & Openness)
  | ({ readonly kind: "sha" } & Openness)
  | ({ readonly kind: "version"; readonly template: VersionTemplate } & Openness);

interface Openness {
  readonly openBefore: boolean;
  readonly openAfter: boolean;
}

/** `{major}.{minor}` and the like: one Git tag fills all of it. */
export interface VersionTemplate {
  /** As written; tells templates apart. */
  readonly source: string;
  readonly pieces: readonly { readonly text: string; readonly field: "version" | "major" | "minor" | null }[];
}

export interface TagPattern {
  readonly source: string;
  readonly parts: readonly PatternPart[];
  /** `{sha}` is its only placeholder: what it matches has the form of a commit. */
  readonly onlyCommits: boolean;
}

export type TagPatterns = readonly TagPattern[];

/** A pattern that cannot be used. `position` counts characters from 1. */
export class TagPatternError extends Error {
  readonly pattern: string;
  readonly position: number;

  constructor(pattern: string, position: number, problem: string) {
    super(`tag pattern "${pattern}", character ${position}: ${problem}`);
    this.name = "TagPatternError";
    this.pattern = pattern;
    this.position = position;
  }
}

const PLACEHOLDERS = ["branch", "tag", "version", "major", "minor", "pr", "sha"] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];
type Token = { readonly kind: Placeholder | "text" | "any"; readonly text: string; readonly at: number };

const MOST_PLACEHOLDERS = 8;
const LONGEST_PATTERN = 2 * LONGEST_TAG;
const KNOWN = PLACEHOLDERS.map((name) => `{${name}}`).join(", ");

/**
 * Reads the input `tag-patterns`: literal text, `{placeholder}`, and `*` for any text.
 * @throws TagPatternError on the first pattern that cannot be used.
 */
export function compileTagPatterns(patterns: readonly string[]): TagPatterns {
  return patterns.map(compile);
}

function compile(source: string): TagPattern {
  if (source.length > LONGEST_PATTERN) {
    throw new TagPatternError(source, LONGEST_PATTERN + 1, `it is longer than ${LONGEST_PATTERN} characters`);
  }
  const tokens = tokensOf(source);
  const placeholders = tokens.filter((token) => token.kind !== "text" && token.kind !== "any");
  if (placeholders.length === 0) {
    throw new TagPatternError(
      source,
      1,
      `it names no ref; it takes at least one of ${KNOWN} (protect-tags keeps tags by their text)`,
    );
  }
  const excess = tokens.filter((token) => token.kind !== "text")[MOST_PLACEHOLDERS];
  if (excess)
    throw new TagPatternError(source, excess.at, `it has more than ${MOST_PLACEHOLDERS} placeholders and "*"`);
  refuseDigitsBesideNumbers(source, tokens);
  return { source, parts: partsOf(tokens), onlyCommits: placeholders.every((token) => token.kind === "sha") };
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  for (const match of source.matchAll(/\{([^{}]*)\}|\*+|[A-Za-z0-9._-]+|./gsu)) {
    const [text, name] = match;
    const at = match.index + 1;
    if (name !== undefined) tokens.push({ kind: placeholderOf(source, name, at), text, at });
    else if (text.startsWith("*")) tokens.push({ kind: "any", text, at });
    else if (/^[A-Za-z0-9._-]/.test(text)) tokens.push({ kind: "text", text, at });
    else if (text === "{") {
      const twice = source[at] === "{";
      throw new TagPatternError(
        source,
        at,
        twice ? "placeholders take one brace on each side" : 'this "{" is never closed',
      );
    } else throw new TagPatternError(source, at, `no image tag can hold "${text}"`);
  }
  return tokens;
}

function placeholderOf(source: string, name: string, at: number): Placeholder {
  const known = PLACEHOLDERS.find((placeholder) => placeholder === name);
  if (known === undefined) throw new TagPatternError(source, at, `"{${name}}" is unknown; known are ${KNOWN}`);
  return known;
}

/** A pull request's number ends where its digits end, so that `pr-2` is never `pr-267`: a digit beside it could never match. */
function refuseDigitsBesideNumbers(source: string, tokens: readonly Token[]): void {
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== "pr") continue;
    const before = tokens[index - 1];
    const after = tokens[index + 1];
    const digit =
      (before?.kind === "text" && /\d$/.test(before.text)) || (after?.kind === "text" && /^\d/.test(after.text));
    if (digit)
      throw new TagPatternError(
        source,
        token.at,
        "a digit stands beside {pr}, where the number could not be told from it",
      );
  }
}

function partsOf(tokens: readonly Token[]): PatternPart[] {
  const parts: PatternPart[] = [];
  for (let index = 0; index < tokens.length; ) {
    const token = tokens[index];
    if (token === undefined) break;
    const next = isVersion(token) ? endOfVersion(tokens, index) : index + 1;
    const before = tokens[index - 1];
    const after = tokens[next];
    const open = {
      openBefore: before !== undefined && before.kind !== "text",
      openAfter: after !== undefined && after.kind !== "text",
    };
    parts.push(partOf(tokens.slice(index, next), token, open));
    index = next;
  }
  return parts;
}

function partOf(tokens: readonly Token[], first: Token, open: Openness): PatternPart {
  switch (first.kind) {
    case "text":
      return { kind: "text", text: first.text, folded: foldCase(first.text) };
    case "any":
      return { kind: "any" };
    case "version":
    case "major":
    case "minor":
      return { kind: "version", template: templateOf(tokens), ...open };
    default:
      return { kind: first.kind, ...open };
  }
}

/** Version placeholders with nothing but text between them belong to one Git tag: `1.5` is not alive by v1.2.0 and v2.5.0. */
function endOfVersion(tokens: readonly Token[], start: number): number {
  let end = start + 1;
  for (let at = end; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token !== undefined && isVersion(token)) end = at + 1;
    else if (token?.kind !== "text") break;
  }
  return end;
}

function templateOf(tokens: readonly Token[]): VersionTemplate {
  return {
    source: tokens.map((token) => token.text).join(""),
    pieces: tokens.map(({ kind, text }) => ({
      text,
      field: kind === "version" || kind === "major" || kind === "minor" ? kind : null,
    })),
  };
}

function isVersion(token: Token): boolean {
  return token.kind === "version" || token.kind === "major" || token.kind === "minor";
}
