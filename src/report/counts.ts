import { type FreedBytes, freedBytes } from "../plan/freed-bytes.ts";
import { isImage } from "../plan/plan.ts";
import type { ManifestResult, RepositoryResult } from "./result.ts";

/** Images and manifests. An image is a root manifest, with all manifests that belong to it. */
export interface ImageCount {
  readonly images: number;
  readonly manifests: number;
}

/** The result of one or more repositories in numbers. Each manifest counts once: in one of the five groups. */
export interface Counts {
  /** In a dry run: would be deleted. */
  readonly deleted: ImageCount;
  readonly kept: ImageCount;
  /** Manifests that did not exist any more. */
  readonly gone: number;
  readonly failed: number;
  readonly deferred: number;
  /** Null: the sizes are unknown. */
  readonly freed: FreedBytes | null;
}

type Group = "deleted" | "kept" | "gone" | "failed" | "deferred";

const GROUPS = {
  deleted: "deleted",
  planned: "deleted",
  gone: "gone",
  failed: "failed",
  deferred: "deferred",
  refused: "kept",
  changed: "kept",
  kept: "kept",
} as const satisfies Record<ManifestResult["outcome"], Group>;

export function groupOf({ outcome }: ManifestResult): Group {
  return GROUPS[outcome];
}

/** Counts images and manifests, each blob once across all repositories. */
export function countResults(repositories: readonly RepositoryResult[]): Counts {
  const manifests = { deleted: 0, kept: 0, gone: 0, failed: 0, deferred: 0 };
  const images = { ...manifests };
  for (const repository of repositories) {
    for (const manifest of repository.manifests) {
      const group = groupOf(manifest);
      manifests[group] += 1;
      if (isImage(manifest)) images[group] += 1;
    }
  }
  const { gone, failed, deferred } = manifests;
  return {
    deleted: { images: images.deleted, manifests: manifests.deleted },
    kept: { images: images.kept, manifests: manifests.kept },
    gone,
    failed,
    deferred,
    freed: manifests.deleted === 0 ? { bytes: 0, exact: true } : freedIn(repositories),
  };
}

/** Of a repository in which nothing is deleted, the blobs may be unknown: its manifests need not be read. */
function freedIn(repositories: readonly RepositoryResult[]): FreedBytes | null {
  const uses = repositories.flatMap(({ plan, manifests }) => {
    if (plan === null) return [];
    return manifests.some((manifest) => groupOf(manifest) === "deleted")
      ? [plan.blobs]
      : [{ ...plan.blobs, complete: true, deleted: [] }];
  });
  const freed = freedBytes(uses);
  const isCarriedOut = repositories
    .flatMap(({ manifests }) => manifests)
    .every((manifest) => manifest.decision === "keep" || groupOf(manifest) === "deleted");
  return freed && { ...freed, exact: freed.exact && isCarriedOut };
}
