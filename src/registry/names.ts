import { Fault } from "../fault.ts";
import type { RepositoryNames, RepositorySelection } from "./registry.ts";

/** How many names an error or a warning shows. */
export const NAMES_SHOWN = 20;

/**
 * Of all the names that exist, sorted, those that the selection matches.
 * Throws a Fault of kind `registry` where a name without wildcard is not among them.
 *
 * @param registry as it is called towards the user
 */
export function selectFrom(
  registry: string,
  all: readonly string[],
  selection: Pick<RepositorySelection, "names" | "matches">,
): RepositoryNames {
  const lower = new Set(all.map((name) => name.toLowerCase()));
  const absent = (selection.names ?? []).filter((name) => !lower.has(name.toLowerCase()));
  if (absent.length > 0) throw unknownRepositories(registry, absent, all);
  const matching = all.filter((name) => selection.matches(name));
  return { matching, existing: matching.length > 0 ? [] : all.slice(0, NAMES_SHOWN) };
}

/** Names without wildcard that do not exist: an error that names those that do. */
export function unknownRepositories(registry: string, absent: readonly string[], all: readonly string[]): Fault {
  const shown = all.slice(0, NAMES_SHOWN).join(", ");
  const more = all.length > NAMES_SHOWN ? `, and ${all.length - NAMES_SHOWN} more` : "";
  return new Fault(
    "registry",
    `The registry ${registry} has no repository ${absent.join(", ")}`,
    all.length === 0
      ? "It has no repositories at all"
      : `Check the input repository-pattern; there are: ${shown}${more}`,
  );
}

/** Asks `confirm` once for each repository and remembers that it went well. */
export function oncePerRepository(
  confirm: (repository: string) => Promise<void>,
): (repository: string) => Promise<void> {
  const confirmed = new Map<string, Promise<void>>();
  return (repository) => {
    const known = confirmed.get(repository);
    if (known !== undefined) return known;
    const asked = confirm(repository);
    confirmed.set(repository, asked);
    asked.catch(() => confirmed.delete(repository));
    return asked;
  };
}
