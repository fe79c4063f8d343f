/** An OCI digest, such as `sha256:` and 64 lower-case hex digits. Every text is checked with `isDigest` where it enters. */
export type Digest = `${string}:${string}`;

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Whether `text` is a digest of an algorithm that the OCI image-spec registers (descriptor.md, "Digests"). */
export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}
