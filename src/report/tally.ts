import { bytesFreed } from "../plan/bytes.ts";
import type { RepositoryResult, RunResult, SweptManifest } from "./result.ts";

/** What a repository's plan came to, or a run's. */
export interface Tally {
  /** Manifests that this run deleted; in a dry run, that it would. */
  readonly deleted: number;
  /** Manifests that were to be deleted and had gone before. */
  readonly gone: number;
  /** Manifests that are still there, other than failed deletions. */
  readonly kept: number;
  readonly failed: number;
  /** What the deletions let a garbage collection free; null: the registry tells no sizes. */
  readonly bytes: Bytes | null;
}

/** `atMost`: a part of the plan was not carried out, and what stays may share blobs with what went. */
export interface Bytes {
  readonly bytes: number;
  readonly atMost: boolean;
}

const NOTHING: Tally = { deleted: 0, gone: 0, kept: 0, failed: 0, bytes: { bytes: 0, atMost: false } };

export function tallyOf(repository: RepositoryResult): Tally {
  let { deleted, gone, kept, failed } = NOTHING;
  let planned = 0;
  for (const manifest of repository.manifests) {
    if (manifest.decision === "delete") planned += 1;
    if (isDeleted(manifest)) deleted += 1;
    else if (manifest.outcome === "gone") gone += 1;
    else if (manifest.outcome === "failed") failed += 1;
    else kept += 1;
  }
  return { deleted, gone, kept, failed, bytes: bytesOf(repository, deleted, deleted + gone < planned) };
}

function bytesOf({ plan }: RepositoryResult, deleted: number, atMost: boolean): Bytes | null {
  if (deleted === 0) return NOTHING.bytes;
  const bytes = bytesFreed([plan?.blobs ?? null]);
  return bytes === null ? null : { bytes, atMost };
}

/** Whether this run deleted it; in a dry run, whether it would. */
export function isDeleted({ outcome }: SweptManifest): boolean {
  return outcome === "deleted" || outcome === "planned";
}

/** The sum over repositories; its bytes are known only where each one's are, and a blob that two share counts twice. */
export function totalOf(tallies: readonly Tally[]): Tally {
  return tallies.reduce((sum, tally) => {
    const bytes: Bytes | null =
      sum.bytes === null || tally.bytes === null
        ? null
        : { bytes: sum.bytes.bytes + tally.bytes.bytes, atMost: sum.bytes.atMost || tally.bytes.atMost };
    return {
      deleted: sum.deleted + tally.deleted,
      gone: sum.gone + tally.gone,
      kept: sum.kept + tally.kept,
      failed: sum.failed + tally.failed,
      bytes,
    };
  }, NOTHING);
}

/** The sum over a whole run, in which a blob that several repositories share counts once. */
export function tallyOfRun(result: RunResult): Tally {
  const total = totalOf(result.repositories.map(tallyOf));
  if (total.bytes === null || total.deleted === 0) return total;
  // A repository of which nothing goes may have blobs that are not known: they were not worth reading.
  const told = result.repositories.filter(
    (each) => each.manifests.some(isDeleted) || (each.plan?.blobs ?? null) !== null,
  );
  const bytes = bytesFreed(told.map(({ plan }) => plan?.blobs ?? null));
  return { ...total, bytes: bytes === null ? null : { ...total.bytes, bytes } };
}
