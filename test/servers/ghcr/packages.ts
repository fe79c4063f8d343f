import { createHash } from "node:crypto";
import { type Digest, isDigest } from "../../../src/digest.ts";

/** One version of a container package: a manifest. Times are milliseconds since the epoch. */
export interface PlayedVersion {
  readonly id: number;
  readonly digest: Digest;
  readonly tags: readonly string[];
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly downloads: number;
  /** Null: it is there. */
  readonly deletedAt: number | null;
}

export interface PlayedPackage {
  readonly id: number;
  readonly name: string;
  readonly visibility: "public" | "private";
  /** Newest first, deleted ones among them. */
  versions: readonly PlayedVersion[];
}

/** What may be told of a push. */
export interface Push {
  readonly tags?: readonly string[];
  readonly at?: number;
  readonly downloads?: number;
}

const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const PUSHED_AT = Date.UTC(2026, 9, 1);
/** Public versions of more downloads than this stay. */
const MOST_DOWNLOADS = 5_000;

/** Why GitHub deletes a version no more; in its own words. */
export type Refusal = "last tagged" | "downloads";

/** The container packages of one owner: what the packages API and the OCI endpoint both tell of. */
export class Packages {
  readonly #packages = new Map<string, PlayedPackage>();
  #lastId = 0;

  all(): readonly PlayedPackage[] {
    return [...this.#packages.values()];
  }

  get(name: string): PlayedPackage | null {
    return this.#packages.get(name) ?? null;
  }

  create(name: string, visibility: PlayedPackage["visibility"] = "public"): PlayedPackage {
    const known = this.#packages.get(name);
    if (known !== undefined) return known;
    this.#lastId += 1;
    const made: PlayedPackage = { id: this.#lastId, name, visibility, versions: [] };
    this.#packages.set(name, made);
    return made;
  }

  /** Pushes an image of its own bytes, called `label`. */
  pushImage(name: string, label: string, push: Push & { readonly subject?: Digest } = {}): Digest {
    return this.#push(name, IMAGE, imageBytes(label, push.subject), push);
  }

  /** Pushes an index of those children. */
  pushIndex(name: string, label: string, children: readonly Digest[], push: Push = {}): Digest {
    return this.#push(name, INDEX, indexBytes(label, children), push);
  }

  /** Pushes a manifest of any bytes. */
  pushManifest(name: string, mediaType: string, bytes: Buffer, push: Push = {}): Digest {
    return this.#push(name, mediaType, bytes, push);
  }

  /** A manifest that is there; by tag or digest. */
  find(name: string, reference: string): PlayedVersion | null {
    return active(this.get(name)).find(({ digest, tags }) => digest === reference || tags.includes(reference)) ?? null;
  }

  refusal(name: string, version: PlayedVersion): Refusal | null {
    const held = this.get(name);
    const tagged = active(held).filter(({ tags }) => tags.length > 0);
    if (version.tags.length > 0 && tagged.length === 1) return "last tagged";
    return held?.visibility === "public" && version.downloads > MOST_DOWNLOADS ? "downloads" : null;
  }

  /** Marks a version as deleted, or, with null, as there again. */
  setDeleted(name: string, id: number, deletedAt: number | null): void {
    const held = this.get(name);
    if (held === null) return;
    held.versions = held.versions.map((version) => (version.id === id ? { ...version, deletedAt } : version));
  }

  #push(name: string, mediaType: string, bytes: Buffer, { tags = [], at = PUSHED_AT, downloads = 0 }: Push): Digest {
    const held = this.create(name);
    const digest = digestOf(bytes);
    this.#lastId += 1;
    const version = { digest, tags, mediaType, bytes, createdAt: at, updatedAt: at, downloads, deletedAt: null };
    const others = held.versions.filter((other) => other.digest !== digest);
    const moved = others.map((other) =>
      other.tags.some((tag) => tags.includes(tag))
        ? { ...other, tags: other.tags.filter((tag) => !tags.includes(tag)) }
        : other,
    );
    held.versions = [{ ...version, id: this.#lastId }, ...moved];
    return digest;
  }
}

/** The versions that are there. */
export function active(held: PlayedPackage | null): readonly PlayedVersion[] {
  return (held?.versions ?? []).filter(({ deletedAt }) => deletedAt === null);
}

function digestOf(bytes: Buffer): Digest {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (!isDigest(digest)) throw new Error(`${digest} is no digest`);
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
