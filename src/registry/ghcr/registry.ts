import type { Clock } from "../../clock.ts";
import { Fault } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { HttpClient } from "../../http/http.ts";
import type { Log } from "../../log.ts";
import type { Credential, RegistryAddress } from "../../settings.ts";
import type { ManifestReader } from "../digitalocean/registry.ts";
import { NAMES_SHOWN, oncePerRepository, selectFrom } from "../names.ts";
import type { Deletion, Registry, RepositoryNames, RepositorySelection } from "../registry.ts";
import type { Patience } from "../stable-list.ts";
import { createPackagesApi, messageOf, type PackagesApi } from "./api.ts";
import { budgetFor } from "./limits.ts";
import { hasPackage, hasVersion, listPackages, listVersions, packagePath } from "./listing.ts";

export interface GhcrOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Its path is the owner. */
  readonly address: RegistryAddress;
  /** A classic personal access token, or the job's own, is its `secret`. */
  readonly credential: Credential;
  /** As the runner gives it in `GITHUB_API_URL`. */
  readonly apiUrl: URL;
  /** The OCI endpoint, `ghcr.io` or `containers.HOST`; names are `OWNER/PACKAGE` in lower case. */
  readonly manifests: ManifestReader;
  /** Aborted when the job is cancelled: waits end at once. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * GitHub's container registry: a repository is a package, a manifest one of its versions. Listing and deletion are by the
 * packages API (GitHub's docs, "REST API endpoints for packages"), as ghcr.io answers 405 to a DELETE; manifests are read
 * at the OCI endpoint. A package itself is never deleted.
 */
export function openGhcr(options: GhcrOptions): Registry {
  const { http, clock, log, address, manifests, signal } = options;
  const api = createPackagesApi({
    http,
    apiUrl: options.apiUrl,
    token: options.credential.secret,
    owner: address.path,
  });
  const patience: Patience = { clock, signal };
  const confirmGone = oncePerRepository((repository) => confirmReadable(api, repository));
  const nameOf = (repository: string): string => `${address.path}/${repository}`.toLowerCase();
  const pages = new Map<string, number>();

  return {
    provider: "ghcr",
    listsUntagged: true,
    keepsLastTagged: true,
    repositories: (selection) => selectPackages({ api, patience, log, registry: address.name }, selection),
    list: async (repository) => {
      const listing = await listVersions(api, repository, pages.get(repository) ?? null, patience);
      pages.set(repository, listing.pages);
      return listing;
    },
    read: (repository, digest) => manifests.read(nameOf(repository), digest),
    referrers: (repository, digest) => manifests.referrers(nameOf(repository), digest),
    // The listing's times are push times; what it does not tell stays unknown.
    createdAt: async () => null,
    prepareDeletion: async () => undefined,
    delete: async (repository, { digest, versionId }): Promise<Deletion> => {
      if (versionId === undefined) throw withoutId(repository, digest);
      const deletion = await deleteVersion(api, repository, versionId);
      if (deletion.outcome !== "gone") return deletion;
      if (await hasVersion(api, repository, versionId)) throw notAllowed(`${api.owner}/${repository}@${digest}`);
      await confirmGone(repository);
      return deletion;
    },
    deletesTags: false,
    deleteTag: async () => "unsupported",
    deletionBudget: (wanted) =>
      budgetFor(
        { http, host: api.host, now: clock.now() },
        [...wanted].map(([repository, deletions]) => ({
          repository,
          deletions,
          // A look counts before it reads.
          lookRequests: 1 + (pages.get(repository) ?? 1),
        })),
      ),
    collectGarbage: async () => ({
      status: "unsupported",
      freedBytes: null,
      blobsDeleted: null,
      note: "GitHub frees what deleted versions leave behind by itself: there is no garbage collection to start",
    }),
  };
}

function withoutId(repository: string, digest: string): Fault {
  return new Fault(
    "deletion",
    `${repository}@${digest} cannot be deleted: GitHub's list did not tell its version id`,
    "Run it again; if it stays, report it as a bug of Refsweep.",
  );
}

/** Of the last tagged version GitHub says that you cannot delete it, and of one of many downloads that it cannot be deleted. */
const POLICY = /\bcannot\b.*\bdelete/i;

