import type { Digest } from "../../digest.ts";
import type { ManifestContent } from "../manifest.ts";
import type { Holdings } from "./gc-command.ts";

/** What the manifests that a run read told of their registry, kept for what a collection prints no sizes of. */
export interface KnownHoldings extends Holdings {
  learn(repository: string, digest: Digest, content: ManifestContent): void;
  /** It was deleted: its sizes stay known. */
  forget(repository: string, digest: Digest): void;
}

export function createHoldings(): KnownHoldings {
  const sizes = new Map<Digest, number>();
  const holders = new Set<string>();
  return {
    learn(repository, digest, content) {
      sizes.set(digest, content.sizeBytes);
      for (const blob of content.blobs) sizes.set(blob.digest, blob.sizeBytes);
      if (content.kind === "index" || content.subject !== null) holders.add(`${repository}@${digest}`);
    },
    forget: (repository, digest) => void holders.delete(`${repository}@${digest}`),
    sizeOf: (digest) => sizes.get(digest) ?? null,
    get holders() {
      return holders.size;
    },
  };
}
