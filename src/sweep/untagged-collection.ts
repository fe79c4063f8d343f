import { Fault } from "../fault.ts";
import { counted } from "../format.ts";
import type { RepositoryResult, SweptManifest } from "../report/result.ts";
import type { Settings } from "../settings.ts";

/**
 * Throws a Fault of kind `garbage-collection` where the collection of `gc-type` may delete what this run leaves. One of
 * untagged manifests knows of no pin and no grace period, and whether it spares the parts of multi-platform images is
 * documented nowhere.
 *
 * @param repositoriesOf tells them as they are after the sweep; asked only where it matters
 */
export function throwIfCollectionTakes(
  { registry, gcType }: Pick<Settings, "registry" | "gcType">,
  repositoriesOf: () => readonly RepositoryResult[],
): void {
  if (registry.provider !== "digitalocean" || gcType === "unreferenced blobs only") return;
  const repositories = repositoriesOf();
  const unknown = repositories.find(({ plan }) => plan === null);
  if (unknown !== undefined)
    throw notStarted(gcType, `what ${unknown.name} holds could not be read, and may have no tag`);
  const staying = repositories.flatMap(({ name, manifests }) =>
    manifests.filter(mayStayUntagged).map(({ digest, reason, error }) => `${name}@${digest} (${error ?? reason})`),
  );
  const [first] = staying;
  if (first === undefined) return;
  const have = counted(staying.length, "manifest that stays has", "manifests that stay have");
  throw notStarted(
    gcType,
    `${have} no tag as far as is known${staying.length === 1 ? "" : ", the first is"}: ${first}`,
  );
}

/** What changed since it was planned may have lost its tags. */
function mayStayUntagged({ outcome, tags }: SweptManifest): boolean {
  return outcome === "changed" || (tags.length === 0 && outcome !== "deleted" && outcome !== "gone");
}

function notStarted(gcType: Settings["gcType"], why: string): Fault {
  return new Fault(
    "garbage-collection",
    `No garbage collection was started, as \`${gcType}\` may delete what stays: ${why}`,
    "Set `gc-type: unreferenced blobs only`: the untagged manifests that are to go, Refsweep deletes itself.",
  );
}
