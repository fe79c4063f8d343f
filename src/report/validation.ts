import { counted, describeManifest } from "../format.ts";
import type { RepositoryPlan } from "../plan/plan.ts";
import type { BrokenManifest, Validation } from "../sweep/validate.ts";

/** Returns what `validate` found in a repository as warnings. */
export function validationWarnings(repository: string, { broken, unreadable }: Validation): readonly string[] {
  const warnings: string[] = [];
  const [firstBroken] = broken;
  if (firstBroken !== undefined) {
    const count = counted(broken.length, "kept manifest is broken", "kept manifests are broken");
    const first = describeManifest(firstBroken.digest, firstBroken.tags);
    warnings.push(`${repository}: ${count}, the first is ${first}. Push the images again, or delete them`);
  }
  const [firstUnreadable] = unreadable;
  if (firstUnreadable !== undefined) {
    const count = counted(unreadable.length, "manifest or blob", "manifests or blobs");
    const { digest, reason } = firstUnreadable;
    warnings.push(`${repository}: ${count} could not be checked, the first is ${digest}: ${reason}`);
  }
  return warnings;
}

/** Returns the kept indexes of a plan that list manifests which do not exist. */
export function brokenIndexes({ broken, decisions }: RepositoryPlan): readonly BrokenManifest[] {
  if (broken.length === 0) return [];
  const tagsOf = new Map(decisions.map(({ digest, tags }) => [digest, tags]));
  return broken.map(({ digest, missing }) => ({ digest, tags: tagsOf.get(digest) ?? [], missing, missingBlobs: [] }));
}

export function uniqueByDigest(all: Validation["unreadable"]): Validation["unreadable"] {
  return [...new Map(all.map((each) => [each.digest, each])).values()];
}
