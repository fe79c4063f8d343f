import { crc32 } from "node:zlib";
import type { Digest } from "../../src/digest.ts";
import { type RegistryStore, sha256 } from "./oci/store.ts";

export const IMAGE = "application/vnd.oci.image.manifest.v1+json";
export const INDEX = "application/vnd.oci.image.index.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const EMPTY = "application/vnd.oci.empty.v1+json";
const IN_TOTO = "application/vnd.in-toto+json";

export interface Push {
  readonly repository: string;
  readonly tags?: readonly string[];
  /** Milliseconds since the epoch; default: now. */
  readonly pushedAt?: number;
  /** When the image was created, in its config, as RFC 3339; default: the config does not say. */
  readonly created?: string;
}

export interface ImagePush extends Push {
  /** Makes the content of the image unique. */
  readonly seed: string;
  readonly architecture?: string;
  /** Bytes of the layer that only this image uses. */
  readonly layerBytes?: number;
  readonly subject?: Digest;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Pushes an image with a base layer that all images share and a second layer. Returns its digest. */
export function pushImage(store: RegistryStore, image: ImagePush): Digest {
  const { seed, architecture = "amd64", layerBytes = 2_000 } = image;
  const base = layer("base layer ", 5_000);
  const top = layer(`layer of ${seed} `, layerBytes);
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: "linux",
      ...(image.created === undefined ? {} : { created: image.created }),
      config: { Labels: { seed } },
      rootfs: { type: "layers", diff_ids: [base.diffId, top.diffId] },
    }),
  );
  return pushManifest(store, image, IMAGE, {
    config: descriptor(CONFIG, store.putBlob(config), config.length),
    layers: [base, top].map(({ bytes }) => descriptor(LAYER, store.putBlob(bytes), bytes.length)),
    ...subjectOf(store, image),
    ...(image.annotations === undefined ? {} : { annotations: image.annotations }),
  });
}

/** Bytes that gzip adds to one stored block: header, block header, checksum and length (RFC 1952, RFC 1951 3.2.4). */
const GZIP_OVERHEAD = 10 + 5 + 8;
const MAX_BLOCK = 65_535;

/**
 * Returns a layer of `size` bytes in gzip format: clients compress other layers, which changes their digests. Its blocks are
 * stored uncompressed, so that size and digest do not depend on the version of zlib.
 */
function layer(text: string, size: number): { readonly bytes: Buffer; readonly diffId: Digest } {
  const blocks = Math.max(1, Math.ceil((size - 18) / (MAX_BLOCK + 5)));
  const length = size - GZIP_OVERHEAD - (blocks - 1) * 5;
  if (length < 0) throw new RangeError(`a layer has at least ${GZIP_OVERHEAD} bytes, not ${size}`);
  const content = Buffer.alloc(length, text);
  const parts: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])];
  for (let block = 0; block < blocks; block += 1) {
    const stored = content.subarray(block * MAX_BLOCK, (block + 1) * MAX_BLOCK);
    const head = Buffer.from([block === blocks - 1 ? 1 : 0, 0, 0, 0, 0]);
    head.writeUInt16LE(stored.length, 1);
    head.writeUInt16LE(stored.length ^ 0xffff, 3);
    parts.push(head, stored);
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(content), 0);
  tail.writeUInt32LE(length, 4);
  return { bytes: Buffer.concat([...parts, tail]), diffId: sha256(content) };
}

/** Pushes an index. Its children may be missing in the repository. Returns its digest. */
export function pushIndex(
  store: RegistryStore,
  push: Push & { readonly children: readonly Digest[]; readonly annotations?: Readonly<Record<string, string>> },
): Digest {
  const manifests = push.children.map((digest) => {
    const child = store.resolve(push.repository, digest);
    return descriptor(child?.mediaType ?? IMAGE, digest, child?.bytes.length ?? 500);
  });
  const annotations = push.annotations === undefined ? {} : { annotations: push.annotations };
  return pushManifest(store, push, INDEX, { manifests, ...annotations });
}

