import { createHash } from "node:crypto";
import * as v from "valibot";
import { type Digest, isDigest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import type { HttpResponse } from "../../http/http.ts";
import { parseJson } from "../../http/json.ts";
import { type Descriptor, IMAGE_TYPES, INDEX_TYPES, isIndexType, type ManifestContent } from "../manifest.ts";
import { parseTime } from "../time.ts";

/** The media types that Refsweep accepts (OCI image-spec; Docker image manifest schema 2). */
export const MANIFEST_TYPES: readonly string[] = [...INDEX_TYPES, ...IMAGE_TYPES];

/** Registries must accept manifests of 4 MiB (OCI distribution-spec, "Pushing Manifests"). Larger ones are refused. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** BuildKit's registry cache is an index of layers and a config, not of manifests (moby/buildkit, `image-manifest=false`). */
const BLOB_TYPES =
  /^application\/vnd\.(?:oci\.image\.(?:layer|config)|docker\.(?:image\.rootfs|container\.image)|buildkit\.cacheconfig)\./;
const CHECK_ENDPOINT = "Check that the address is that of a registry's OCI endpoint.";

export const DigestShape = v.custom<Digest>(
  (text) => typeof text === "string" && isDigest(text),
  "not a sha256 or sha512 digest",
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

const ImageConfig = v.object({ created: v.string() });

type Manifest = v.InferOutput<typeof ManifestShape>;

/**
 * Parses a manifest. Throws Fault `listing` if it is not one of the four media types, or a descriptor has no valid digest.
 *
 * @param contentType of the response; it counts if the manifest has no `mediaType`
 * @param request `GET https://…`, for errors
 */
export function parseManifest(bytes: Buffer, contentType: string | undefined, request: string): ManifestContent {
  const manifest = parseJson(bytes, ManifestShape, { request, remedy: CHECK_ENDPOINT });
  const mediaType = mediaTypeOf(manifest, contentType, request);
  const isIndex = isIndexType(mediaType);
  // `null` is an empty list, but an index without the field could be anything.
  if (isIndex && manifest.manifests === undefined) throw invalid(request, "an index without `manifests`");
  if (isIndex ? manifest.layers || manifest.config : manifest.manifests) {
    // Registries and runtimes can read such a document as either of the two (CVE-2021-41190).
    throw invalid(request, "a manifest with the fields of an index and of an image");
  }
  const config = manifest.config ? descriptorOf(manifest.config) : null;
  const layers = (manifest.layers ?? []).map(descriptorOf);
  const entries = (manifest.manifests ?? []).map(descriptorOf);
  const isBlob = (entry: Descriptor): boolean => BLOB_TYPES.test(entry.mediaType);
  const created = manifest.annotations?.["org.opencontainers.image.created"];
  const source = manifest.annotations?.["org.opencontainers.image.source"];
  return {
    mediaType,
    kind: isIndex ? "index" : "image",
    children: entries.filter((entry) => !isBlob(entry)),
    subject: manifest.subject?.digest ?? null,
    blobs: [...(config === null ? [] : [config]), ...layers, ...entries.filter(isBlob)],
    config,
    annotatedAt: typeof created === "string" ? parseTime(created) : null,
    source: typeof source === "string" ? source : null,
    sizeBytes: bytes.length,
  };
}

/** Returns the media type that the response and the manifest agree on. */
function mediaTypeOf({ mediaType: own }: Manifest, contentType: string | undefined, request: string): string {
  const type = bareType(contentType);
  if ((own ?? type) === type && MANIFEST_TYPES.includes(type)) return type;
  const field = own === undefined ? "" : ` and mediaType ${JSON.stringify(own.slice(0, 100))}`;
  throw invalid(request, `an unsupported manifest: ${contentType ?? "no Content-Type"}${field}`);
}

/** Returns the digest of `bytes` by the algorithm of `like`; null: sha256. */
export function digestOfBytes(bytes: Uint8Array, like: Digest | null): Digest {
  const algorithm = like?.startsWith("sha512:") ? "sha512" : "sha256";
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/**
 * Returns the digest of a manifest's bytes. Throws Fault `listing` if it is not the requested one, or not the one of the
 * response's `Docker-Content-Digest`.
 *
 * @param requested null: the manifest was requested by tag
 */
export function verifyDigest(response: HttpResponse, requested: Digest | null): Digest {
  const header = response.headers["docker-content-digest"];
  // By tag: use the algorithm of the header, because the registry deletes the manifest only by that digest.
  const like = requested ?? (header !== undefined && isDigest(header) ? header : null);
  return requireDigest(response, digestOfBytes(response.body, like), requested);
}

/** Returns `digest`, computed from a response. Throws Fault `listing` if the request or the response names another one. */
export function requireDigest({ headers, url }: HttpResponse, digest: Digest, requested: Digest | null): Digest {
  const header = headers["docker-content-digest"];
  const contradictsHeader = header !== undefined && header !== digest && header.split(":")[0] === digest.split(":")[0];
  const contradictsRequest = requested !== null && requested !== digest;
  if (!contradictsRequest && !contradictsHeader) return digest;
  const expected = contradictsRequest ? requested : String(header).slice(0, 200);
  throw new Fault(
    "listing",
    `GET ${url.origin}${url.pathname} returned content with digest ${digest} instead of ${expected}`,
    "Check for a proxy that changes manifests, and for damaged registry storage.",
  );
}

/** Returns `created` of an image config, in milliseconds since the epoch; null if the config has none or is not JSON. */
export function createdAtOf(config: Buffer): number | null {
  try {
    return parseTime(v.parse(ImageConfig, JSON.parse(config.toString("utf8"))).created);
  } catch {
    return null;
  }
}

function descriptorOf({ mediaType, digest, size }: v.InferOutput<typeof DescriptorShape>): Descriptor {
  return { mediaType, digest, sizeBytes: size };
}

/** Returns a `Content-Type` without parameters, in lower case; empty if there is none. */
export function bareType(contentType: string | undefined): string {
  return (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

function invalid(request: string, document: string): Fault {
  return new Fault("listing", `${request} returned ${document}`, CHECK_ENDPOINT);
}
