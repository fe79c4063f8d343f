import type { Digest } from "../digest.ts";
import type { Fault } from "../fault.ts";
import type { HttpError } from "../http/errors.ts";
import type { Capabilities } from "./capabilities.ts";
import type { ImagesInUse } from "./images-in-use.ts";
import type { Descriptor, ListedManifest, ManifestContent } from "./manifest.ts";

/** All manifests of one repository, as the registry lists them. */
export interface Listing {
  readonly manifests: readonly ListedManifest[];
}

/**
 * The registry's answer to one deletion.
 *
 * - `deleted`: the registry deleted it.
 * - `gone`: it did not exist, and the repository can be read.
 * - `refused`: the registry's policy keeps it; `reason` is the registry's message.
 * - `forbidden`: the token may not delete it (403). Either the permission is missing, or only this manifest is protected.
 */
export type Deletion =
  | { readonly outcome: "deleted" | "gone" }
  | { readonly outcome: "refused"; readonly reason: string }
  | { readonly outcome: "forbidden"; readonly fault: Fault };

/** One garbage collection, as the registry reports it. */
export interface GarbageCollection {
  readonly status: "started" | "succeeded" | "failed" | "timed-out" | "unsupported";
  readonly freedBytes: number | null;
  readonly blobsDeleted: number | null;
  /** Sentences for the summary: what happened and what to do, with the collection's id. */
  readonly note: string;
  /** The error that ended the wait for a collection that is still running. The run fails with it. */
  readonly fault?: Fault | HttpError;
}

/** The repositories that `repository-pattern` selects. */
export interface RepositorySelection {
  /** Set if no pattern has a wildcard or an exclusion: exactly these names, and no catalog is read. */
  readonly names: readonly string[] | null;
  /** The patterns without a wildcard. They can be checked one by one where no list can be read. */
  readonly literals: readonly string[];
  /** Set if the patterns are the default: the user may not need what their wildcards select. */
  readonly isDefault?: boolean;
  matches(name: string): boolean;
}

/** The repositories that exist. */
export interface RepositoryNames {
  readonly matching: readonly string[];
  /** Up to 20 names that exist, for the error that nothing matched; empty if something matched. */
  readonly existing: readonly string[];
  /** A sentence about repositories that the default pattern selects, and that cannot be listed. */
  readonly notice?: string;
}

/** The storage of a registry, in bytes. */
export interface Storage {
  readonly usedBytes: number | null;
  /** What the subscription includes. */
  readonly includedBytes: number | null;
}

/** An API budget that is too small for all deletions. */
export interface DeletionBudget {
  /** The number of deletions that it allows, by repository. */
  readonly affordable: ReadonlyMap<string, number>;
  /** Requests that are left, and the limit that they are left of. */
  readonly remaining: number;
  readonly limit: number;
  /** When the budget is renewed, in milliseconds since the epoch. */
  readonly resetAt: number;
}

/** When each tag of a repository was pushed last, in milliseconds since the epoch (null: unknown), and to which manifest. */
export type TagPushes = ReadonlyMap<string, { readonly digest: Digest; readonly pushedAt: number | null }>;

/** A manifest to delete. */
export interface DeletionTarget {
  readonly digest: Digest;
  /** The tags that the list shows on it. */
  readonly tags?: readonly string[];
  readonly versionId?: number;
}

/** A tag to delete, and the manifest that it points to. */
export interface TagTarget {
  readonly tag: string;
  readonly digest: Digest;
}

/**
 * The result of deleting a tag.
 *
 * - `changed`: it points to another manifest now.
 * - `unsupported`: the registry does not delete tags, or not this one.
 */
export type TagDeletion = "deleted" | "gone" | "changed" | "unsupported";