export interface MultiArchPush extends Push {
  readonly seed: string;
  readonly architectures?: readonly string[];
  /** One attestation per architecture, as BuildKit adds them; default: none. */
  readonly attestations?: "with" | "without";
  /** Of the attestations' in-toto statement (SLSA provenance); default: none. */
  readonly predicate?: unknown;
}

/** Pushes a multi-platform image as BuildKit does: first the children by digest, then the index by tag. */
export function pushMultiArch(
  store: RegistryStore,
  push: MultiArchPush,
): { readonly index: Digest; readonly children: readonly Digest[] } {
  const { repository, seed, architectures = ["amd64", "arm64"] } = push;
  const when = {
    ...(push.pushedAt === undefined ? {} : { pushedAt: push.pushedAt }),
    ...(push.created === undefined ? {} : { created: push.created }),
  };
  const images = architectures.map((architecture) =>
    pushImage(store, { repository, seed: `${seed} ${architecture}`, architecture, ...when }),
  );
  const attestations =
    push.attestations === "with"
      ? images.map((image) => pushAttestation(store, { repository, ...when }, image, push.predicate))
      : [];
  const children = [...images, ...attestations];
  return { index: pushIndex(store, { ...push, children }), children };
}

function pushAttestation(store: RegistryStore, push: Push, image: Digest, predicate?: unknown): Digest {
  const statement = store.putBlob(
    Buffer.from(JSON.stringify({ _type: "https://in-toto.io/Statement/v0.1", subject: image, predicate })),
  );
  const config = store.putBlob(Buffer.from(JSON.stringify({ architecture: "unknown", os: "unknown" })));
  return pushManifest(store, push, IMAGE, {
    config: descriptor(CONFIG, config, store.blob(config)?.length ?? 0),
    layers: [descriptor(IN_TOTO, statement, store.blob(statement)?.length ?? 0)],
  });
}

export interface ReferrerPush {
  readonly repository: string;
  readonly subject: Digest;
  readonly artifactType: string;
  readonly pushedAt?: number;
  /**
   * How it is attached: by `subject` only; by `subject` and the `sha256-…` tag of an index that lists it (for registries
   * without a referrers API); or by cosign's tag only.
   */
  readonly by: "subject" | "referrers-tag" | "cosign-tag";
}

/** Attaches a referrer, such as a signature, to a manifest. Returns the referrer's digest. */
export function pushReferrer(store: RegistryStore, push: ReferrerPush): Digest {
  const { repository, subject, artifactType, by } = push;
  const when = push.pushedAt === undefined ? {} : { pushedAt: push.pushedAt };
  const config = Buffer.from("{}");
  const layer = Buffer.from(`${artifactType} of ${subject}`);
  const tag = subject.replace(":", "-");
  const digest = pushManifest(store, { repository, tags: by === "cosign-tag" ? [`${tag}.sig`] : [], ...when }, IMAGE, {
    artifactType,
    config: descriptor(EMPTY, store.putBlob(config), config.length),
    layers: [descriptor(artifactType, store.putBlob(layer), layer.length)],
    ...(by === "cosign-tag" ? {} : subjectOf(store, { repository, subject })),
  });
  if (by === "referrers-tag") pushIndex(store, { repository, tags: [tag], children: [digest], ...when });
  return digest;
}

function subjectOf(store: RegistryStore, { repository, subject }: { repository: string; subject?: Digest }): object {
  if (subject === undefined) return {};
  const manifest = store.resolve(repository, subject);
  return { subject: descriptor(manifest?.mediaType ?? IMAGE, subject, manifest?.bytes.length ?? 500) };
}

function pushManifest(store: RegistryStore, push: Push, mediaType: string, fields: object): Digest {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...fields }));
  const digest = store.putManifest(push.repository, null, bytes, mediaType, push.pushedAt ?? store.now());
  for (const tag of push.tags ?? []) store.tag(push.repository, tag, digest);
  return digest;
}

function descriptor(mediaType: string, digest: Digest, size: number): object {
  return { mediaType, digest, size };
}

/** Returns a digest that no test content has. */
export function digestOfNothing(seed: string): Digest {
  return sha256(`nothing ${seed}`);
}
