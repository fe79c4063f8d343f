import type { RepositorySelection } from "./registry/registry.ts";

/** A pattern that is none; `message` says why. */
export class GlobError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "GlobError";
  }
}

/** `{a,b}{c,d}…` multiply: more alternatives than this are a mistake, or an attack. */
const MOST_ALTERNATIVES = 1_000;
const LONGEST_PATTERN = 1_000;

/** One step of a pattern: a character, or what stands for some. */
type Step =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "one" }
  | { readonly kind: "within" }
  | { readonly kind: "folders" }
  | { readonly kind: "across" };

/**
 * Compiles globs to one question: does `name` match any of them, and none that begins with `!`?
 * `*` stands for any text within a path segment, `**` across segments, `?` for one character, `{a,b}` for either; `**` and
 * the slash after it, where they begin a segment, stand for no segment too, as they do in `.gitignore`.
 * Time is linear in pattern × name, whatever the pattern. Throws GlobError.
 */
export function compileGlobs(
  patterns: readonly string[],
  letters: "case-sensitive" | "case-insensitive",
): (name: string) => boolean {
  const fold = (text: string): string => (letters === "case-insensitive" ? text.toLowerCase() : text);
  const compile = (list: readonly string[]): readonly (readonly Step[])[] =>
    list.flatMap((pattern) => expandBraces(fold(pattern)).map(stepsOf));
  const including = compile(patterns.filter((pattern) => !pattern.startsWith("!")));
  const excluding = compile(patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1)));
  return (name) => {
    const folded = fold(name);
    return including.some((steps) => matches(steps, folded)) && !excluding.some((steps) => matches(steps, folded));
  };
}

/** Whether `pattern` is more than a name. */
export function hasWildcard(pattern: string): boolean {
  return /[*?{}]/.test(pattern);
}

/** The repositories that `repository-pattern` wants, compared without regard to case. */
export function selectionOf(patterns: readonly string[]): RepositorySelection {
  const literals = patterns.filter((pattern) => !pattern.startsWith("!") && !hasWildcard(pattern));
  const namesOnly = literals.length === patterns.length;
  return {
    names: namesOnly ? literals : null,
    literals,
    matches: compileGlobs(patterns, "case-insensitive"),
  };
}

/** The alternatives of a pattern's braces, nested ones too. */
function expandBraces(pattern: string): readonly string[] {
  if (pattern === "") throw new GlobError("an empty pattern matches nothing");
  if (pattern.length > LONGEST_PATTERN) throw new GlobError(`a pattern takes at most ${LONGEST_PATTERN} characters`);
  const { alternatives, end } = readAlternatives(pattern, 0, "outside");
  if (end < pattern.length) throw new GlobError("`}` closes no brace");
  return alternatives;
}

/** Reads up to a `,` or `}` that belongs to the brace outside, or to the end. */
function readAlternatives(
  pattern: string,
  start: number,
  place: "outside" | "inside",
): { readonly alternatives: readonly string[]; readonly end: number } {
  let alternatives = [""];
  let at = start;
  while (at < pattern.length) {
    const character = pattern.charAt(at);
    if (character === "}" || (character === "," && place === "inside")) break;
    let tails: readonly string[] = [character];
    if (character === "{") {
      const brace = readBrace(pattern, at);
      tails = brace.alternatives;
      at = brace.end;
    }
    alternatives = alternatives.flatMap((head) => tails.map((tail) => head + tail));
    if (alternatives.length > MOST_ALTERNATIVES)
      throw new GlobError(`braces give more than ${MOST_ALTERNATIVES} patterns`);
    at += 1;
  }
  return { alternatives, end: at };
}

/** Reads `{…}`; `end` is its closing brace. */
function readBrace(pattern: string, open: number): { readonly alternatives: readonly string[]; readonly end: number } {
  const all: string[] = [];
  for (let at = open + 1; ; at += 1) {
    const part = readAlternatives(pattern, at, "inside");
    all.push(...part.alternatives);
    at = part.end;
    if (pattern.charAt(at) === "}") return { alternatives: all, end: at };
    if (at >= pattern.length) throw new GlobError("`{` is never closed");
  }
}

function stepsOf(pattern: string): readonly Step[] {
  const steps: Step[] = [];
  for (const [part] of pattern.matchAll(/(?<=^|\/)\*\*+\/|\*\*+|\*|\?|[^*?]+/g)) {
    if (part === "?") steps.push({ kind: "one" });
    else if (part === "*") steps.push({ kind: "within" });
    else if (part.startsWith("**") && part.endsWith("/")) steps.push({ kind: "folders" });
    else if (part.startsWith("**")) steps.push({ kind: "across" });
    else steps.push({ kind: "text", text: part });
  }
  return steps;
}

/** Follows all ways through the pattern at once: `here` holds every place in `name` that the steps so far can end at. */
function matches(steps: readonly Step[], name: string): boolean {
  const [first] = steps;
  if (first?.kind === "text" && !name.startsWith(first.text)) return false;
  let here = new Uint8Array(name.length + 1);
  here[0] = 1;
  for (const step of steps) here = advance(step, name, here);
  return here[name.length] === 1;
}

function advance(step: Step, name: string, here: Uint8Array): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(name.length + 1);
  let begun = false;
  for (let at = 0; at <= name.length; at += 1) {
    const isHere = here[at] === 1;
    const before = at > 0 ? name.charAt(at - 1) : "";
    switch (step.kind) {
      case "text":
        if (isHere && name.startsWith(step.text, at)) next[at + step.text.length] = 1;
        break;
      case "one":
        if (at > 0 && here[at - 1] === 1 && before !== "/") next[at] = 1;
        break;
      case "within":
        if (isHere || (at > 0 && next[at - 1] === 1 && before !== "/")) next[at] = 1;
        break;
      case "across":
        if (isHere || begun) next[at] = 1;
        break;
      case "folders":
        if (isHere || (begun && before === "/")) next[at] = 1;
    }
    begun ||= isHere;
  }
  return next;
}
