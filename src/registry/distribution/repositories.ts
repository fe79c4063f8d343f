import pMap from "p-map";
import { Fault } from "../../fault.ts";
import type { Log } from "../../log.ts";
import type { RegistryAddress } from "../../settings.ts";
import { selectFrom, unknownRepositories } from "../names.ts";
import type { OciClient } from "../oci/client.ts";
import type { RepositoryNames, RepositorySelection } from "../registry.ts";

/** Requests prepared at once. The HTTP client limits how many are in flight. */
const CONCURRENCY = 64;

export interface RepositorySource {
  readonly address: RegistryAddress;
  readonly oci: OciClient;
  readonly log: Log;
  /** Returns the name with the prefix. */
  readonly nameOf: (repository: string) => string;
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
async function checkNames(
  { address, oci, nameOf }: RepositorySource,
  names: readonly string[],
): Promise<RepositoryNames> {
  const found = await pMap(names, async (name) => ({ name, tags: await oci.tags(nameOf(name)) }), {
    concurrency: CONCURRENCY,
  });
  const missing = found.filter(({ tags }) => tags === "missing").map(({ name }) => name);
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
  const all = await oci.catalog();
  const below =
    prefix === "" ? all : all.flatMap((name) => (name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : []));
  return [...new Set(below)].sort();
}
