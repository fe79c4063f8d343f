import * as v from "valibot";
import { Fault } from "../../fault.ts";
import { selectFrom } from "../names.ts";
import { isRepositoryName } from "../oci/reference.ts";
import type { RepositoryNames, RepositorySelection } from "../registry.ts";
import { type RetryOptions, readUntilStable } from "../stable-list.ts";
import type { DigitalOceanApi, PageQuery } from "./api.ts";
import { Links, Meta, readLinkedPages } from "./pages.ts";

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
    const names = new Set<string>();
    let total: number | null = null;
    const fetch = (query: PageQuery) => api.get(["repositoriesV2"], query);
    for await (const page of readLinkedPages(RepositoryPage, fetch, (reason) => endless(api.registry, reason))) {
      if (page === null) return total === null ? { value: null } : { changed: "a linked page returned 404" };
      for (const { name } of page.repositories) names.add(name);
      total = page.meta.total;
    }
    if (names.size < (total ?? 0)) return { changed: `${names.size} of ${total} repositories were listed` };
    return { value: [...names].sort() };
  });
}

function endless(registry: string, reason: string): Fault {
  return new Fault(
    "listing",
    `The list of repositories of ${registry} cannot be read completely: ${reason}`,
    "Run again. If the error persists, report it to DigitalOcean.",
  );
}
