import pMap from "p-map";
import { Fault } from "../../fault.ts";
import type { Log } from "../../log.ts";
import type { RegistryAddress } from "../../settings.ts";
import { selectFrom, unknownRepositories } from "../names.ts";
import type { OciClient } from "../oci/client.ts";
import type { RepositoryNames, RepositorySelection } from "../registry.ts";

/** Names that are asked for at a time: how many are in flight is the HTTP stack's to say. */
const READY = 64;

/** Where names are looked for. */
export interface Names {
  readonly address: RegistryAddress;
  readonly oci: OciClient;
  readonly log: Log;
  readonly nameOf: (repository: string) => string;
}

/** The names that a selection means: from the catalog, or, where it holds no wildcard, asked for one by one. */
export async function selectRepositories(names: Names, selection: RepositorySelection): Promise<RepositoryNames> {
  const { address, oci } = names;
  if (selection.names !== null) return askFor(names, selection.names);
  try {
    return selectFrom(address.name, await namesBelow(oci, address.path), selection);
  } catch (error) {
    return withoutCatalog(names, selection, error);
  }
}

/** The catalog is no part of the OCI spec, and often not for everybody: the names that are known without it are swept. */
async function withoutCatalog(
  names: Names,
  { literals, matches }: RepositorySelection,
  error: unknown,
): Promise<RepositoryNames> {
  const isRefused = error instanceof Fault && (error.kind === "permission" || error.kind === "registry");
  // One line may name what another excludes.
  const wanted = literals.filter((name) => matches(name));
  if (!isRefused || wanted.length === 0) throw error;
  names.log.warn(
    "no-catalog",
    `${error.message}. Only what \`repository-pattern\` names without a wildcard is swept: ${wanted.join(", ")}.`,
  );
  return askFor(names, wanted);
}

/** Names that are asked for one by one, each of which must exist. */
async function askFor({ address, oci, nameOf }: Names, wanted: readonly string[]): Promise<RepositoryNames> {
  const found = await pMap(wanted, async (name) => ({ name, tags: await oci.tags(nameOf(name)) }), {
    concurrency: READY,
  });
  const doubtful = found.filter(({ tags }) => tags === "missing").map(({ name }) => name);
  if (doubtful.length > 0) {
    // A repository whose manifests were pushed by digest only answers 404 as well (distribution 2.8): the catalog knows.
    const all = await namesBelow(oci, address.path).catch((): readonly string[] => []);
    const absent = doubtful.filter((name) => !all.includes(name));
    if (absent.length > 0) throw unknownRepositories(address.name, absent, all);
  }
  return { matching: wanted, existing: [] };
}

/** The names of the catalog below `prefix`, without it. */
async function namesBelow(oci: OciClient, prefix: string): Promise<readonly string[]> {
  const all = await oci.catalog();
  const below =
    prefix === "" ? all : all.flatMap((name) => (name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : []));
  return [...new Set(below)].sort();
}
