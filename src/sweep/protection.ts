import { compileGlobs } from "../glob.ts";
import type { ProtectedBy } from "../tags/status.ts";

/**
 * Returns a function that finds the glob that protects a tag. Globs protect in any case, because some registries list tags in lower
 * case; exclusions match exactly.
 */
export function protectionOf(globs: readonly string[]): ProtectedBy {
  const isExcluded = compileGlobs(
    globs.filter((glob) => glob.startsWith("!")).map((glob) => glob.slice(1)),
    "case-sensitive",
  );
  const protecting = globs
    .filter((glob) => !glob.startsWith("!"))
    .map((glob) => ({ glob, matches: compileGlobs([glob], "case-insensitive") }));
  return (tag) => (isExcluded(tag) ? null : (protecting.find(({ matches }) => matches(tag))?.glob ?? null));
}
