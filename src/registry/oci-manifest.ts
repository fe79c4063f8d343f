import { createHash } from "node:crypto";
import * as v from "valibot";
import { Fault } from "../fault.ts";
import { type Descriptor, type Digest, isDigest, isIndexType, type ManifestContent } from "../plan/manifest.ts";

/** The manifests that there are, and the only ones that may come back (OCI image-spec; Docker's schema 2). */
export const MANIFEST_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
] as const;

/** Larger ones are refused: registries must take 4 MiB (OCI distribution-spec, "Pushing Manifests"), and none needs more. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

const DigestText = v.pipe(
  v.string(),
  v.check((text) => isDigest(text), "no sha256 or sha512 digest"),
);
const DescriptorShape = v.object({
  mediaType: v.optional(v.string(), ""),
  digest: DigestText,
  size: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
});
const ManifestShape = v.object({
  mediaType: v.optional(v.string()),
  schemaVersion: v.optional(v.number()),
  manifests: v.nullish(v.array(DescriptorShape)),
  layers: v.nullish(v.array(DescriptorShape)),
  config: v.nullish(DescriptorShape),
  subject: v.nullish(v.object({ digest: DigestText })),
  annotations: v.nullish(v.record(v.string(), v.unknown())),
});

/**
 * What a manifest's bytes say.
 *
 * @param bytes as they came; @param contentType of the answer, which counts where the manifest names no type itself
 * @param where `GET https://…`, for errors
 * @throws Fault `listing` for anything but one of the four types, or entries without a proper digest
 */
export function parseManifest(bytes: Buffer, contentType: string | undefined, where: string): ManifestContent {
  const parsed = v.safeParse(ManifestShape, parseJson(bytes, contentType, where));
  if (!parsed.success) throw unusable(where, `is no manifest: ${v.summarize(parsed.issues).slice(0, 200)}`);
  const manifest = parsed.output;
  const mediaType = manifest.mediaType ?? bareType(contentType);
  if (mediaType !== bareType(contentType) || !MANIFEST_TYPES.some((known) => known === mediaType)) {
    const said = manifest.mediaType === undefined ? "" : `, and calls itself ${manifest.mediaType}`;
    throw unusable(where, `came as ${contentType ?? "no Content-Type"}${said}: that is no manifest of today`);
  }
  const isIndex = isIndexType(mediaType);
  const config = manifest.config ? descriptorOf(manifest.config) : null;
  const layers = (manifest.layers ?? []).map(descriptorOf);
  return {
    mediaType,
    kind: isIndex ? "index" : "image",
    children: isIndex ? (manifest.manifests ?? []).map(descriptorOf) : [],
    subject: manifest.subject ? digestOf(manifest.subject.digest) : null,
    blobs: isIndex ? [] : [...(config === null ? [] : [config]), ...layers],
    config: isIndex ? null : config,
    annotatedAt: timeOf(manifest.annotations?.["org.opencontainers.image.created"]),
    sizeBytes: bytes.length,
  };
}

function parseJson(bytes: Buffer, contentType: string | undefined, where: string): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw unusable(where, `came as ${contentType ?? "no Content-Type"} and is no JSON`, cause);
  }
}

/** The digest of `bytes` by the algorithm of `like`. */
export function digestOfBytes(bytes: Uint8Array, like: Digest | null): Digest {
  const algorithm = like?.startsWith("sha512:") ? "sha512" : "sha256";
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/** An RFC 3339 time in milliseconds since the epoch; null: none. */
export function timeOf(value: unknown): number | null {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

function descriptorOf({ mediaType, digest, size }: v.InferOutput<typeof DescriptorShape>): Descriptor {
  return { mediaType, digest: digestOf(digest), sizeBytes: size };
}

function digestOf(text: string): Digest {
  if (!isDigest(text)) throw new TypeError(`${text} is no digest`);
  return text;
}

function bareType(contentType: string | undefined): string {
  return (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

function unusable(where: string, what: string, cause?: unknown): Fault {
  return new Fault("listing", `The answer to ${where} ${what}`, "Check that this is a registry's OCI endpoint.", {
    cause,
  });
}
