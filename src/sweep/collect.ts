import { Fault } from "../fault.ts";
import { counted } from "../format.ts";
import type { Registry } from "../registry/registry.ts";
import type { Settings } from "../settings.ts";

/** A manifest of the registry after the sweep, as far as garbage collection is concerned. */
export interface RemainingManifest {
  /** `REPOSITORY@DIGEST (REASON)` */
  readonly description: string;
  /** False if it may have lost its tags since. */
  readonly isTagged: boolean;
}

/** The manifests of one repository after the sweep; null: the repository could not be read. */
export interface RemainingRepository {
  readonly name: string;
  readonly manifests: readonly RemainingManifest[] | null;
}

/**
 * Throws Fault `garbage-collection` if the collection of `gc-type` may delete manifests that this run keeps. A collection of untagged
 * manifests ignores `protect-digests` and grace periods, and DigitalOcean does not document whether it keeps the platforms
 * of multi-platform images.
 */
export function requireSafeCollection(
  { gcType }: Pick<Settings, "gcType">,
  { capabilities }: Pick<Registry, "capabilities">,
  remaining: () => readonly RemainingRepository[],
): void {
  if (capabilities.garbageCollection !== "api" || gcType === "unreferenced blobs only") return;
  const repositories = remaining();
  const unread = repositories.find(({ manifests }) => manifests === null);
  if (unread !== undefined)
    throw unsafe(gcType, `${unread.name} could not be read, and may have kept untagged manifests`);
  const untagged = repositories.flatMap(({ manifests }) => (manifests ?? []).filter(({ isTagged }) => !isTagged));
  const [first] = untagged;
  if (first === undefined) return;
  const which = untagged.length === 1 ? `: ${first.description}` : `, such as ${first.description}`;
  throw unsafe(gcType, `${counted(untagged.length, "kept manifest has", "kept manifests have")} no tag${which}`);
}

function unsafe(gcType: Settings["gcType"], why: string): Fault {
  return new Fault(
    "garbage-collection",
    `No garbage collection was started, because \`${gcType}\` may delete kept manifests: ${why}`,
    "Set `gc-type: unreferenced blobs only`. Refsweep itself deletes the untagged manifests that nothing needs.",
  );
}
