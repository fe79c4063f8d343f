/** One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1). */
export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
/** Ends where the challenge does, so that no `name=value` passes for one. */
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const SEPARATOR = /[\s,]*/y;
const SPACE = /[ \t]+/y;
const EQUALS = /[ \t]*=[ \t]*/y;

/**
 * Parses a `WWW-Authenticate` header that may hold several challenges, with quoted strings, escapes and token68 forms.
 * What cannot be read ends the parsing: the challenges before it are returned.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const reader = new Reader(header);
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  for (;;) {
    reader.take(SEPARATOR);
    const name = reader.take(TOKEN);
    if (name === null) return challenges;
    const current = challenges.at(-1);
    if (current !== undefined && reader.take(EQUALS) !== null) {
      const value = reader.takeValue();
      if (value === null) return challenges;
      current.parameters[name.toLowerCase()] = value;
      continue;
    }
    challenges.push({ scheme: name.toLowerCase(), parameters: {} });
    if (reader.take(SPACE) !== null) reader.take(TOKEN68);
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    return match[1] ?? match[0];
  }

  takeValue(): string | null {
    const quoted = this.take(QUOTED);
    return quoted === null ? this.take(TOKEN) : quoted.replaceAll(/\\(.)/g, "$1");
  }
}
