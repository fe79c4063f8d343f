/** A variable or an expression of a template, a shell or a Makefile. Braces may be nested, as in `${A:-${B}}`. */
const VARIABLE = [
  "\\$?\\{\\{?[^{}\\n]{0,200}(?:\\{[^{}\\n]{0,200}\\}[^{}\\n]{0,200}){0,3}\\}\\}?",
  "\\$\\([^()\\n]{1,200}\\)",
  "\\$\\w{1,200}",
  "<%[^%\\n]{1,200}%>",
  "\\[\\[[^[\\]\\n]{1,200}\\]\\]",
  "%\\w{1,200}%",
].join("|");
/** The `:` after an image name that ends in a variable, or has one in its last path segment. */
const AFTER_VARIABLE = "(:)(?<=(?:[)}\\]%>]|\\$\\w{1,200})[\"']?(?:[\\w.-][\\w./-]{0,254})?:)";
/**
 * A tag that contains a variable, such as `pr-${N}`: the `:` if its repository is unknown, and the text before and after it.
 * Time is linear: every part is bounded, and a variable starts with a character that no literal part contains.
 */
export const TAG_TEMPLATES = new RegExp(
  `(?:${AFTER_VARIABLE}|[:=,\\s"'])([\\w.-]{0,128})(?:(?:${VARIABLE})([\\w.-]{0,128})){1,8}`,
  "g",
);

/** A set of prefixes and suffixes that finds the tags which have both. */
export class TemplateSet {
  readonly #suffixes = new Map<string, Set<string>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(prefix: string, suffix: string): void {
    const suffixes = this.#suffixes.get(prefix) ?? new Set();
    this.#suffixes.set(prefix, suffixes);
    this.#size += suffixes.has(suffix) ? 0 : 1;
    suffixes.add(suffix);
  }

  /** Tries all prefixes and suffixes of `tag`: a tag has at most 128 characters, and there can be millions of templates. */
  matches(tag: string): boolean {
    for (let at = 0; at <= tag.length; at += 1) {
      const suffixes = this.#suffixes.get(tag.slice(0, at));
      if (suffixes === undefined) continue;
      for (let rest = at; rest <= tag.length; rest += 1) if (suffixes.has(tag.slice(rest))) return true;
    }
    return false;
  }
}
