import pMap from "p-map";
import type { Digest } from "../../digest.ts";
import type { Log } from "../../log.ts";
import type { RegistryAddress } from "../../settings.ts";
import type { ManifestContent } from "../manifest.ts";
import type { OciClient } from "../oci/client.ts";
import type { Deletion, DeletionTarget, GarbageCollection, Listing, Registry } from "../registry.ts";
import { capabilities } from "./capabilities.ts";
import { readCreationTime } from "./creation-time.ts";
import { checkDeletesEnabled, deleteManifest } from "./delete-manifest.ts";
import { createTagDeleter } from "./delete-tag.ts";
import type { GcContext } from "./gc-command.ts";
import { Inventory } from "./inventory.ts";
import { findRepositories } from "./repositories.ts";

export interface DistributionOptions {
  /** `path` is the prefix of all names; it can be empty. */
  readonly address: RegistryAddress;
  readonly oci: OciClient;
  readonly log: Log;
  /** Runs `gc-command`; null if the input is empty. */
  readonly runGcCommand: ((context: GcContext) => Promise<GarbageCollection>) | null;
}

/** Requests prepared at once. The HTTP client limits how many are in flight. */
const CONCURRENCY = 64;
const UNSUPPORTED: GarbageCollection = {
  status: "unsupported",
  freedBytes: null,
  blobsDeleted: null,
  note: "No garbage was collected, because this registry has no API for it. Set `gc-command`: see `Self-hosted registries` in Refsweep's README.",
};

/**
 * A registry that implements the OCI distribution-spec, such as Docker Distribution. It lists tags only: untagged manifests
 * are found through the indexes and referrers that lead to them.
 */
export class DistributionRegistry implements Registry {
  readonly capabilities = capabilities;
  readonly #options: DistributionOptions;
  readonly #inventory = new Inventory();
  readonly #deleteTag: ReturnType<typeof createTagDeleter>;
  #deletesEnabled: Promise<void> | null = null;

  constructor(options: DistributionOptions) {
    this.#options = options;
    this.#deleteTag = createTagDeleter(options.oci);
  }

  repositories(selection: Parameters<Registry["repositories"]>[0]) {
    return findRepositories({ ...this.#options, nameOf: (repository) => this.#nameOf(repository) }, selection);
  }

  list(repository: string): Promise<Listing> {
    return this.#listTagged(this.#nameOf(repository));
  }

  async read(repository: string, digest: Digest): Promise<ManifestContent | "missing"> {
    const name = this.#nameOf(repository);
    const content = await this.#options.oci.read(name, digest);
    if (content !== "missing") this.#inventory.add(name, digest, content);
    return content;
  }

  exists(repository: string, digest: Digest): Promise<boolean> {
    return this.#options.oci.exists(this.#nameOf(repository), digest);
  }

  createdAt(repository: string, digest: Digest): Promise<number | null> {
    return readCreationTime(this.#options.oci, this.#nameOf(repository), digest);
  }

  referrers(repository: string, digest: Digest): Promise<readonly Digest[] | null> {
    return this.#options.oci.referrers(this.#nameOf(repository), digest);
  }

  prepareDeletion(repository: string): Promise<void> {
    const { oci, address } = this.#options;
    this.#deletesEnabled ??= checkDeletesEnabled(oci, address.name, this.#nameOf(repository));
    return this.#deletesEnabled;
  }

  // Not tag by tag, although distribution 3 takes twice as long by digest: no list would show what an interruption leaves.
  async delete(repository: string, { digest }: DeletionTarget, sendBy: number): Promise<Deletion> {
    const name = this.#nameOf(repository);
    const deletion = await deleteManifest(this.#options.oci, name, digest, sendBy);
    this.#inventory.remove(name, digest);
    return deletion;
  }

  deleteTag(repository: string, tag: string, sendBy: number): Promise<"deleted" | "gone" | "unsupported"> {
    return this.#deleteTag(this.#nameOf(repository), tag, sendBy);
  }

  async collectGarbage(): Promise<GarbageCollection> {
    const { runGcCommand } = this.#options;
    if (runGcCommand === null) return UNSUPPORTED;
    return runGcCommand({
      sizeOf: (digest) => this.#inventory.sizeOf(digest),
      findIndexOrReferrer: () => this.#findIndexOrReferrer(),
    });
  }

  /** Also reads the repositories that the run did not list, because a collection affects all of them. */
  async #findIndexOrReferrer(): Promise<string | null> {
    const known = this.#inventory.indexOrReferrer();
    if (known !== null) return known;
    for (const name of await this.#options.oci.catalog()) {
      if (this.#inventory.hasRepository(name)) continue;
      await this.#listTagged(name);
      const found = this.#inventory.indexOrReferrer();
      if (found !== null) return found;
    }
    return null;
  }

  /** Lists the tagged manifests. A tag that returns 404 keeps nothing: it was deleted meanwhile, or its manifest is missing. */
  async #listTagged(name: string): Promise<Listing> {
    const { oci } = this.#options;
    const listed = await oci.tags(name);
    const tagsByDigest = new Map<Digest, string[]>();
    const resolve = async (tag: string): Promise<void> => {
      const found = await oci.resolve(name, tag);
      if (found === "missing") return;
      this.#inventory.add(name, found.digest, found.content);
      tagsByDigest.set(found.digest, [...(tagsByDigest.get(found.digest) ?? []), tag]);
    };
    await pMap(listed === "missing" ? [] : new Set(listed), resolve, { concurrency: CONCURRENCY });
    this.#inventory.addRepository(name);
    const manifests = [...tagsByDigest].map(([digest, tags]) => ({
      digest,
      tags: tags.sort(),
      pushedAt: null,
      sizeBytes: null,
      blobs: null,
    }));
    return { manifests };
  }

  #nameOf(repository: string): string {
    const { path } = this.#options.address;
    return path === "" ? repository : `${path}/${repository}`;
  }
}
