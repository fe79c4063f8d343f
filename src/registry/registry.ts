import type { Digest } from "../digest.ts";
import type { Fault } from "../fault.ts";
import type { HttpError } from "../http/errors.ts";
import type { ImagesInUse } from "../plan/view.ts";
import type { Provider } from "../settings.ts";
import type { ListedManifest, ManifestContent } from "./manifest.ts";

/** All manifests of one repository, as the registry lists them. */
export interface Listing {
  readonly manifests: readonly ListedManifest[];
  /** Push times, in milliseconds since the epoch, where the listing tells them; null: it tells none for this one. */
  readonly times: ReadonlyMap<Digest, number | null>;
}

/**
 * What one deletion came to.
 *
 * - `deleted`: the registry deleted it.
 * - `gone`: it was not there any more, and the repository could still be read.
 * - `refused`: the registry's policy keeps it (not a fault); `reason` is what it said.
 */
export type Deletion =
  | { readonly outcome: "deleted" }
  | { readonly outcome: "gone" }
  | { readonly outcome: "refused"; readonly reason: string };

/** One garbage collection, as the registry tells of it. */
export interface GarbageCollection {
  readonly status: "started" | "succeeded" | "failed" | "timed-out" | "unsupported";
  readonly freedBytes: number | null;
  readonly blobsDeleted: number | null;
  /** A sentence for the summary: what happened and what to do, the collection's id included. */
  readonly note: string;
  /** What ended the wait for a collection that goes on: the run fails with it. */
  readonly fault?: Fault | HttpError;
}

/** Which repositories a sweep wants: the patterns of `repository-pattern`. */
export interface RepositorySelection {
  /** Set where no pattern holds a wildcard or excludes: these names and no others, without asking a catalog. */
  readonly names: readonly string[] | null;
  /** The patterns without wildcard, whatever the others are: names that can be asked for where no list may be read. */
  readonly literals: readonly string[];
  matches(name: string): boolean;
}

/** A registry: endpoints and shapes, and nothing of refs or rules. All methods throw HttpError or Fault. */
export interface Registry {
  readonly provider: Provider;
  /** Whether `list` shows untagged manifests too. */
  readonly listsUntagged: boolean;
  /** Whether the last tagged manifest of a repository cannot be deleted. */
  readonly keepsLastTagged: boolean;
  /**
   * The names that exist and that the selection matches, relative to the registry's name, sorted.
   * Throws a Fault of kind `registry` where a name without wildcard does not exist, naming up to 20 that do.
   */
  repositories(selection: RepositorySelection): Promise<RepositoryNames>;
  /** Every manifest, complete, or an error: a page that cannot be read, or a list that keeps moving, is one. */
  list(repository: string): Promise<Listing>;
  /** A manifest's content, its bytes checked against the digest; `missing` for 404. A digest is read once a run. */
  read(repository: string, digest: Digest): Promise<ManifestContent | "missing">;
  /** When the image was created, in milliseconds since the epoch, where `list` did not tell; null: unknown. */
  createdAt(repository: string, digest: Digest): Promise<number | null>;
  /** The manifests attached to `digest`; null where the registry has no referrers API, found out once a run. */
  referrers(repository: string, digest: Digest): Promise<readonly Digest[] | null>;
  /**
   * Makes sure, before the first deletion, that deletions are possible: waits for a running collection, throws a Fault
   * of kind `registry` where the registry is read-only or deletes are disabled.
   */
  prepareDeletion(repository: string): Promise<void>;
  /** Deletes a manifest by digest, and with it every tag on it. */
  delete(repository: string, manifest: { readonly digest: Digest; readonly versionId?: number }): Promise<Deletion>;
  /** Whether there is a way to delete a tag without its manifest; where there is, the registry may still refuse it. */
  readonly deletesTags: boolean;
  /** Deletes one tag and leaves its manifest; `unsupported` where the registry cannot. */
  deleteTag(repository: string, tag: string): Promise<"deleted" | "gone" | "unsupported">;
  /** The images that the provider's own platform runs (`protect-apps`); absent where it has none. */
  deployedImages?(): Promise<ImagesInUse>;
  /**
   * How many of the wanted deletions, by repository, the registry's budget of requests lasts for now, its second looks
   * and a margin left aside; absent, or null: no budget is known, or all are affordable.
   */
  deletionBudget?(wanted: ReadonlyMap<string, number>): DeletionBudget | null;
  /** Starts the garbage collection, or adopts a running one, and waits for its end or its timeout. */
  collectGarbage(): Promise<GarbageCollection>;
}

/** The answer to `repositories`. */
export interface RepositoryNames {
  readonly matching: readonly string[];
  /** Up to 20 names that exist, for the warning that nothing matched; empty where something did. */
  readonly existing: readonly string[];
}

/** A budget that does not last for all deletions. */
export interface DeletionBudget {
  /** Deletions that it lasts for, by repository. */
  readonly affordable: ReadonlyMap<string, number>;
  /** Requests that are left, of how many; and when they come back, in milliseconds since the epoch. */
  readonly remaining: number;
  readonly limit: number;
  readonly resetAt: number;
}
