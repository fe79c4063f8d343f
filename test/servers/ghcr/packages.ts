import { createHash } from "node:crypto";
import { type Digest, isDigest } from "../../../src/digest.ts";

/** One version of a container package: a manifest. Times are milliseconds since the epoch. */
export interface PackageVersion {
  readonly id: number;
  readonly digest: Digest;
  readonly tags: readonly string[];
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly downloads: number;
  /** Null: it exists. */
  readonly deletedAt: number | null;
}

export interface ContainerPackage {
  readonly id: number;
  readonly name: string;
  readonly visibility: "public" | "private";
  /** Newest first, including deleted ones. */
  versions: readonly PackageVersion[];
}

/** The options of a push. */
export interface PushOptions {
  readonly tags?: readonly string[];
  readonly at?: number;
  readonly downloads?: number;
}

const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const PUSHED_AT = Date.UTC(2026, 9, 1);
/** GitHub does not delete public versions with more downloads. */
const MAX_DOWNLOADS = 5_000;

/** Why GitHub refuses to delete a version. */
export type Refusal = "last tagged" | "downloads";

/** The container packages of one owner, behind both the packages API and the OCI endpoint. */
export class Packages {
  readonly #packages = new Map<string, ContainerPackage>();
  #lastId = 0;

  all(): readonly ContainerPackage[] {
    return [...this.#packages.values()];
  }

  get(name: string): ContainerPackage | null {
    return this.#packages.get(name) ?? null;
  }

  create(name: string, visibility: ContainerPackage["visibility"] = "public"): ContainerPackage {
    const known = this.#packages.get(name);
    if (known !== undefined) return known;
    this.#lastId += 1;
    const made: ContainerPackage = { id: this.#lastId, name, visibility, versions: [] };
    this.#packages.set(name, made);
    return made;
  }

  /** Pushes an image. Its content depends on `label` and `subject`. */
  pushImage(name: string, label: string, options: PushOptions & { readonly subject?: Digest } = {}): Digest {
    return this.#push(name, IMAGE, imageBytes(label, options.subject), options);
  }

  /** Pushes an index of `children`. */
  pushIndex(name: string, label: string, children: readonly Digest[], options: PushOptions = {}): Digest {
    return this.#push(name, INDEX, indexBytes(label, children), options);
  }

  /** Pushes a manifest with any bytes. */
  pushManifest(name: string, mediaType: string, bytes: Buffer, options: PushOptions = {}): Digest {
    return this.#push(name, mediaType, bytes, options);
  }

  /** Moves a tag to an existing manifest. Its times do not change. */
  tag(name: string, digest: Digest, tag: string): void {
    const stored = this.create(name);
    stored.versions = stored.versions.map((version) => {
      const others = version.tags.filter((other) => other !== tag);
      return { ...version, tags: version.digest === digest ? [...others, tag] : others };
    });
  }

  /** Returns an existing manifest by tag or digest. */
  find(name: string, reference: string): PackageVersion | null {
    return active(this.get(name)).find(({ digest, tags }) => digest === reference || tags.includes(reference)) ?? null;
  }

  refusal(name: string, version: PackageVersion): Refusal | null {
    const stored = this.get(name);
    const tagged = active(stored).filter(({ tags }) => tags.length > 0);
    if (version.tags.length > 0 && tagged.length === 1) return "last tagged";
    return stored?.visibility === "public" && version.downloads > MAX_DOWNLOADS ? "downloads" : null;
  }

  /** Marks a version as deleted, or as restored if `deletedAt` is null. */
  setDeleted(name: string, id: number, deletedAt: number | null): void {
    const stored = this.get(name);
    if (stored === null) return;
    stored.versions = stored.versions.map((version) => (version.id === id ? { ...version, deletedAt } : version));
  }

  #push(
    name: string,
    mediaType: string,
    bytes: Buffer,
    { tags = [], at = PUSHED_AT, downloads = 0 }: PushOptions,
  ): Digest {
    const stored = this.create(name);
    const digest = digestOf(bytes);
    this.#lastId += 1;
    const version = { digest, tags, mediaType, bytes, createdAt: at, updatedAt: at, downloads, deletedAt: null };
    const others = stored.versions.filter((other) => other.digest !== digest);
    const moved = others.map((other) =>
      other.tags.some((tag) => tags.includes(tag))
        ? { ...other, tags: other.tags.filter((tag) => !tags.includes(tag)) }
        : other,
    );
    stored.versions = [{ ...version, id: this.#lastId }, ...moved];
    return digest;
  }
}

/** Returns the versions that are not deleted. */
export function active(stored: ContainerPackage | null): readonly PackageVersion[] {
  return (stored?.versions ?? []).filter(({ deletedAt }) => deletedAt === null);
}

function digestOf(bytes: Buffer): Digest {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (!isDigest(digest)) throw new Error(`${digest} is not a digest`);
  return digest;
}

function descriptor(mediaType: string, content: string): object {
  return { mediaType, digest: digestOf(Buffer.from(content)), size: content.length };
}

function imageBytes(label: string, subject: Digest | undefined): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: IMAGE,
      config: descriptor("application/vnd.oci.image.config.v1+json", `${label} config`),
      layers: [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", `${label} layer`)],
      ...(subject === undefined ? {} : { subject: { mediaType: IMAGE, digest: subject, size: 500 } }),
    }),
  );
}

function indexBytes(label: string, children: readonly Digest[]): Buffer {
  const manifests = children.map((digest, index) => ({
    mediaType: IMAGE,
    digest,
    size: 500,
    platform: { os: "linux", architecture: index === 0 ? "amd64" : "arm64" },
  }));
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests, annotations: { label } }));
}
