import { formatSetting } from "../format.ts";
import { compileGlobs } from "../glob.ts";
import type { RetentionRule } from "../settings.ts";

/** Returns the rule of `retention` that applies to a tag; undefined: none. */
export type RetentionOf = (tag: string) => RetentionRule | undefined;

/** Compiles the rules of `retention`. The first one whose glob matches applies. Rules delete, so they match in the same case only. */
export function compileRetention(rules: readonly RetentionRule[]): RetentionOf {
  const compiled = rules.map((rule) => ({ rule, matches: compileGlobs([rule.glob], "case-sensitive") }));
  return (tag) => compiled.find(({ matches }) => matches(tag))?.rule;
}

/** Returns a rule as the input takes it: `main-* keep=5 older-than=30d`. */
export function describeRule({ glob, keep, olderThanMs }: RetentionRule): string {
  const options = [
    keep === null ? [] : `keep=${keep}`,
    olderThanMs === null ? [] : `older-than=${formatSetting(olderThanMs)}`,
  ];
  return [glob, ...options.flat()].join(" ");
}
