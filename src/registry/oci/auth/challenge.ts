import { HeaderReader } from "../../../http/header-reader.ts";

/** One challenge of a `WWW-Authenticate` header (RFC 9110, section 11.6.1). */
export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
/** Must end where the challenge ends; otherwise it would match a `name=value` too. */
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const SEPARATOR = /[\s,]*/y;
const SPACE = /[ \t]+/y;
const EQUALS = /[ \t]*=[ \t]*/y;

/**
 * Parses a `WWW-Authenticate` header with one or more challenges, quoted strings, escapes and token68 values. Stops at a
 * syntax error and returns the challenges before it. The npm packages for this read one challenge only, or mix the
 * parameters of several.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const reader = new HeaderReader(header);
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  for (;;) {
    reader.read(SEPARATOR);
    const name = reader.read(TOKEN);
    if (name === null) return challenges;
    const current = challenges.at(-1);
    if (current !== undefined && reader.read(EQUALS) !== null) {
      const value = reader.readValue(TOKEN);
      if (value === null) return challenges;
      current.parameters[name.toLowerCase()] = value;
      continue;
    }
    challenges.push({ scheme: name.toLowerCase(), parameters: {} });
    if (reader.read(SPACE) !== null) reader.read(TOKEN68);
  }
}
