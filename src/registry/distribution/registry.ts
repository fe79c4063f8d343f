import { afterDeletion } from "../../http/errors.ts";
import type { Log } from "../../log.ts";
import type { Settings } from "../../settings.ts";
import { readDockerLogin } from "../oci/auth/docker-config.ts";
import type { AuthorizerOptions } from "../oci/auth/options.ts";
import { OciClient } from "../oci/client.ts";
import type { Services } from "../provider.ts";
import type { GarbageCollection, Registry } from "../registry.ts";
import type { RetryOptions } from "../stable-list.ts";
import { capabilities } from "./capabilities.ts";
import { readCreationTime } from "./creation-time.ts";
import { checkDeletesEnabled, deleteManifest } from "./delete-manifest.ts";
import { deleteTag } from "./delete-tag.ts";
import type { GcContext } from "./gc-command.ts";
import { Inventory } from "./inventory.ts";
import { listTagged, type TagSource } from "./list-tagged.ts";
import { findRepositories, fullName, type RepositorySource } from "./repositories.ts";
import { createTagCleaner } from "./surviving-tags.ts";

export interface DistributionOptions extends RepositorySource, RetryOptions {
  /** Runs `gc-command`. */
  readonly runGcCommand: (context: GcContext) => Promise<GarbageCollection>;
}

const UNSUPPORTED: GarbageCollection = {
  status: "unsupported",
  freedBytes: null,
  blobsDeleted: null,
  note: "No garbage was collected, because this registry has no API for it. Set `gc-command`: see `Self-hosted registries` in Refsweep's README.",
};

/** Opens the registry of the input `registry`. Sends no request. Throws Fault `input` if the Docker login is invalid. */
export function openDistribution(settings: Settings, services: Services): Registry {
  const { registry } = settings;
  const oci = new OciClient({
    ...services,
    origin: registry.origin,
    ...loginOf(settings, services.log),
    // The token server of a registry is often another host. The OCI client logs its name and requires TLS.
    mayReceiveCredential: () => true,
    remedy: "Check `username` and `token`, or the Docker login: they must permit pull and delete.",
  });
  const [program, ...args] = settings.gcCommand;
  const runGcCommand = async (context: GcContext): Promise<GarbageCollection> => {
    if (program === undefined) return UNSUPPORTED;
    const { collectByCommand } = await import("./gc-command.ts");
    const command = { command: [program, ...args], timeoutMs: settings.gcTimeoutMs, environment: process.env } as const;
    return collectByCommand({ ...services, ...command }, context);
  };
  return createDistributionRegistry({ ...services, address: registry, oci, runGcCommand });
}

/**
 * Returns a registry that implements the OCI distribution-spec, such as Docker Distribution. It lists tags only: untagged
 * manifests are found through the indexes and referrers that lead to them.
 */
export function createDistributionRegistry(options: DistributionOptions): Registry {
  const { address, oci, runGcCommand } = options;
  const inventory = new Inventory();
  const cleanTags = createTagCleaner(oci);
  const nameOf = (repository: string): string => fullName(address, repository);
  let deletesEnabled = false;
  let hasDeleted = false;

  return {
    capabilities,
    repositories: (selection) => findRepositories(options, selection),
    list: (repository) => listTagged(options, nameOf(repository), inventory),
    async read(repository, digest) {
      const name = nameOf(repository);
      const content = await oci.read(name, digest);
      if (content !== "missing") inventory.add(name, digest, content);
      return content;
    },
    exists: (repository, digest) => oci.exists(nameOf(repository), digest),
    hasTag: async (repository, tag) => (await oci.digestOf(nameOf(repository), tag)) !== "missing",
    readBlob: (repository, blob) => oci.blob(nameOf(repository), blob),
    hasBlob: (repository, digest) => oci.hasBlob(nameOf(repository), digest),
    createdAt: (repository, digest) => readCreationTime(oci, nameOf(repository), digest),
    referrers: (repository, digest) => oci.referrers(nameOf(repository), digest),
    async prepareDeletion(repository) {
      if (!deletesEnabled) await checkDeletesEnabled(options, nameOf(repository));
      deletesEnabled = true;
    },
    // Not tag by tag, although distribution 3 takes twice as long by digest: no list would show what an interruption leaves.
    async delete(repository, target, sendBy) {
      const name = nameOf(repository);
      const deletion = await deleteManifest(options, name, target.digest, sendBy, hasDeleted);
      if (deletion.outcome !== "deleted" && deletion.outcome !== "gone") return deletion;
      hasDeleted ||= deletion.outcome === "deleted";
      inventory.remove(name, target.digest);
      await afterDeletion(cleanTags(name, target, sendBy));
      return deletion;
    },
    deleteTag: (repository, target, sendBy) => deleteTag(oci, nameOf(repository), target, sendBy),
    collectGarbage: () =>
      runGcCommand({
        sizeOf: (digest) => inventory.sizeOf(digest),
        findIndexOrReferrer: () => findIndexOrReferrer(options, inventory),
      }),
  };
}

/** Also reads the repositories that the run did not list, because a collection affects all of them. */
async function findIndexOrReferrer(source: TagSource, inventory: Inventory): Promise<string | null> {
  const known = inventory.indexOrReferrer();
  if (known !== null) return known;
  for (const name of await source.oci.catalog()) {
    if (inventory.repositories.has(name)) continue;
    await listTagged(source, name, inventory);
    const found = inventory.indexOrReferrer();
    if (found !== null) return found;
  }
  return null;
}

/** Returns the credential of the inputs, or else the Docker login. */
function loginOf(
  { registry, credential, dockerConfigPath }: Settings,
  log: Log,
): Pick<AuthorizerOptions, "credential" | "identityToken"> {
  const login = credential === null ? readDockerLogin(dockerConfigPath, registry.origin) : null;
  if (login === null) return { credential };
  log.info(`Using the Docker login in ${dockerConfigPath} for ${registry.name}`);
  if (login.credential === null) {
    log.mask(login.identityToken);
  } else {
    const { username, secret } = login.credential;
    log.mask(secret);
    log.mask(Buffer.from(`${username}:${secret}`).toString("base64"));
  }
  return login;
}
