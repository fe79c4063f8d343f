import { Fault } from "../../fault.ts";
import type { Log } from "../../log.ts";
import type { RegistryAddress } from "../../settings.ts";
import { existsOrFails, selectFrom, unknownRepositories } from "../names.ts";
import type { OciClient } from "../oci/client.ts";
import type { RepositoryNames, RepositorySelection } from "../registry.ts";

export interface RepositorySource {
  /** `path` is the prefix of all names; it can be empty. */
  readonly address: RegistryAddress;
  readonly oci: OciClient;
  readonly log: Log;
}

/** Returns a repository's name with the prefix. */
export function fullName({ path }: RegistryAddress, repository: string): string {
  return path === "" ? repository : `${path}/${repository}`;
}

/** Returns the repositories that a selection matches: from the catalog, or checked one by one if it has no wildcard. */
export async function findRepositories(
  source: RepositorySource,
  selection: RepositorySelection,
): Promise<RepositoryNames> {
  const { address, oci } = source;
  if (selection.names !== null) return checkNames(source, selection.names);
  try {
    return selectFrom(address.name, await listCatalog(oci, address.path), selection);
  } catch (error) {
    return selectLiterals(source, selection, error);
  }
}

/** Without access to the catalog, which is not part of the OCI spec, only names without a wildcard are known. */
async function selectLiterals(
  source: RepositorySource,
  { literals, matches }: RepositorySelection,
  error: unknown,
): Promise<RepositoryNames> {
  const isRefused = error instanceof Fault && (error.kind === "permission" || error.kind === "registry");
  // Another pattern can exclude a name.
  const names = literals.filter((name) => matches(name));
  if (!isRefused || names.length === 0) throw error;
  source.log.warn(
    "no-catalog",
    `${error.message}. Only the repositories that \`repository-pattern\` names without a wildcard are used: ${names.join(", ")}.`,
  );
  return checkNames(source, names);
}

/** Returns `names`. Throws Fault `registry` if one does not exist. */
async function checkNames({ address, oci }: RepositorySource, names: readonly string[]): Promise<RepositoryNames> {
  const exists = (name: string) => existsOrFails(async () => (await oci.tags(fullName(address, name))) !== "missing");
  const found = await Promise.all(names.map(exists));
  const missing = names.filter((_, index) => !found[index]);
  if (missing.length > 0) {
    // Distribution 2.8 also returns 404 for a repository whose manifests were all pushed by digest.
    const existing = await listCatalog(oci, address.path).catch((): readonly string[] => []);
    const unknown = missing.filter((name) => !existing.includes(name));
    if (unknown.length > 0) throw unknownRepositories(address.name, unknown, existing);
  }
  return { matching: names, existing: [] };
}

/** Returns the sorted names of the catalog below `prefix`, without it. */
async function listCatalog(oci: OciClient, prefix: string): Promise<readonly string[]> {
  const start = prefix === "" ? "" : `${prefix}/`;
  const all = await oci.catalog();
  return all.flatMap((name) => (name.startsWith(start) ? name.slice(start.length) : [])).sort();
}
