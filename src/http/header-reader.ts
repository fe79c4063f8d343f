const QUOTED = /"((?:[^"\\]|\\.)*)"/y;

/** Reads the parts of a header one after another. All patterns must be sticky. */
export class HeaderReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Returns the first group of the next text, or all of it if `pattern` has no group; null: something else follows. */
  read(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    return match[1] ?? match[0];
  }

  /** Returns the next quoted string, without quotes and escapes, or else the next text that matches `plain`. */
  readValue(plain: RegExp): string | null {
    const quoted = this.read(QUOTED);
    return quoted === null ? this.read(plain) : quoted.replaceAll(/\\(.)/g, "$1");
  }
}
