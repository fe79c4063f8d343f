import { Fault } from "../fault.ts";
import { HttpError } from "../http/errors.ts";
import type { RepositoryNames, RepositorySelection } from "./registry.ts";

/** How many names an error or a warning shows. */
export const MAX_NAMES_SHOWN = 20;

/**
 * Returns those of the existing names that the selection matches.
 * Throws Fault `registry` if a name without a wildcard does not exist.
 *
 * @param registry the registry's name, as shown to users
 * @param existing all names, sorted
 */
export function selectFrom(
  registry: string,
  existing: readonly string[],
  selection: Pick<RepositorySelection, "names" | "matches">,
): RepositoryNames {
  const lowerCase = new Set(existing.map((name) => name.toLowerCase()));
  const unknown = (selection.names ?? []).filter((name) => !lowerCase.has(name.toLowerCase()));
  if (unknown.length > 0) throw unknownRepositories(registry, unknown, existing);
  const matching = existing.filter((name) => selection.matches(name));
  return { matching, existing: matching.length > 0 ? [] : existing.slice(0, MAX_NAMES_SHOWN) };
}

/** Returns the error for names without a wildcard that do not exist. It shows names that do. */
export function unknownRepositories(registry: string, unknown: readonly string[], existing: readonly string[]): Fault {
  const message = `Registry ${registry} has no repository ${unknown.join(", ")}`;
  if (existing.length === 0) {
    return new Fault("registry", message, "Check `repository-pattern` and `registry`: it lists no repositories.");
  }
  const more = existing.length > MAX_NAMES_SHOWN ? `, and ${existing.length - MAX_NAMES_SHOWN} more` : "";
  const shown = existing.slice(0, MAX_NAMES_SHOWN).join(", ");
  return new Fault("registry", message, `Correct \`repository-pattern\`. Existing repositories: ${shown}${more}.`);
}

/** Wraps `check` so that it runs once per repository. A failed check runs again. */
export function oncePerRepository(check: (repository: string) => Promise<void>): (repository: string) => Promise<void> {
  const checks = new Map<string, Promise<void>>();
  return (repository) => {
    const known = checks.get(repository);
    if (known !== undefined) return known;
    const started = check(repository);
    checks.set(repository, started);
    started.catch(() => checks.delete(repository));
    return started;
  };
}

/**
 * Returns whether a repository exists, as `check` says. An error that may be about this repository only counts as true: its list
 * then reports the error, and the others are swept.
 */
export async function existsOrFails(check: () => Promise<boolean>): Promise<boolean> {
  try {
    return await check();
  } catch (error) {
    const isLocal = error instanceof Fault ? error.kind === "listing" : error instanceof HttpError;
    if (!isLocal || (error instanceof HttpError && error.code === "interrupted")) throw error;
    return true;
  }
}
