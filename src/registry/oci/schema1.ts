import { createHash } from "node:crypto";
import * as v from "valibot";
import type { Digest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import { parseJson } from "../../http/json.ts";
import type { ManifestContent } from "../manifest.ts";
import { parseTime } from "../time.ts";
import { DigestShape } from "./manifest.ts";

const Manifest = v.object({
  fsLayers: v.optional(v.array(v.object({ blobSum: DigestShape })), []),
  history: v.optional(v.array(v.object({ v1Compatibility: v.string() })), []),
  signatures: v.optional(v.array(v.object({ protected: v.string() })), []),
});
/** The part of the document that was signed. */
const Protected = v.object({ formatLength: v.pipe(v.number(), v.integer(), v.minValue(0)), formatTail: v.string() });
const Compatibility = v.object({ created: v.string() });

export interface Schema1 {
  /** The digest by which the registry stores and deletes it: that of the document without its signatures. */
  readonly digest: Digest;
  /** It lists no manifest, and no sizes of its layers. */
  readonly content: ManifestContent;
}

/** Returns whether `type` is Docker's image manifest of schema 1, which registries wrote until about 2016. */
export function isSchema1(type: string): boolean {
  return /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:prettyjws|json)$/.test(type);
}

/** The sentences of the warnings about an image of schema 1. */
export const SCHEMA_1_WARNINGS = {
  read: (name: string, tag: string) =>
    `${name}:${tag} is an image of Docker's old schema 1, which current clients cannot pull. Build and push it again, or delete it.`,
  ignored: (name: string, tag: string) =>
    `${name}:${tag} is ignored, because this registry does not support its old schema 1.`,
};

/** In Distribution 3's response 500 to a request for an image of schema 1. */
export const UNSUPPORTED_SCHEMA_1 = /unrecognized manifest schema version 1\b/;

/** Returns the error for an image that the registry converted for a client that accepts nothing else. */
export function convertedToSchema1(name: string, tag: string): Fault {
  return new Fault(
    "listing",
    `The registry converted ${name}:${tag} to schema 1, so its real digest is unknown`,
    "Check for a proxy that removes the request header `Accept`.",
  );
}

/**
 * Parses a manifest of schema 1. Throws Fault `listing` if it is not one.
 *
 * @param request `GET https://…`, for errors
 */
export function parseSchema1(bytes: Buffer, mediaType: string, request: string): Schema1 {
  const remedy = "Delete this image, or build and push it again.";
  const manifest = parseJson(bytes, Manifest, { request, remedy });
  const layers = [...new Set(manifest.fsLayers.map(({ blobSum }) => blobSum))];
  const [newest] = manifest.history;
  return {
    digest: `sha256:${createHash("sha256").update(payloadOf(bytes, manifest.signatures[0]?.protected)).digest("hex")}`,
    content: {
      mediaType,
      kind: "image",
      children: [],
      subject: null,
      blobs: layers.map((digest) => ({ mediaType: "", digest, sizeBytes: 0 })),
      config: null,
      annotatedAt: newest === undefined ? null : createdAtOf(newest.v1Compatibility),
      source: null,
      sizeBytes: bytes.length,
    },
  };
}

/** Removes the signatures (docker/libtrust, "JSON Signature"). A document without signatures is its own payload. */
function payloadOf(bytes: Buffer, encoded: string | undefined): Buffer {
  if (encoded === undefined) return bytes;
  try {
    const { formatLength, formatTail } = v.parse(Protected, JSON.parse(decode(encoded).toString("utf8")));
    return Buffer.concat([bytes.subarray(0, formatLength), decode(formatTail)]);
  } catch {
    return bytes;
  }
}

function decode(text: string): Buffer {
  return Buffer.from(text, "base64url");
}

function createdAtOf(text: string): number | null {
  try {
    return parseTime(v.parse(Compatibility, JSON.parse(text)).created);
  } catch {
    return null;
  }
}
