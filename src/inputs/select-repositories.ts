import { compileGlobs, hasWildcard } from "../glob.ts";
import type { RepositorySelection } from "../registry/registry.ts";

/** Returns the default of `repository-pattern`: the Git repository's own name, and all below it. */
export function defaultPatterns(gitRepository: string): readonly string[] {
  const name = gitRepository.slice(gitRepository.indexOf("/") + 1);
  return [name, `${name}/**`];
}

/**
 * Returns the repositories that the globs of `repository-pattern` select, compared case-insensitively. Throws GlobError.
 *
 * @param gitRepository `OWNER/NAME`
 */
export function selectRepositories(patterns: readonly string[], gitRepository = ""): RepositorySelection {
  const literals = patterns.filter((pattern) => !pattern.startsWith("!") && !hasWildcard(pattern));
  return {
    names: literals.length === patterns.length ? literals : null,
    literals,
    isDefault: patterns.join() === defaultPatterns(gitRepository).join(),
    matches: compileGlobs(patterns, "case-insensitive"),
  };
}
