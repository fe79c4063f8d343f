import * as v from "valibot";
import { Fault } from "../../fault.ts";
import { existsOrFails, MAX_NAMES_SHOWN, selectFrom } from "../names.ts";
import { type Page, readEntries } from "../pages.ts";
import type { Services } from "../provider.ts";
import type { RepositoryNames, RepositorySelection } from "../registry.ts";
import type { RetryOptions } from "../stable-list.ts";
import type { PackagesApi } from "./api.ts";
import { LIMITS, PER_PAGE, pageOf } from "./pages.ts";

const Package = v.object({ name: v.pipe(v.string(), v.minLength(1)) });
type Package = v.InferOutput<typeof Package>;

/** What the selection of packages needs. */
export interface PackageSelector {
  readonly api: PackagesApi;
  readonly services: Services;
  /** The registry's name, as shown to users. */
  readonly registry: string;
}

/** See `Registry.repositories`. */
export async function selectPackages(
  selector: PackageSelector,
  selection: RepositorySelection,
): Promise<RepositoryNames> {
  const { api, services, registry } = selector;
  if (selection.names !== null) return selectByName(selector, selection.names);
  const listed = await listPackages(api, services);
  const unlisted = selection.literals.filter(
    (name) => selection.matches(name) && !listed?.includes(name.toLowerCase()),
  );
  // The token may be able to read packages that it cannot list.
  const found = await existing(api, unlisted);
  if (listed !== null) return selectFrom(registry, [...listed, ...found].sort(), { ...selection, names: null });
  if (found.length === 0) throw cannotList(registry, selection.literals);
  const text =
    `The token may not list the packages of ${api.owner}, so this run includes only those that repository-pattern names ` +
    `without a wildcard: ${found.slice(0, MAX_NAMES_SHOWN).join(", ")}. To include all packages, set token to a classic ` +
    "personal access token with read:packages.";
  if (selection.isDefault === true) return { matching: found, existing: [], notice: text };
  services.log.warn("packages-not-listed", text);
  return { matching: found, existing: [] };
}

async function selectByName(
  { api, services, registry }: PackageSelector,
  names: readonly string[],
): Promise<RepositoryNames> {
  const found = await existing(api, names);
  const missing = names.filter((name) => !found.includes(name.toLowerCase()));
  if (missing.length === 0) return { matching: found, existing: [] };
  const others = (await listPackages(api, services)) ?? [];
  const shown = others.length === 0 ? "" : ` Existing packages: ${others.slice(0, MAX_NAMES_SHOWN).join(", ")}.`;
  throw new Fault(
    "registry",
    `${registry} has no package ${missing.join(", ")}, or the token may not read it: GitHub returned 404`,
    `Correct \`repository-pattern\`.${shown} A private package must also give the job's repository access, in the ` +
      'package\'s settings under "Manage Actions access".',
  );
}

function cannotList(registry: string, literals: readonly string[]): Fault {
  const tried = literals.length === 0 ? "" : `, and it has no package ${literals.slice(0, 5).join(", ")}`;
  return new Fault(
    "permission",
    `The token may not list the packages of ${registry}${tried}`,
    "Set `token` to a classic personal access token with read:packages, because GITHUB_TOKEN cannot list packages. Or name " +
      "the packages in `repository-pattern` without a wildcard.",
  );
}

/** Returns the path of a package. The names of container images are in lower case. */
export function packagePath(name: string): readonly string[] {
  return ["container", name.toLowerCase()];
}

/** Returns those of `names` that exist, or whose check failed, in lower case, each once, sorted. */
async function existing(api: PackagesApi, names: readonly string[]): Promise<readonly string[]> {
  const sorted = [...new Set(names.map((name) => name.toLowerCase()))].sort();
  const exist = await Promise.all(sorted.map((name) => existsOrFails(() => api.exists(packagePath(name)))));
  return sorted.filter((_, index) => exist[index]);
}

/** Returns the names of the owner's container packages that the token may read, sorted; null if it may not list them. */
async function listPackages(api: PackagesApi, retry: RetryOptions): Promise<readonly string[] | null> {
  const fetch = (page: number) => fetchPage(api, page);
  // Its errors say nothing about the list.
  await api.open();
  try {
    const packages = await readEntries<Package>(`the packages of ${api.owner}`, retry, () => ({
      ...LIMITS,
      fetch,
      keysOf: ({ name }) => [name],
    }));
    return packages?.map(({ name }) => name).sort() ?? null;
  } catch (error) {
    // GitHub returns 401, 403 or 404 to a job's token. Which one is not documented.
    if (error instanceof Fault && error.kind === "permission") return null;
    throw error;
  }
}

async function fetchPage(api: PackagesApi, page: number): Promise<Page<Package> | null> {
  const query = { package_type: "container", per_page: PER_PAGE, page };
  const response = await api.send({ method: "GET", path: [], query, expected: [200, 404] });
  return response.status === 404 ? null : pageOf(response, Package);
}
