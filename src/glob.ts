/** An invalid glob. The message is a clause without a subject of its own: `an empty pattern matches nothing`. */
export class GlobError extends Error {
  override readonly name = "GlobError";
}

/** `{a,b}{c,d}` multiply, so their number needs a limit. */
const MAX_ALTERNATIVES = 1_000;
const MAX_LENGTH = 1_000;

// `**/` is a wildcard of its own at the start of a segment: it also matches no segment, as in .gitignore.
type Token = { readonly wildcard: "?" | "*" | "**" | "**/" } | { readonly text: string };

/**
 * Compiles globs to a predicate: does a name match any of them, and none of those that start with `!`?
 *
 * `*` matches any text within a path segment, `**` across segments, `?` one character, `{a,b}` either alternative.
 * Matching takes time linear in pattern × name, because names come from outside: a regular expression (as picomatch builds
 * one) takes 34 seconds for `*a*a*a*a*a*b` and a tag of 128 characters.
 *
 * @throws GlobError for a pattern that is empty, too long or has unbalanced braces
 */
export function compileGlobs(
  patterns: readonly string[],
  letters: "case-sensitive" | "case-insensitive",
): (name: string) => boolean {
  const fold = (text: string): string => (letters === "case-insensitive" ? text.toLowerCase() : text);
  const compile = (globs: readonly string[]): readonly (readonly Token[])[] =>
    globs.flatMap((glob) => expandBraces(fold(glob)).map(tokenize));
  const included = compile(patterns.filter((pattern) => !pattern.startsWith("!")));
  const excluded = compile(patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1)));
  return (name) => {
    const folded = fold(name);
    return included.some((glob) => matches(glob, folded)) && !excluded.some((glob) => matches(glob, folded));
  };
}

/** Returns whether `pattern` can match more than one name. */
export function hasWildcard(pattern: string): boolean {
  return /[*?{}]/.test(pattern);
}

/** Returns the patterns without braces that `pattern` stands for. */
function expandBraces(pattern: string): readonly string[] {
  if (pattern === "") throw new GlobError("an empty pattern matches nothing");
  if (pattern.length > MAX_LENGTH) throw new GlobError(`a pattern has at most ${MAX_LENGTH} characters`);
  if (!/[{}]/.test(pattern)) return [pattern];
  const { alternatives, end } = readSequence(pattern, 0, "top level");
  if (end < pattern.length) throw new GlobError("`}` has no `{` before it");
  return alternatives;
}

interface Expansion {
  readonly alternatives: readonly string[];
  /** The index of the character that ended it. */
  readonly end: number;
}

/** Reads up to the `,` or `}` that ends an alternative, or to the end of the pattern. */
function readSequence(pattern: string, start: number, level: "top level" | "in braces"): Expansion {
  let alternatives: readonly string[] = [""];
  let at = start;
  for (; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === "}" || (character === "," && level === "in braces")) break;
    const next = character === "{" ? readBraces(pattern, at) : { alternatives: [character], end: at };
    alternatives = alternatives.flatMap((head) => next.alternatives.map((tail) => head + tail));
    if (alternatives.length > MAX_ALTERNATIVES)
      throw new GlobError(`braces make more than ${MAX_ALTERNATIVES} patterns`);
    at = next.end;
  }
  return { alternatives, end: at };
}

/** Reads `{…}`; `end` is the index of its closing brace. */
function readBraces(pattern: string, open: number): Expansion {
  const alternatives: string[] = [];
  for (let at = open + 1; ; at += 1) {
    const sequence = readSequence(pattern, at, "in braces");
    alternatives.push(...sequence.alternatives);
    at = sequence.end;
    if (pattern.charAt(at) === "}") return { alternatives, end: at };
    if (at >= pattern.length) throw new GlobError("`{` has no `}` after it");
  }
}

function tokenize(pattern: string): readonly Token[] {
  return [...pattern.matchAll(/(?<=^|\/)\*\*+\/|\*+|\?|[^*?]+/g)].map(([part]) => {
    if (part === "?" || part === "*") return { wildcard: part };
    if (!part.startsWith("**")) return { text: part };
    return { wildcard: part.endsWith("/") ? "**/" : "**" };
  });
}

/** Follows all ways through the pattern at once: `reached` marks each length of `name` that the tokens so far can match. */
function matches(tokens: readonly Token[], name: string): boolean {
  const [first] = tokens;
  if (first !== undefined && "text" in first && !name.startsWith(first.text)) return false;
  let reached = new Uint8Array(name.length + 1);
  reached[0] = 1;
  for (const token of tokens) {
    reached = "text" in token ? afterText(token.text, name, reached) : afterWildcard(token.wildcard, name, reached);
  }
  return reached[name.length] === 1;
}

function afterText(text: string, name: string, reached: Uint8Array): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(name.length + 1);
  for (let at = 0; at + text.length <= name.length; at += 1) {
    if (reached[at] === 1 && name.startsWith(text, at)) next[at + text.length] = 1;
  }
  return next;
}

function afterWildcard(wildcard: "?" | "*" | "**" | "**/", name: string, reached: Uint8Array): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(name.length + 1);
  let reachedBefore = false;
  for (let at = 0; at <= name.length; at += 1) {
    const isReached = reached[at] === 1;
    const afterSlash = name.charAt(at - 1) === "/";
    const matched = {
      "?": reached[at - 1] === 1 && !afterSlash,
      "*": isReached || (next[at - 1] === 1 && !afterSlash),
      "**": isReached || reachedBefore,
      "**/": isReached || (reachedBefore && afterSlash),
    };
    if (matched[wildcard]) next[at] = 1;
    reachedBefore ||= isReached;
  }
  return next;
}
