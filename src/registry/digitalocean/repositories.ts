import * as v from "valibot";
import { Fault } from "../../fault.ts";
import { selectFrom } from "../names.ts";
import { isRepositoryName } from "../oci/reference.ts";
import { readPages } from "../pages.ts";
import type { RepositoryNames, RepositorySelection } from "../registry.ts";
import { type RetryOptions, readUntilStable } from "../stable-list.ts";
import type { DigitalOceanApi } from "./api.ts";
import { Links, Meta, pageReader } from "./pages.ts";

const MAX_MIB = 64;

const Name = v.pipe(v.string(), v.check(isRepositoryName, "not a repository name"));
const RepositoryPage = v.object({
  ...Meta.entries,
  ...Links.entries,
  repositories: v.nullish(v.array(v.object({ name: Name })), []),
});

/** See `Registry.repositories`. */
export async function selectRepositories(
  api: DigitalOceanApi,
  retry: RetryOptions,
  selection: RepositorySelection,
): Promise<RepositoryNames> {
  const existing = await listRepositories(api, retry);
  if (existing !== null) return selectFrom(api.registry, existing, selection);
  throw new Fault(
    "registry",
    `DigitalOcean has no registry ${JSON.stringify(api.registry)} in the team of this token: all its paths returned 404`,
    "Correct the name in `registry` (registry.digitalocean.com/NAME), or use a token of the team that owns the registry.",
  );
}

/** Returns the names of all repositories, sorted; null if the registry does not exist. */
function listRepositories(api: DigitalOceanApi, retry: RetryOptions): Promise<readonly string[] | null> {
  return readUntilStable(`the repositories of ${api.registry}`, retry, async () => {
    const attempt = await readPages<string>({
      fetch: pageReader(
        RepositoryPage,
        ({ repositories }) => repositories.map(({ name }) => name),
        (query) => api.get(["repositoriesV2"], query),
      ),
      keysOf: (name) => [name],
      maxMiB: MAX_MIB,
      endless: (reason) => endless(api.registry, reason),
    });
    if ("changed" in attempt) return attempt;
    return { value: attempt.value?.flatMap(({ rows }) => rows).sort() ?? null };
  });
}

function endless(registry: string, reason: string): Fault {
  return new Fault(
    "listing",
    `The list of repositories of ${registry} cannot be read completely: ${reason}`,
    "Run again. If the error persists, report it to DigitalOcean.",
  );
}