/** An opened registry: endpoints and shapes, nothing about refs or rules. All methods throw HttpError or Fault. */
export interface Registry {
  readonly capabilities: Capabilities;
  /**
   * Returns the names that exist and that the selection matches, relative to the registry's name, owner or prefix, sorted.
   * Throws Fault `registry` if a name without a wildcard does not exist; the fault names up to 20 that do.
   */
  repositories(selection: RepositorySelection): Promise<RepositoryNames>;
  /** Lists every manifest. Throws Fault `listing` if the list is incomplete or keeps changing while it is read. */
  list(repository: string): Promise<Listing>;
  /** Reads a manifest and checks its digest; `missing` for 404. A digest that was read is not requested again. */
  read(repository: string, digest: Digest): Promise<ManifestContent | "missing">;
  /** Requests whether a manifest exists now, without a cache. */
  exists(repository: string, digest: Digest): Promise<boolean>;
  /**
   * Requests the entry that the list has for one manifest now. Absent: the registry cannot list a single manifest.
   */
  entry?(repository: string, target: DeletionTarget): Promise<ListedManifest | "missing">;
  /**
   * Requests whether a tag exists now. Absent: the registry's list of tags is known to be complete.
   * Used to check a list that may hide tags.
   */
  hasTag?(repository: string, tag: string): Promise<boolean>;
  /** Returns whether a config or layer exists in a repository; null: the registry does not say. Used by `validate`. */
  hasBlob(repository: string, digest: Digest): Promise<boolean | null>;
  /** Reads a small blob, such as a config; null: it is larger than 4 MiB, missing, or does not match its digest. */
  readBlob(repository: string, blob: Descriptor): Promise<Buffer | null>;
  /** Returns when the image was created, in milliseconds since the epoch; null: unknown. Used if `listsPushTimes` is false. */
  createdAt(repository: string, digest: Digest): Promise<number | null>;
  /** Lists when tags were pushed. The list may be outdated. Absent: the registry does not show it. Throws Fault `listing`. */
  tagPushes?(repository: string): Promise<TagPushes>;
  /** Lists the referrers of `digest`; null if the registry has no referrers API. Used if `listsUntagged` is false. */
  referrers(repository: string, digest: Digest): Promise<readonly Digest[] | null>;
  /**
   * Checks that deletions are possible, as far as that shows without deleting anything. Before a deletion (`wait`, the default) it
   * waits for a running garbage collection, for a dry run (`check`) it does not.
   * Throws Fault `registry` if the registry is read-only or deletes are disabled, and Fault `permission`.
   */
  prepareDeletion(repository: string, mode?: "wait" | "check"): Promise<void>;
  /**
   * Deletes a manifest by digest, with every tag on it. Sends at most one DELETE of the manifest, and none after `sendBy`
   * (milliseconds since the epoch): then it throws HttpError `expired`.
   */
  delete(repository: string, target: DeletionTarget, sendBy: number): Promise<Deletion>;
  /**
   * Deletes one tag, if it still points to its manifest. If `deletesTags` is `unknown`, the manifest may be deleted with it.
   * `sendBy` as in `delete`.
   */
  deleteTag(repository: string, target: TagTarget, sendBy: number): Promise<TagDeletion>;
  /** Returns the images that the provider's own platform runs. Only if `reportsAppImages`. */
  appImages?(): Promise<ImagesInUse>;
  /** Returns the storage usage before the run; absent if the registry does not report it. */
  storage?(): Promise<Storage>;
  /**
   * Returns how long deletions may follow a recheck, in milliseconds. Absent: a minute. It is longer if a recheck takes much of the
   * API budget; then `isUnchanged` is requested before each deletion after the first minute.
   */
  batchMs?(repository: string): number;
  /** Returns whether a manifest, and what is new in its repository, is as the last `list` showed it, as of at most 30 s ago. */
  isUnchanged?(repository: string, manifest: ListedManifest): Promise<boolean>;
  /**
   * Returns how many of the wanted deletions, by repository, the API budget allows now, less rechecks and a margin.
   * Absent or null: no budget is known, or it allows them all.
   */
  deletionBudget?(wanted: ReadonlyMap<string, number>): DeletionBudget | null;
  /** Starts the garbage collection, or joins one that is running, and waits for it up to its timeout. */
  collectGarbage(): Promise<GarbageCollection>;
}
