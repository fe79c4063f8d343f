import type { Clock } from "../../clock.ts";
import type { Digest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import type { HttpClient } from "../../http/http.ts";
import type { Log } from "../../log.ts";
import type { Credential, GcType, RegistryAddress } from "../../settings.ts";
import type { ManifestContent } from "../manifest.ts";
import { oncePerRepository, selectFrom } from "../names.ts";
import type { Deletion, Registry, RepositoryNames, RepositorySelection } from "../registry.ts";
import type { Patience } from "../stable-list.ts";
import { createDigitalOceanApi, type DigitalOceanApi } from "./api.ts";
import { listAppImages } from "./apps.ts";
import { createCollector } from "./collect.ts";
import { createLister, listRepositories } from "./listing.ts";

/** What is asked of the registry's OCI endpoint; `name` is `REGISTRY/REPOSITORY`. */
export interface ManifestReader {
  /** As `Registry.read`. */
  read(name: string, digest: Digest): Promise<ManifestContent | "missing">;
  /** As `Registry.referrers`. */
  referrers(name: string, digest: Digest): Promise<readonly Digest[] | null>;
}

export interface DigitalOceanOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly address: RegistryAddress;
  /** The API token is its `secret`. */
  readonly credential: Credential;
  readonly apiUrl: URL;
  readonly gcType: GcType;
  /** How long a collection is waited for, in milliseconds; 0: not at all. */
  readonly gcTimeoutMs: number;
  /** The OCI endpoint of the same registry. */
  readonly manifests: ManifestReader;
  /** Aborted when the job is cancelled: waits end at once. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * DigitalOcean's container registry: listing, deletion and collection by its API, manifests by its OCI endpoint.
 * Shapes, statuses and scopes are those of DigitalOcean's OpenAPI document (specification/resources/registry).
 */
export function openDigitalOcean(options: DigitalOceanOptions): Registry {
  const { http, clock, log, apiUrl, credential, address, manifests, signal } = options;
  const api = createDigitalOceanApi({ http, apiUrl, token: credential.secret, registry: address.path });
  const patience: Patience = { clock, signal };
  const { gcType: type, gcTimeoutMs: timeoutMs } = options;
  const collector = createCollector({ api, clock, log, signal, type, timeoutMs });
  let writable: Promise<void> | null = null;
  const confirmGone = oncePerRepository((repository) => confirmReadable(api, repository));

  return {
    provider: "digitalocean",
    listsUntagged: true,
    keepsLastTagged: false,
    repositories: (selection) => selectRepositories(api, patience, selection),
    list: createLister(api, patience),
    read: (repository, digest) => manifests.read(`${address.path}/${repository}`, digest),
    referrers: (repository, digest) => manifests.referrers(`${address.path}/${repository}`, digest),
    // The listing's times are push times; what it does not tell stays unknown.
    createdAt: async () => null,
    prepareDeletion: () => {
      writable ??= collector.waitForNone();
      return writable;
    },
    delete: async (repository, { digest }): Promise<Deletion> => {
      const status = await remove(api, ["repositories", repository, "digests", digest]);
      if (status === 204) return { outcome: "deleted" };
      await confirmGone(repository);
      return { outcome: "gone" };
    },
    deletesTags: true,
    deleteTag: async (repository, tag) => {
      const status = await remove(api, ["repositories", repository, "tags", tag]);
      if (status === 204) return "deleted";
      await confirmGone(repository);
      return "gone";
    },
    deployedImages: () => listAppImages(api),
    collectGarbage: () => collector.collect(),
  };
}

async function remove(api: DigitalOceanApi, path: readonly string[]): Promise<number> {
  const response = await api.ofRegistry({ method: "DELETE", path, expected: [204, 404], scope: "registry:delete" });
  return response.status;
}

/** 404 also answers who may not see: it means gone only where the repository can be read, which is asked once for each. */
async function confirmReadable(api: DigitalOceanApi, repository: string): Promise<void> {
  const response = await api.ofRegistry({
    method: "GET",
    path: ["repositories", repository, "digests"],
    query: { per_page: 1 },
    expected: [200, 404],
    scope: "registry:read",
  });
  if (response.status === 200) return;
  throw new Fault(
    "deletion",
    `DELETE answered 404, and so does the repository ${api.registry}/${repository}: nothing shows that it was deleted`,
    "Check that the repository still exists and that the token has the scopes registry:read and registry:delete",
  );
}

async function selectRepositories(
  api: DigitalOceanApi,
  patience: Patience,
  selection: RepositorySelection,
): Promise<RepositoryNames> {
  const all = await listRepositories(api, patience);
  if (all === null) throw unknownRegistry(api.registry);
  return selectFrom(api.registry, all, selection);
}

function unknownRegistry(registry: string): Fault {
  return new Fault(
    "registry",
    `DigitalOcean knows no registry ${JSON.stringify(registry)} in this token's team: all its paths answered 404`,
    "Check the name in the input registry (registry.digitalocean.com/NAME), and that the token is one of the team that owns it",
  );
}
