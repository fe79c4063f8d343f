import { countResults, groupOf } from "./counts.ts";
import type { RunResult } from "./result.ts";

/** An output holds at most 1 MiB. The report file has all digests. */
const MAX_DIGESTS = 1_000;

/** Returns the outputs of action.yml, except `report`. An unknown number is the empty string. */
export function outputsOf(result: RunResult): Readonly<Record<string, string>> {
  const { deleted, kept, failed, deferred, freed } = countResults(result.repositories);
  const { status, freedBytes, blobsDeleted } = result.garbageCollection;
  return {
    "deleted-images": String(deleted.images),
    "kept-images": String(kept.images),
    "deleted-count": String(deleted.manifests),
    "kept-count": String(kept.manifests),
    "failed-count": String(failed),
    "deferred-count": String(deferred),
    "deleted-digests": JSON.stringify(deletedDigests(result)),
    "deleted-bytes": numberOrEmpty(freed?.exact ? freed.bytes : null),
    "storage-bytes": numberOrEmpty(result.storage.usedBytes),
    "gc-status": status,
    "gc-freed-bytes": numberOrEmpty(freedBytes),
    "gc-blobs-deleted": numberOrEmpty(blobsDeleted),
  };
}

function numberOrEmpty(value: number | null): string {
  return value === null ? "" : String(value);
}

/** Returns `repository@digest` of the first deleted manifests. */
function deletedDigests({ repositories }: RunResult): string[] {
  const digests: string[] = [];
  for (const { name, manifests } of repositories) {
    for (const manifest of manifests) {
      if (groupOf(manifest) !== "deleted") continue;
      digests.push(`${name}@${manifest.digest}`);
      if (digests.length === MAX_DIGESTS) return digests;
    }
  }
  return digests;
}
