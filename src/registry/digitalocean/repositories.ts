import * as v from "valibot";
import { Fault } from "../../fault.ts";
import { selectFrom } from "../names.ts";
import { isRepositoryName } from "../oci/reference.ts";
import { readEntries } from "../pages.ts";
import type { RepositoryNames, RepositorySelection } from "../registry.ts";
import type { RetryOptions } from "../stable-list.ts";
import type { DigitalOceanApi } from "./api.ts";
import { Links, Meta, pageReader } from "./pages.ts";

const MAX_MIB = 64;

const Name = v.pipe(v.string(), v.check(isRepositoryName, "not a repository name"));
/** GODO omits a count of 0. */
const Count = v.fallback(v.nullish(v.number(), 0), 0);
const RepositoryPage = v.object({
  ...Meta.entries,
  ...Links.entries,
  repositories: v.nullish(v.array(v.object({ name: Name, manifest_count: Count })), []),
});
type Repository = { readonly name: string; readonly manifest_count: number };

/** See `Registry.repositories`. @param onEmpty called with the name of each repository that has no manifests */
export async function selectRepositories(
  api: DigitalOceanApi,
  retry: RetryOptions,
  selection: RepositorySelection,
  onEmpty: (name: string) => void,
): Promise<RepositoryNames> {
  const repositories = await listRepositories(api, retry);
  if (repositories !== null) {
    for (const { name, manifest_count } of repositories) if (manifest_count === 0) onEmpty(name);
    return selectFrom(api.registry, repositories.map(({ name }) => name).sort(), selection);
  }
  throw new Fault(
    "registry",
    `DigitalOcean has no registry ${JSON.stringify(api.registry)} in the team of this token: all its paths returned 404`,
    "Correct the name in `registry` (registry.digitalocean.com/NAME), or use a token of the team that owns the registry.",
  );
}

/** Returns all repositories; null if the registry does not exist. */
function listRepositories(api: DigitalOceanApi, retry: RetryOptions): Promise<readonly Repository[] | null> {
  return readEntries<Repository>(`the repositories of ${api.registry}`, retry, () => ({
    fetch: pageReader(
      RepositoryPage,
      ({ repositories }) => repositories ?? [],
      (query) => api.get(["repositoriesV2"], query),
    ),
    keysOf: ({ name }) => [name],
    maxMiB: MAX_MIB,
    endless: (reason) => endless(api.registry, reason),
  }));
}

function endless(registry: string, reason: string): Fault {
  return new Fault(
    "listing",
    `The list of repositories of ${registry} cannot be read completely: ${reason}`,
    "Run again. If the error persists, report it to DigitalOcean.",
  );
}
