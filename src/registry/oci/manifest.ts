import { createHash } from "node:crypto";
import * as v from "valibot";
import { type Digest, isDigest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import { type Descriptor, isIndexType, type ManifestContent } from "../manifest.ts";
import { timeOf } from "../stable-list.ts";

/** The manifests that there are, and the only ones that may come back (OCI image-spec; Docker's schema 2). */
export const MANIFEST_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
] as const;

/** Larger ones are refused: registries must take 4 MiB (OCI distribution-spec, "Pushing Manifests"), and none needs more. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/**
 * What an index may list besides manifests: BuildKit's registry cache is an index of layers and a config of its own
 * (moby/buildkit, `image-manifest=false`).
 */
const BLOB_TYPES =
  /^application\/vnd\.(?:oci\.image\.(?:layer|config)|docker\.(?:image\.rootfs|container\.image)|buildkit\.cacheconfig)\./;

/** A digest as it enters. */
export const DigestShape = v.custom<Digest>(
  (text) => typeof text === "string" && isDigest(text),
  "no sha256 or sha512 digest",
);
const DescriptorShape = v.object({
  mediaType: v.optional(v.string(), ""),
  digest: DigestShape,
  size: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
});
const ManifestShape = v.object({
  mediaType: v.optional(v.string()),
  schemaVersion: v.optional(v.number()),
  manifests: v.nullish(v.array(DescriptorShape)),
  layers: v.nullish(v.array(DescriptorShape)),
  config: v.nullish(DescriptorShape),
  subject: v.nullish(v.object({ digest: DigestShape })),
  annotations: v.nullish(v.record(v.string(), v.unknown())),
});

type Manifest = v.InferOutput<typeof ManifestShape>;

/**
 * What a manifest's bytes say.
 *
 * @param bytes as they came; @param contentType of the answer, which counts where the manifest names no type itself
 * @param where `GET https://…`, for errors
 * @throws Fault `listing` for anything but one of the four types, or entries without a proper digest
 */
export function parseManifest(bytes: Buffer, contentType: string | undefined, where: string): ManifestContent {
  // Of the many errors that 4 MiB can hold, the first will do.
  const parsed = v.safeParse(ManifestShape, parseJson(bytes, contentType, where), { abortEarly: true });
  if (!parsed.success) throw unusable(where, `is no manifest: ${v.summarize(parsed.issues).slice(0, 200)}`);
  const manifest = parsed.output;
  const mediaType = mediaTypeOf(manifest, contentType, where);
  const isIndex = isIndexType(mediaType);
  // What may have children must say which: `null` says none, silence may be anything's.
  if (isIndex && manifest.manifests === undefined)
    throw unusable(where, "is no manifest: an index without `manifests`");
  if (isIndex ? manifest.layers || manifest.config : manifest.manifests) {
    // What has two readings is read as neither: a registry and a runtime may differ on what it needs (CVE-2021-41190).
    throw unusable(where, "has the entries of an index and those of an image");
  }
  const config = manifest.config ? descriptorOf(manifest.config) : null;
  const layers = (manifest.layers ?? []).map(descriptorOf);
  const entries = (manifest.manifests ?? []).map(descriptorOf);
  const isBlob = (entry: Descriptor): boolean => BLOB_TYPES.test(entry.mediaType);
  const created = manifest.annotations?.["org.opencontainers.image.created"];
  return {
    mediaType,
    kind: isIndex ? "index" : "image",
    children: entries.filter((entry) => !isBlob(entry)),
    subject: manifest.subject?.digest ?? null,
    blobs: [...(config === null ? [] : [config]), ...layers, ...entries.filter(isBlob)],
    config,
    annotatedAt: typeof created === "string" ? timeOf(created) : null,
    sizeBytes: bytes.length,
  };
}

/** The type that the answer and the manifest agree on, one of the four. */
function mediaTypeOf({ mediaType: own }: Manifest, contentType: string | undefined, where: string): string {
  const type = bareType(contentType);
  if (/^application\/vnd\.docker\.distribution\.manifest\.v1\+/.test(type)) {
    throw unusable(where, `came as ${type}: a schema 1 manifest, whose digest is not that of what is stored`);
  }
  if ((own ?? type) === type && MANIFEST_TYPES.some((known) => known === type)) return type;
  const said = own === undefined ? "" : `, and calls itself ${JSON.stringify(own.slice(0, 100))}`;
  throw unusable(where, `came as ${contentType ?? "no Content-Type"}${said}: that is no manifest of today`);
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

function descriptorOf({ mediaType, digest, size }: v.InferOutput<typeof DescriptorShape>): Descriptor {
  return { mediaType, digest, sizeBytes: size };
}

/** A `Content-Type` without its parameters, in lower case; empty: there is none. */
export function bareType(contentType: string | undefined): string {
  return (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

function unusable(where: string, what: string, cause?: unknown): Fault {
  return new Fault("listing", `The answer to ${where} ${what}`, "Check that this is a registry's OCI endpoint.", {
    cause,
  });
}
