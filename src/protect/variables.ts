/** What a template, a shell or a Makefile puts in the place of a value; braces may hold others, as in `${A:-${B}}`. */
const VARIABLE = [
  "\\$?\\{\\{?[^{}\\n]{0,200}(?:\\{[^{}\\n]{0,200}\\}[^{}\\n]{0,200}){0,3}\\}\\}?",
  "\\$\\([^()\\n]{1,200}\\)",
  "\\$\\w{1,200}",
  "<%[^%\\n]{1,200}%>",
  "\\[\\[[^[\\]\\n]{1,200}\\]\\]",
  "%\\w{1,200}%",
].join("|");
/** A `:` behind a name that is, or has in its last part, a variable's value. */
const BEHIND_VARIABLE = "(:)(?<=(?:[)}\\]%>]|\\$\\w{1,200})[\"']?(?:[\\w.-][\\w./-]{0,254})?:)";
// All parts are bounded, and a variable begins with what no literal part holds: the time stays linear.
const COMPOSED = new RegExp(
  `(?:${BEHIND_VARIABLE}|[:=,\\s"'])([\\w.-]{0,128})(?:(?:${VARIABLE})([\\w.-]{0,128})){1,8}`,
  "g",
);

/** A tag of which the middle cannot be read. */
export interface ComposedTag {
  readonly begin: string;
  readonly end: string;
  /** Whether its repository can be read. */
  readonly repository: "readable" | "any";
}

/** The words in `text`, of which a variable is a part, as tags: `pr-${N}`, `{{ .tag }}-alpine`. A word that is one says nothing. */
export function* composedTags(text: string): Generator<ComposedTag> {
  for (const [, behindVariable, begin = "", end = ""] of text.matchAll(COMPOSED)) {
    if (begin !== "" || end !== "") yield { begin, end, repository: behindVariable === undefined ? "readable" : "any" };
  }
}

/** Tags by what they begin and end with. */
export class Fitting {
  readonly #ends = new Map<string, Set<string>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(begin: string, end: string): void {
    const ends = this.#ends.get(begin) ?? new Set();
    this.#ends.set(begin, ends);
    this.#size += ends.has(end) ? 0 : 1;
    ends.add(end);
  }

  /** By all beginnings and ends of `tag`, as they may be fewer than what there is to fit. */
  has(tag: string): boolean {
    for (let at = 0; at <= tag.length; at += 1) {
      const ends = this.#ends.get(tag.slice(0, at));
      if (ends === undefined) continue;
      for (let rest = at; rest <= tag.length; rest += 1) if (ends.has(tag.slice(rest))) return true;
    }
    return false;
  }
}
