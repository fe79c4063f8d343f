import type { RunResult } from "./result.ts";
import { isDeleted, tallyOfRun } from "./tally.ts";

/** An output can hold 1 MiB; the rest is in the report file. */
const MOST_DIGESTS = 1_000;

/** The outputs of action.yml but for `report`, which the writer knows. A number that is not known is the empty string. */
export function outputsOf(result: RunResult): Readonly<Record<string, string>> {
  const { deleted, kept, failed, bytes } = tallyOfRun(result);
  const { status, freedBytes, blobsDeleted } = result.garbageCollection;
  return {
    "deleted-count": String(deleted),
    "kept-count": String(kept),
    "failed-count": String(failed),
    "deleted-digests": JSON.stringify(deletedDigests(result)),
    "deleted-bytes": bytes === null || bytes.atMost ? "" : String(bytes.bytes),
    "gc-status": status,
    "gc-freed-bytes": numberOrEmpty(freedBytes),
    "gc-blobs-deleted": numberOrEmpty(blobsDeleted),
  };
}

function numberOrEmpty(value: number | null): string {
  return value === null ? "" : String(value);
}

/** `repository@digest` of the first deletions. */
function deletedDigests({ repositories }: RunResult): string[] {
  const digests: string[] = [];
  for (const { name, manifests } of repositories) {
    for (const manifest of manifests) {
      if (!isDeleted(manifest)) continue;
      digests.push(`${name}@${manifest.digest}`);
      if (digests.length === MOST_DIGESTS) return digests;
    }
  }
  return digests;
}
