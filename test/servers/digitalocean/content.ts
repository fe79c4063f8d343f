import type { Digest } from "../../../src/digest.ts";
import type { GcType } from "../../../src/settings.ts";

/** One manifest, as much as DigitalOcean's API tells of it or reckons with. */
export interface HeldManifest {
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** Length of the manifest's own bytes. */
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly pushedAt: number;
  /** Config and layers; empty for an index. */
  readonly blobs: readonly { readonly digest: Digest; readonly bytes: number }[];
  /** What an index lists. */
  readonly children: readonly Digest[];
}

/** What one registry holds, in the words of DigitalOcean's API: repositories have names without the registry's. */
export interface RegistryContent {
  repositories(): readonly string[];
  /** In the order in which they are listed: newest push first. Null: no such repository. */
  manifests(repository: string): readonly HeldManifest[] | null;
  /** False: there was none. */
  deleteManifest(repository: string, digest: string): boolean;
  deleteTag(repository: string, tag: string): boolean;
  /** Really removes what a collection of this type removes. */
  collect(type: GcType): { readonly blobs: number; readonly bytes: number };
}

/** Content without bytes, for all that the API alone can tell. */
export class HeldContent implements RegistryContent {
  readonly held = new Map<string, HeldManifest[]>();
  readonly #stored = new Map<Digest, number>();

  /** Pushes to the front of the list, as a push does; a tag leaves the manifest that had it. */
  push(repository: string, manifest: HeldManifest): void {
    const others = (this.held.get(repository) ?? []).filter(({ digest }) => digest !== manifest.digest);
    const untagged = others.map((other) => ({ ...other, tags: without(other.tags, manifest.tags) }));
    this.held.set(repository, [manifest, ...untagged]);
    for (const { digest, bytes } of manifest.blobs) this.#stored.set(digest, bytes);
  }

  repositories(): readonly string[] {
    return [...this.held.keys()];
  }

  manifests(repository: string): readonly HeldManifest[] | null {
    return this.held.get(repository) ?? null;
  }

  deleteManifest(repository: string, digest: string): boolean {
    const manifests = this.held.get(repository) ?? [];
    const left = manifests.filter((manifest) => manifest.digest !== digest);
    if (this.held.has(repository)) this.held.set(repository, left);
    return left.length < manifests.length;
  }

  deleteTag(repository: string, tag: string): boolean {
    const manifests = this.held.get(repository) ?? [];
    const had = manifests.some(({ tags }) => tags.includes(tag));
    const left = manifests.map((manifest) => ({ ...manifest, tags: without(manifest.tags, [tag]) }));
    if (had) this.held.set(repository, left);
    return had;
  }

  collect(type: GcType): { readonly blobs: number; readonly bytes: number } {
    if (type !== "unreferenced blobs only") this.#dropUntagged();
    if (type === "untagged manifests only") return { blobs: 0, bytes: 0 };
    const used = new Set([...this.held.values()].flat().flatMap(({ blobs }) => blobs.map(({ digest }) => digest)));
    const unused = [...this.#stored].filter(([digest]) => !used.has(digest));
    for (const [digest] of unused) this.#stored.delete(digest);
    return { blobs: unused.length, bytes: unused.reduce((sum, [, bytes]) => sum + bytes, 0) };
  }

  /** Whether an index keeps its children is documented nowhere; the collector that this grew from did not look. */
  #dropUntagged(): void {
    for (const [name, manifests] of this.held) {
      const tagged = manifests.filter(({ tags }) => tags.length > 0);
      this.held.set(name, tagged);
    }
  }
}

function without(tags: readonly string[], gone: readonly string[]): readonly string[] {
  return tags.filter((tag) => !gone.includes(tag));
}
