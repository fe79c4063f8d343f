import { compileGlobs, hasWildcard } from "../glob.ts";
import type { RepositorySelection } from "../registry/registry.ts";

/** Returns the repositories that the globs of `repository-pattern` select, compared case-insensitively. Throws GlobError. */
export function selectRepositories(patterns: readonly string[]): RepositorySelection {
  const literals = patterns.filter((pattern) => !pattern.startsWith("!") && !hasWildcard(pattern));
  return {
    names: literals.length === patterns.length ? literals : null,
    literals,
    matches: compileGlobs(patterns, "case-insensitive"),
  };
}
