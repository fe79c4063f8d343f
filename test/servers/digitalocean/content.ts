import type { Digest } from "../../../src/digest.ts";
import type { GcType } from "../../../src/settings.ts";

/** One manifest, as far as DigitalOcean's API needs it. */
export interface RegistryManifest {
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** Length of the manifest's own bytes. */
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly pushedAt: number;
  /** Config and layers; empty for an index. */
  readonly blobs: readonly { readonly digest: Digest; readonly bytes: number }[];
  /** The manifests that an index lists. */
  readonly children: readonly Digest[];
}

/** The content of one registry. Repository names do not include the registry's name. */
export interface RegistryContent {
  repositories(): readonly string[];
  /** Newest push first. Null: the repository does not exist. */
  manifests(repository: string): readonly RegistryManifest[] | null;
  /** Returns false if it did not exist. */
  deleteManifest(repository: string, digest: string): boolean;
  deleteTag(repository: string, tag: string): boolean;
  /** Deletes what a garbage collection of this type deletes. */
  collect(type: GcType): { readonly blobs: number; readonly bytes: number };
}

/** Content without bytes, enough for the API. */
export class MemoryContent implements RegistryContent {
  readonly #repositories = new Map<string, RegistryManifest[]>();
  readonly #blobs = new Map<Digest, number>();

  /** Adds a manifest at the start of the list. Its tags are removed from other manifests. */
  push(repository: string, manifest: RegistryManifest): void {
    const others = (this.#repositories.get(repository) ?? []).filter(({ digest }) => digest !== manifest.digest);
    const untagged = others.map((other) => ({ ...other, tags: without(other.tags, manifest.tags) }));
    this.#repositories.set(repository, [manifest, ...untagged]);
    for (const { digest, bytes } of manifest.blobs) this.#blobs.set(digest, bytes);
  }

  repositories(): readonly string[] {
    return [...this.#repositories.keys()];
  }

  manifests(repository: string): readonly RegistryManifest[] | null {
    return this.#repositories.get(repository) ?? null;
  }

  deleteManifest(repository: string, digest: string): boolean {
    const manifests = this.#repositories.get(repository) ?? [];
    const others = manifests.filter((manifest) => manifest.digest !== digest);
    if (this.#repositories.has(repository)) this.#repositories.set(repository, others);
    return others.length < manifests.length;
  }

  deleteTag(repository: string, tag: string): boolean {
    const manifests = this.#repositories.get(repository) ?? [];
    const existed = manifests.some(({ tags }) => tags.includes(tag));
    const untagged = manifests.map((manifest) => ({ ...manifest, tags: without(manifest.tags, [tag]) }));
    if (existed) this.#repositories.set(repository, untagged);
    return existed;
  }

  collect(type: GcType): { readonly blobs: number; readonly bytes: number } {
    if (type !== "unreferenced blobs only") this.#deleteUntagged();
    if (type === "untagged manifests only") return { blobs: 0, bytes: 0 };
    const manifests = [...this.#repositories.values()].flat();
    const used = new Set(manifests.flatMap(({ blobs }) => blobs.map(({ digest }) => digest)));
    const unused = [...this.#blobs].filter(([digest]) => !used.has(digest));
    for (const [digest] of unused) this.#blobs.delete(digest);
    return { blobs: unused.length, bytes: unused.reduce((sum, [, bytes]) => sum + bytes, 0) };
  }

  /** Also deletes children of indexes. DigitalOcean does not document it; distribution 2.8 does it. */
  #deleteUntagged(): void {
    for (const [name, manifests] of this.#repositories) {
      const tagged = manifests.filter(({ tags }) => tags.length > 0);
      this.#repositories.set(name, tagged);
    }
  }
}

function without(tags: readonly string[], removed: readonly string[]): readonly string[] {
  return tags.filter((tag) => !removed.includes(tag));
}
