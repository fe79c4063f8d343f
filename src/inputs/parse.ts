import { compileGlobs, GlobError } from "../glob.ts";

/** A text that is not a value of an input. */
export interface Invalid {
  /** A clause that says why; absent if `fix` says enough. */
  readonly problem?: string;
  /** An imperative sentence without its full stop: "Use `true` or `false`". */
  readonly fix: string;
}

export type Parsed<T> = { readonly value: T } | Invalid;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: Readonly<Record<string, number>> = { m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };
const CENTURY = 36_525 * DAY;

/** Parses a boolean of YAML 1.2's core schema. */
export function parseBoolean(text: string): Parsed<boolean> {
  if (["true", "True", "TRUE"].includes(text)) return { value: true };
  if (["false", "False", "FALSE"].includes(text)) return { value: false };
  return { fix: "Use `true` or `false`" };
}

export function parseChoice<const T extends string>(text: string, choices: readonly T[]): Parsed<T> {
  const value = choices.find((choice) => choice === text);
  if (value !== undefined) return { value };
  const quoted = choices.map((choice) => `\`${choice}\``);
  return { fix: `Use ${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}` };
}

/** Parses an integer in decimal digits. Leading zeros are invalid, because `010` means 8 to some programs. */
export function parseCount(text: string, min: number, max = Number.MAX_SAFE_INTEGER): Parsed<number> {
  const value = Number(text);
  if (/^(?:0|[1-9]\d{0,15})$/.test(text) && value >= min && value <= max) return { value };
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return { fix: `Use an integer ${range}` };
}

/** Parses a duration into milliseconds. */
export function parseDuration(text: string): Parsed<number> {
  const fix = "Use a duration such as `7d`, `36h` or `90m`, or `0`";
  if (text === "0") return { value: 0 };
  const [, count, unit] = /^(0|[1-9]\d*)([mhdw])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) return { fix };
  const value = Number(count) * (UNITS[unit] ?? Number.NaN);
  return value <= CENTURY ? { value } : { problem: "it is longer than 100 years", fix };
}

/** Returns the entries of a list. Commas within braces do not separate entries. */
export function parseList(text: string): readonly string[] {
  return text
    .split(/\r\n|[\r\n]/)
    .filter((line) => !line.trim().startsWith("#"))
    .flatMap(splitOutsideBraces)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

function splitOutsideBraces(line: string): readonly string[] {
  const entries: string[] = [];
  let depth = 0;
  for (const part of line.split(",")) {
    entries.push(depth === 0 ? part : `${entries.pop()},${part}`);
    for (const [brace] of part.matchAll(/[{}]/g)) depth = brace === "{" ? depth + 1 : Math.max(0, depth - 1);
  }
  return entries;
}

/** Characters that no such name contains. A glob with one of them would match nothing, and so protect or exclude nothing. */
const FOREIGN = {
  "image tag": /[^\w.*?{},-]/u,
  "repository name": /[^\w./*?{},-]/u,
  file: /\0/,
} as const;

/** Parses a list of globs. An empty text is an empty list. */
export function parseGlobs(text: string, kind: keyof typeof FOREIGN): Parsed<readonly string[]> {
  const globs = parseList(text);
  const wildcards = "Use names in which `*`, `**`, `?` and `{a,b}` are wildcards";
  const foreign = FOREIGN[kind].exec(globs.map((glob) => glob.replace(/^!/, "")).join(""))?.[0];
  const isBranch = kind === "image tag" && foreign === "/";
  const fix = isBranch ? "Write the tag that the build gives to a branch, such as `release-*`" : wildcards;
  if (foreign !== undefined) return { problem: `no ${kind} contains ${JSON.stringify(foreign)}`, fix };
  if (kind === "repository name" && globs.some((glob) => /^!?\.?\/|\/\/|\/$/.test(glob))) {
    return {
      problem: "no repository name starts or ends with a slash, or contains two in a row",
      fix: "To select all repositories below `team`, use `team/**`",
    };
  }
  try {
    compileGlobs(globs, "case-sensitive");
    return { value: globs };
  } catch (error) {
    if (!(error instanceof GlobError)) throw error;
    return { problem: error.message, fix };
  }
}

/** Parses a list of globs of which at least one includes, if there are any. */
export function parseSelectingGlobs(text: string, kind: keyof typeof FOREIGN): Parsed<readonly string[]> {
  const globs = parseGlobs(text, kind);
  const isEmpty = "value" in globs && globs.value.length > 0 && globs.value.every((glob) => glob.startsWith("!"));
  return isEmpty ? { problem: "every entry starts with `!`", fix: "Add an entry without `!`, such as `**`" } : globs;
}

/** Parses an http or https URL without user, password, query and fragment. */
export function parseUrl(text: string): Parsed<URL> {
  // URL.parse repairs some texts, such as `https:host` and blanks.
  const url = /^https?:\/\/[^\s/\\][^\s\\]*$/i.test(text) ? URL.parse(text) : null;
  const isPlain = url !== null && url.username === "" && url.password === "" && !/[?#]/.test(text);
  return isPlain ? { value: url } : { fix: "Use an http or https URL without user, password and query" };
}
