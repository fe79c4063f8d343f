import type { RetentionRule } from "../settings.ts";
import { type Parsed, parseCount, parseDuration, parseGlobs } from "./parse.ts";

const FIX = "Use one rule a line, such as `main-* keep=10` or `build-* keep=5 older-than=30d`";

/** Parses the input `retention`: one rule a line. Lines that start with `#` are comments. */
export function parseRetention(text: string): Parsed<readonly RetentionRule[]> {
  const rules: RetentionRule[] = [];
  const lines = text.split(/\r\n|[\r\n]/).map((line) => line.trim());
  for (const line of lines.filter((each) => each !== "" && !each.startsWith("#"))) {
    const rule = parseRule(line);
    if (!("value" in rule)) {
      const problem = rule.problem ?? rule.fix;
      return { problem: line === text.trim() ? problem : `the rule "${line}": ${problem}`, fix: FIX };
    }
    rules.push(rule.value);
  }
  return { value: rules };
}

function parseRule(line: string): Parsed<RetentionRule> {
  const [glob = "", ...options] = line.split(/[ \t]+/);
  const problem = problemOf(glob, options);
  if (problem !== null) return { problem, fix: FIX };
  const values = new Map<string, number>();
  for (const option of options) {
    const [name = "", text = ""] = option.split(/=(.*)/s);
    const parsed = name === "keep" ? parseCount(text, 0) : name === "older-than" ? parseDuration(text) : null;
    if (parsed === null) return { problem: `"${option}" is not an option`, fix: FIX };
    if (!("value" in parsed)) return { problem: `"${option}" is not valid. ${parsed.fix}`, fix: FIX };
    if (values.has(name)) return { problem: `it has ${name} twice`, fix: FIX };
    values.set(name, parsed.value);
  }
  return { value: { glob, keep: values.get("keep") ?? null, olderThanMs: values.get("older-than") ?? null } };
}

/** Why a rule cannot be used; null: only its options can be wrong. */
function problemOf(glob: string, options: readonly string[]): string | null {
  if (/^(?:keep|older-than)=/.test(glob)) return "it does not start with a glob";
  if (glob.startsWith("!")) return "a rule has no exclusions. Use `protect-tags` to keep tags";
  const globs = parseGlobs(glob, "image tag");
  if (!("value" in globs)) return globs.problem ?? globs.fix;
  if (globs.value.length !== 1 || globs.value[0] !== glob) return "a rule has one glob";
  return options.length === 0 ? "it has neither keep=N nor older-than=DURATION" : null;
}