/** 400 is GitHub's policy where it says so: the last tagged version, or a public one of more than 5,000 downloads. */
async function deleteVersion(api: PackagesApi, repository: string, id: number): Promise<Deletion> {
  const answer = await api.ask({
    method: "DELETE",
    path: [...packagePath(repository), "versions", id],
    expected: [204, 400, 404],
  });
  if (answer.status === 204) return { outcome: "deleted" };
  if (answer.status === 404) return { outcome: "gone" };
  const reason = messageOf(answer);
  if (POLICY.test(reason)) return { outcome: "refused", reason: `GitHub says: ${reason}` };
  throw new HttpError(`DELETE ${answer.url} answered 400`, {
    code: "status",
    method: "DELETE",
    url: answer.url,
    status: 400,
    retryable: false,
    ...(reason === "" ? {} : { detail: reason }),
  });
}

/** GitHub answers 404 in place of 403 to who may not, too: what is there still was not deleted. */
function notAllowed(version: string): Fault {
  const message = `DELETE answered 404, and ${version} is there still: GitHub answers so where the token may not delete it`;
  return new Fault("permission", message, `Check ${RIGHTS}`);
}

/** 404 also answers who may not see: it means gone only where the package can be read. */
async function confirmReadable(api: PackagesApi, repository: string): Promise<void> {
  if (await hasPackage(api, repository)) return;
  throw new Fault(
    "permission",
    `DELETE answered 404, and so does the package ${api.owner}/${repository}: nothing shows that the version was deleted`,
    `Check that the package still exists, ${RIGHTS}`,
  );
}

const RIGHTS =
  "that the job has `permissions: packages: write`, and that its repository has the role Admin in the package's " +
  'settings under "Manage Actions access".';

interface Selecting {
  readonly api: PackagesApi;
  readonly patience: Patience;
  readonly log: Log;
  /** As shown to users. */
  readonly registry: string;
}

async function selectPackages(tools: Selecting, selection: RepositorySelection): Promise<RepositoryNames> {
  if (selection.names !== null) return namedPackages(tools, selection.names);
  const listed = await listPackages(tools.api, tools.patience);
  const unlisted = selection.literals.filter(
    (name) => selection.matches(name) && !listed?.includes(name.toLowerCase()),
  );
  // A list may leave out what the token can read all the same.
  const found = await existing(tools.api, unlisted);
  if (listed !== null) return selectFrom(tools.registry, [...listed, ...found].sort(), { ...selection, names: null });
  if (found.length === 0) throw mayNotList(tools.registry, selection);
  tools.log.warn(
    "packages-not-listed",
    `The token may not list the packages of ${tools.api.owner}, so only those that repository-pattern names without ` +
      `wildcard are swept: ${found.slice(0, NAMES_SHOWN).join(", ")}. To find all, set token to a classic personal access ` +
      "token with read:packages.",
  );
  return { matching: found, existing: [] };
}

async function namedPackages(tools: Selecting, names: readonly string[]): Promise<RepositoryNames> {
  const found = await existing(tools.api, names);
  const absent = names.filter((name) => !found.includes(name.toLowerCase()));
  if (absent.length === 0) return { matching: found, existing: [] };
  const others = (await listPackages(tools.api, tools.patience)) ?? [];
  const there = others.length === 0 ? "" : `; there are: ${others.slice(0, NAMES_SHOWN).join(", ")}`;
  throw new Fault(
    "registry",
    `${tools.registry} has no package ${absent.join(", ")}, or the token may not see it: GitHub answered 404`,
    `Check the input repository-pattern${there}. A private package must also give the job's repository access, in the ` +
      'package\'s settings under "Manage Actions access".',
  );
}

/** Those of `names` that are there, in lower case, each once, sorted. */
async function existing(api: PackagesApi, names: readonly string[]): Promise<readonly string[]> {
  const lower = [...new Set(names.map((name) => name.toLowerCase()))].sort();
  const there = await Promise.all(lower.map((name) => hasPackage(api, name)));
  return lower.filter((_, index) => there[index]);
}

function mayNotList(registry: string, selection: RepositorySelection): Fault {
  const tried =
    selection.literals.length === 0 ? "" : `, and there is none called ${selection.literals.slice(0, 5).join(", ")}`;
  return new Fault(
    "permission",
    `The token may not list the packages of ${registry}${tried}`,
    "Listing an owner's packages needs a classic personal access token with read:packages in `token` (GITHUB_TOKEN cannot); " +
      "or name the packages in repository-pattern without wildcard.",
  );
}
