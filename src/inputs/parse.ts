import { compileGlobs, GlobError } from "../glob.ts";

/** What one input got, or what it takes instead. */
export type Parsed<T> = { readonly value: T } | { readonly takes: string };

const MINUTE = 60_000;
const UNITS: Readonly<Record<string, number>> = { m: MINUTE, h: 60 * MINUTE, d: 1440 * MINUTE, w: 7 * 1440 * MINUTE };
const CENTURY = 36_525 * 1440 * MINUTE;

/** The booleans of YAML 1.2's core schema. */
export function parseBoolean(text: string): Parsed<boolean> {
  if (["true", "True", "TRUE"].includes(text)) return { value: true };
  if (["false", "False", "FALSE"].includes(text)) return { value: false };
  return { takes: "true or false" };
}

/** One of the words of `choices`. */
export function parseChoice<const T extends string>(text: string, choices: readonly T[]): Parsed<T> {
  const value = choices.find((choice) => choice === text);
  return value === undefined ? { takes: choices.map((choice) => `\`${choice}\``).join(", ") } : { value };
}

/** A whole number in plain decimal digits, from `least` to `most`, without leading zeros: `010` is 8 to some. */
export function parseCount(text: string, least: number, most: number): Parsed<number> {
  const value = Number(text);
  if (/^(?:0|[1-9]\d{0,15})$/.test(text) && value >= least && value <= most) return { value };
  return { takes: `a whole number from ${least} to ${most}` };
}

/** A duration (`90m`, `36h`, `7d`, `2w`, or `0`) in milliseconds; at most 100 years. */
export function parseDuration(text: string): Parsed<number> {
  const [, digits, unit] = /^(0|[1-9]\d{0,11})([mhdw])$/.exec(text) ?? [];
  const value = text === "0" ? 0 : Number(digits ?? Number.NaN) * (UNITS[unit ?? ""] ?? Number.NaN);
  if (value >= 0 && value <= CENTURY) return { value };
  return { takes: "a duration such as `90m`, `36h`, `7d` or `2w`, at most 100 years, or `0`" };
}

/** A list: newlines and commas part it, blanks around entries are dropped, `#` begins a comment line. Commas in braces stay. */
export function parseList(text: string): readonly string[] {
  const entries = text
    .split(/\r\n|[\r\n]/)
    .flatMap((line) => (line.trim().startsWith("#") ? [] : splitOutsideBraces(line)));
  return entries.map((entry) => entry.trim()).filter((entry) => entry !== "");
}

function splitOutsideBraces(line: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (character === "{") depth += 1;
    else if (character === "}") depth = Math.max(0, depth - 1);
    else if (character === "," && depth === 0) {
      parts.push(line.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, line.slice(start)];
}

/** What no such name holds. A glob that holds it matches nothing, and what it was to protect or to exclude would go. */
const FOREIGN = {
  "image tags": /[^\w.*?{},-]/u,
  "repository names": /[^\w./*?{},-]/u,
  files: /\0/,
} as const;

/** A list of globs, each of which is one, and of which one at least includes. */
export function parseGlobs(text: string, what: keyof typeof FOREIGN): Parsed<readonly string[]> {
  const globs = parseList(text);
  const foreign = FOREIGN[what].exec(globs.map((glob) => glob.replace(/^!/, "")).join(""))?.[0];
  if (foreign !== undefined) {
    return {
      takes: `globs over ${what}, and none can hold ${JSON.stringify(foreign)} (\`*\`, \`**\`, \`?\` and \`{a,b}\` are known)`,
    };
  }
  if (what === "repository names" && globs.some((glob) => /^!?\.?\/|\/\/|\/$/.test(glob))) {
    return {
      takes: `globs over ${what}, without a slash at either end or two in a row (\`team/**\` is all below \`team\`)`,
    };
  }
  try {
    compileGlobs(globs, "case-sensitive");
  } catch (error) {
    if (!(error instanceof GlobError)) throw error;
    return { takes: `globs over ${what}, but ${error.message}` };
  }
  if (globs.length > 0 && globs.every((glob) => glob.startsWith("!"))) {
    return { takes: `globs over ${what}, of which one at least does not begin with \`!\`` };
  }
  return { value: globs };
}

/** An http or https URL without user, password, query and fragment. */
export function parseUrl(text: string): Parsed<URL> {
  // URL.parse mends what it can: `https:host` and blanks.
  const url = /^https?:\/\/[^\s/\\][^\s\\]*$/i.test(text) ? URL.parse(text) : null;
  const isPlain = url !== null && url.username === "" && url.password === "";
  if (isPlain && !/[?#]/.test(text)) return { value: url };
  return { takes: "an http or https URL without user, password and query" };
}
