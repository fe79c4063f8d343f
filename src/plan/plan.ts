import type { Digest } from "../digest.ts";
import type { Blob } from "../registry/manifest.ts";
import type { RetentionOf } from "./retention.ts";

/** The rules that a plan follows, from the inputs. Durations are in milliseconds. */
export interface Rules {
  readonly untagged: "delete" | "keep";
  readonly unmatchedTags: "delete" | "keep";
  readonly superseded: "delete" | "keep";
  readonly keepCount: number;
  readonly gracePeriodMs: number;
  readonly olderThanMs: number;
  /** Rules for unmatched and superseded tags. They override `unmatchedTags`, `superseded`, `keepCount` and `olderThanMs`. */
  readonly retentionOf: RetentionOf;
  /** What the sweep is limited to, such as `pull request #12` (see `Gone.of`); null: no limit. */
  readonly scope: string | null;
  /** Whether the registry refuses to delete the last tagged manifest of a repository. */
  readonly keepsLastTagged: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Why a manifest is kept or deleted, as one word. The reason says it as a sentence. */
export type ManifestStatus =
  /** A tag matches `protect-tags`. */
  | "protected"
  /** Something uses it (`protect-digests`, `protect-apps`). */
  | "in-use"
  /** A tag names an existing branch, Git tag or open pull request. */
  | "live"
  /** A tag names an older commit of an existing branch or Git tag. */
  | "superseded"
  /** A tag matches no ref. */
  | "unmatched"
  /** The ref of each tag is gone. */
  | "orphaned"
  /** It has no tag, and nothing refers to it. */
  | "untagged"
  /** An index lists it: it is kept or deleted with the index. */
  | "child"
  /** It is attached to another manifest: it is kept or deleted with that one. */
  | "referrer"
  /** Nothing decides about it, so it is kept. */
  | "undecided";

/** The decision on one manifest. */
export interface Decision {
  readonly digest: Digest;
  readonly tags: readonly string[];
  readonly kind: "image" | "index" | "referrer" | "unknown";
  /** The root manifest of the image that it belongs to; its own digest for a root. */
  readonly image: Digest;
  /** When it was pushed (or created, if the registry does not say), in milliseconds since the epoch. */
  readonly pushedAt: number | null;
  readonly sizeBytes: number | null;
  readonly decision: "keep" | "delete";
  readonly status: ManifestStatus;
  readonly reason: string;
  /** Tags of a kept manifest whose ref is gone, each with its reason. */
  readonly staleTags: readonly { readonly tag: string; readonly reason: string }[];
  readonly versionId?: number;
}

/**
 * Whether a manifest is an image, as users count them: a root that is not attached to another manifest. An untagged one that was not
 * read may be a platform.
 */
export function isImage({ digest, image, kind, tags, status }: Decision): boolean {
  const mayHaveParent = kind === "unknown" && tags.length === 0 && status === "undecided";
  return digest === image && kind !== "referrer" && !mayHaveParent;
}

/** The step of a plan that deletes one manifest. */
export interface DeletionStep {
  readonly digest: Digest;
  /** The manifests that must be gone first: its parents and subjects. */
  readonly after: readonly Digest[];
}

/** The blobs of one repository's manifests. A registry stores each blob once. */
export interface BlobUse {
  /** Blobs of manifests that are deleted; sizes in bytes. */
  readonly deleted: readonly Blob[];
  /** Blobs of manifests that are kept, if they are known. */
  readonly kept: readonly Digest[];
  /** False if the blobs of a kept manifest are unknown: a deleted blob may then still be in use. */
  readonly complete: boolean;
}

/** What is kept and what is deleted in one repository, and why: plain data. */
export interface RepositoryPlan {
  readonly repository: string;
  /** Every known manifest once, deletions first, in their order. */
  readonly decisions: readonly Decision[];
  /** The deletions, tree by tree: each root, then its children, then its referrers. */
  readonly deletions: readonly DeletionStep[];
  /** Kept indexes that list manifests which do not exist. */
  readonly broken: readonly { readonly digest: Digest; readonly missing: readonly Digest[] }[];
  /** Listed manifests that answer 404. */
  readonly ghosts: readonly Digest[];
  /** Kept manifests that could not be read. Then nothing is deleted in this repository. */
  readonly unreadable: readonly { readonly digest: Digest; readonly reason: string }[];
  readonly blobs: BlobUse;
}
