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
    "deleted-bytes": String(freed?.exact ? freed.bytes : ""),
    "storage-bytes": String(result.storage.usedBytes ?? ""),
    "gc-status": status,
    "gc-freed-bytes": String(freedBytes ?? ""),
    "gc-blobs-deleted": String(blobsDeleted ?? ""),
  };
}

/** Returns `repository@digest` of the first deleted manifests. */
function deletedDigests({ repositories }: RunResult): readonly string[] {
  const deleted = repositories.flatMap(({ name, manifests }) =>
    manifests.filter((manifest) => groupOf(manifest) === "deleted").map(({ digest }) => `${name}@${digest}`),
  );
  return deleted.slice(0, MAX_DIGESTS);
}
