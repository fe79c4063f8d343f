import type { Digest } from "../digest.ts";

/** A blob as a registry lists it; the size in bytes as stored. */
export interface Blob {
  readonly digest: Digest;
  readonly sizeBytes: number | null;
}

/** One manifest as the registry lists it. */
export interface ListedManifest {
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** When it was pushed, in milliseconds since the epoch; null: the list does not say. */
  readonly pushedAt: number | null;
  /** The size in bytes; null: the list does not say. */
  readonly sizeBytes: number | null;
  /** Its blobs; null: the list does not say. */
  readonly blobs: readonly Blob[] | null;
  /** GitHub's id of the package version, which deletes and restores it. */
  readonly versionId?: number;
}

/** An entry of an index, or a config or layer: as in the OCI image-spec, descriptor.md. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** What a manifest's own bytes say. The bytes were checked against the digest. */
export interface ManifestContent {
  readonly mediaType: string;
  readonly kind: "image" | "index";
  /** The manifests that an index lists; empty for an image. */
  readonly children: readonly Descriptor[];
  /** The manifest that this one is attached to (OCI image-spec 1.1). */
  readonly subject: Digest | null;
  /** Config and layers; of an index, those that it lists itself, as a build cache does. */
  readonly blobs: readonly Descriptor[];
  /** The descriptor of the config, from which a creation time can be read; null for an index. */
  readonly config: Descriptor | null;
  /** The annotation `org.opencontainers.image.created`, in milliseconds since the epoch; null: none. */
  readonly annotatedAt: number | null;
  /** Length of the manifest's own bytes. */
  readonly sizeBytes: number;
}

/** A manifest that was asked for and could not be read; `reason` is a sentence for the user. */
export interface Unreadable {
  readonly unreadable: string;
}

/** `missing`: asked for by digest, and answered 404. */
export type Known = ManifestContent | Unreadable | "missing";

/**
 * Whether an entry of media type `type` may itself list manifests. It is told by whoever pushed the index: only what names
 * an image's manifest, or no manifest at all (the layers of a build cache), cannot.
 */
export function mayListManifests(type: string): boolean {
  return !IMAGE_TYPES.includes(type) && (type === "" || /manifest|index|list/i.test(type));
}

const IMAGE_TYPES: readonly string[] = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** Whether media type `type` is that of an index: OCI, or Docker's manifest list. */
export function isIndexType(type: string): boolean {
  return (
    type === "application/vnd.oci.image.index.v1+json" ||
    type === "application/vnd.docker.distribution.manifest.list.v2+json"
  );
}
