import type { Digest } from "../../digest.ts";
import type { ManifestContent } from "../manifest.ts";
import type { OciClient } from "../oci/client.ts";

/**
 * Returns when an image was created, in milliseconds since the epoch; null: unknown. Reads its annotation, or else its config.
 * Of an index, reads the annotation, or else the newest of its images.
 */
export async function readCreationTime(oci: OciClient, name: string, digest: Digest): Promise<number | null> {
  const content = await oci.read(name, digest);
  if (content === "missing") return null;
  if (content.kind === "image" || content.annotatedAt !== null) return imageTime(oci, name, content);
  const children = await Promise.all(content.children.map((child) => oci.read(name, child.digest)));
  const images = children.flatMap((child) => (child === "missing" || isAttestation(child) ? [] : [child]));
  const times = await Promise.all(images.map((image) => imageTime(oci, name, image)));
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

async function imageTime(oci: OciClient, name: string, content: ManifestContent): Promise<number | null> {
  return content.annotatedAt ?? (content.config === null ? null : oci.createdAt(name, content.config));
}

/** BuildKit's attestations are images with in-toto layers. */
function isAttestation(content: ManifestContent): boolean {
  return content.blobs.some(({ mediaType }) => mediaType === "application/vnd.in-toto+json");
}
