import type { Digest } from "../digest.ts";

/** A blob that a registry lists. Its size is that of the stored, compressed bytes. */
export interface Blob {
  readonly digest: Digest;
  readonly sizeBytes: number | null;
}

/** A manifest that a registry lists. */
export interface ListedManifest {
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** When it was pushed, in milliseconds since the epoch; null: the list does not say. */
  readonly pushedAt: number | null;
  /** The size in bytes; null: the list does not say. */
  readonly sizeBytes: number | null;
  /** Its blobs; null: the list does not say. */
  readonly blobs: readonly Blob[] | null;
  /** GitHub's id of the package version, by which it is deleted and restored. */
  readonly versionId?: number;
}

/** A descriptor of a manifest, config or layer (OCI image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** A parsed manifest. Its bytes were verified against its digest. */
export interface ManifestContent {
  readonly mediaType: string;
  readonly kind: "image" | "index";
  /** The manifests that an index lists; empty for an image. */
  readonly children: readonly Descriptor[];
  /** The manifest that this one is attached to (OCI image-spec 1.1). */
  readonly subject: Digest | null;
  /** Config and layers. An index has some if it is a build cache, which lists layers instead of manifests. */
  readonly blobs: readonly Descriptor[];
  /** Null for an index. */
  readonly config: Descriptor | null;
  /** The annotation `org.opencontainers.image.created`, in milliseconds since the epoch; null: none. */
  readonly annotatedAt: number | null;
  /** The annotation `org.opencontainers.image.source`: the address of the Git repository; null: none. */
  readonly source: string | null;
  /** The size of the manifest, without its blobs. */
  readonly sizeBytes: number;
}

/** A manifest that could not be read. `unreadable` is the reason, as a sentence for users. */
export interface Unreadable {
  readonly unreadable: string;
}

/** The result of reading a manifest by digest; `missing`: the registry returned 404. */
export type Known = ManifestContent | Unreadable | "missing";

/**
 * Returns whether a child with media type `type` can list manifests. The client that pushed the index chose the type, so
 * all types can, except those of image manifests and of layers.
 */
export function mayListManifests(type: string): boolean {
  return !IMAGE_TYPES.includes(type) && (type === "" || /manifest|index|list/i.test(type));
}

export const IMAGE_TYPES: readonly string[] = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

export const INDEX_TYPES: readonly string[] = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** Returns whether `type` is the media type of an OCI index or a Docker manifest list. */
export function isIndexType(type: string): boolean {
  return INDEX_TYPES.includes(type);
}
