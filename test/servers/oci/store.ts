import { createHash } from "node:crypto";
import { type Clock, systemClock } from "../../../src/clock.ts";
import { type Digest, isDigest } from "../../../src/digest.ts";

/** A manifest as it was pushed. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly bytes: Buffer;
  readonly mediaType: string;
  /** Milliseconds since the epoch. */
  readonly pushedAt: number;
}

/** The references of a manifest. */
export interface References {
  readonly children: readonly Digest[];
  readonly blobs: readonly { readonly digest: Digest; readonly bytes: number }[];
  readonly subject: Digest | null;
  /** Of a manifest without the field, the type of its config. */
  readonly artifactType: string | null;
  readonly annotations: Readonly<Record<string, string>> | null;
}

interface StoredRepository {
  readonly manifests: Map<Digest, StoredManifest>;
  readonly tags: Map<string, Digest>;
  /** Deleted manifests whose tags can still be pulled. */
  readonly deleted: Map<Digest, StoredManifest>;
  /** Whether a tag was ever pushed. */
  wasTagged: boolean;
}

/** Returns the sha256 digest of bytes. */
export function sha256(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Returns the digest of bytes by the algorithm of `like`; sha256 if that is no digest. */
export function digestBy(like: string, bytes: Uint8Array): Digest {
  return like.startsWith("sha512:") ? `sha512:${createHash("sha512").update(bytes).digest("hex")}` : sha256(bytes);
}

/** The content of a registry, in memory: manifests and tags by repository, and blobs. Deletions check no references. */
export class RegistryStore {
  readonly #clock: Pick<Clock, "now">;
  readonly #repositories = new Map<string, StoredRepository>();
  readonly #blobs = new Map<Digest, Buffer>();

  constructor(clock: Pick<Clock, "now"> = systemClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  /** @param like a digest of the wanted algorithm */
  putBlob(bytes: Buffer, like = "sha256:"): Digest {
    const digest = digestBy(like, bytes);
    this.#blobs.set(digest, bytes);
    return digest;
  }

  blob(digest: string): Buffer | null {
    return isDigest(digest) ? (this.#blobs.get(digest) ?? null) : null;
  }

  /** Stores a manifest and, if `reference` is a tag, points the tag to it. */
  putManifest(
    repository: string,
    reference: string | null,
    bytes: Buffer,
    mediaType: string,
    pushedAt: number = this.#clock.now(),
  ): Digest {
    const digest = digestBy(reference ?? "", bytes);
    this.#open(repository).manifests.set(digest, { digest, bytes, mediaType, pushedAt });
    if (reference !== null && !isDigest(reference)) this.tag(repository, reference, digest);
    return digest;
  }

  tag(repository: string, tag: string, digest: Digest): void {
    const stored = this.#open(repository);
    stored.tags.set(tag, digest);
    stored.wasTagged = true;
  }

  /** Creates an empty repository, if it does not exist. */
  create(repository: string): void {
    this.#open(repository);
  }

  wasTagged(repository: string): boolean {
    return this.#repositories.get(repository)?.wasTagged ?? false;
  }

  resolve(repository: string, reference: string): StoredManifest | null {
    const stored = this.#repositories.get(repository);
    if (isDigest(reference)) return stored?.manifests.get(reference) ?? null;
    const digest = stored?.tags.get(reference);
    if (digest === undefined) return null;
    return stored?.manifests.get(digest) ?? stored?.deleted.get(digest) ?? null;
  }

  /** Deletes a manifest with its tags, or `kept`: its tags can still be pulled. Returns false if it does not exist. */
  deleteManifest(repository: string, digest: string, tags: "deleted" | "kept" = "deleted"): boolean {
    const stored = this.#repositories.get(repository);
    const manifest = this.resolve(repository, digest);
    if (stored === undefined || manifest === null || !isDigest(digest) || !stored.manifests.delete(digest))
      return false;
    if (tags === "kept") stored.deleted.set(digest, manifest);
    else for (const [tag, target] of stored.tags) if (target === digest) stored.tags.delete(tag);
    return true;
  }

  deleteTag(repository: string, tag: string): boolean {
    return this.#repositories.get(repository)?.tags.delete(tag) ?? false;
  }

  repositories(): readonly string[] {
    return [...this.#repositories.keys()].sort();
  }

  has(repository: string): boolean {
    return this.#repositories.has(repository);
  }

  manifests(repository: string): readonly StoredManifest[] {
    return [...(this.#repositories.get(repository)?.manifests.values() ?? [])];
  }

  /** In lexical order. */
  tags(repository: string): readonly string[] {
    return [...(this.#repositories.get(repository)?.tags.keys() ?? [])].sort();
  }

  /** In the order of their first push. */
  pushedTags(repository: string): readonly string[] {
    return [...(this.#repositories.get(repository)?.tags.keys() ?? [])];
  }

  tagsOf(repository: string, digest: Digest): readonly string[] {
    const tags = this.#repositories.get(repository)?.tags ?? new Map<string, Digest>();
    return [...tags].filter(([, target]) => target === digest).map(([tag]) => tag);
  }

  referrersOf(repository: string, subject: string): readonly StoredManifest[] {
    return this.manifests(repository).filter((manifest) => referencesOf(manifest.bytes).subject === subject);
  }

  /** Deletes the blobs that no manifest references. */
  collectGarbage(): { readonly blobs: number; readonly bytes: number } {
    const used = new Set<Digest>();
    for (const name of this.#repositories.keys()) {
      for (const { bytes } of this.manifests(name))
        for (const { digest } of referencesOf(bytes).blobs) used.add(digest);
    }
    let blobs = 0;
    let freed = 0;
    for (const [digest, bytes] of this.#blobs) {
      if (used.has(digest)) continue;
      this.#blobs.delete(digest);
      blobs += 1;
      freed += bytes.length;
    }
    return { blobs, bytes: freed };
  }

  #open(repository: string): StoredRepository {
    const stored = this.#repositories.get(repository) ?? {
      manifests: new Map(),
      tags: new Map(),
      deleted: new Map(),
      wasTagged: false,
    };
    this.#repositories.set(repository, stored);
    return stored;
  }
}

interface ManifestJson {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly config?: { readonly mediaType?: string; readonly digest: string; readonly size: number };
  readonly layers?: readonly { readonly mediaType?: string; readonly digest: string; readonly size: number }[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: { readonly digest: string };
  readonly artifactType?: string;
}

/** Layers that clients get from other places (OCI image-spec, layer.md, "Non-Distributable Layers"). */
const NOT_DISTRIBUTED = /layer\.nondistributable\.|rootfs\.foreign\./;

/** Returns the references of a manifest. Ignores invalid digests, and layers that the registry need not have. */
export function referencesOf(bytes: Buffer): References {
  const json: ManifestJson = JSON.parse(bytes.toString("utf8"));
  const layers = (json.layers ?? []).filter(({ mediaType }) => !NOT_DISTRIBUTED.test(mediaType ?? ""));
  const blobs = [...(json.config === undefined ? [] : [json.config]), ...layers];
  return {
    children: (json.manifests ?? []).map(({ digest }) => digest).filter(isDigest),
    blobs: blobs.flatMap(({ digest, size }) => (isDigest(digest) ? [{ digest, bytes: size }] : [])),
    subject: json.subject !== undefined && isDigest(json.subject.digest) ? json.subject.digest : null,
    artifactType: json.artifactType ?? json.config?.mediaType ?? null,
    annotations: json.annotations ?? null,
  };
}
