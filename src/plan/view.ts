import type { Digest } from "../digest.ts";
import type { Known, ListedManifest } from "../registry/manifest.ts";

/**
 * What is known of one repository. It starts as its listing and grows by what the plan asks for
 * (see `Wanted`): nothing is read that no decision needs.
 */
export interface RepositoryView {
  /** The name relative to the registry's name, owner or prefix. */
  readonly repository: string;
  readonly listed: readonly ListedManifest[];
  /** Whether the listing shows untagged manifests too. Where it does not, children and referrers are found by reading. */
  readonly listsUntagged: boolean;
  /**
   * Whether a subject's referrers can be found without reading every manifest: false where the registry has no
   * referrers API, as then a `sha256-…` tag lists them (OCI distribution-spec, "Referrers Tag Schema").
   */
  readonly referrersApi: boolean;
  readonly contents: ReadonlyMap<Digest, Known>;
  /** When each manifest was pushed or created, in milliseconds since the epoch; null: unknown; absent: not asked. */
  readonly times: ReadonlyMap<Digest, number | null>;
  /** Answers of the referrers API by subject; absent: not asked. */
  readonly referrers: ReadonlyMap<Digest, readonly Digest[]>;
}

/** What a decision still needs to know. */
export interface Wanted {
  readonly contents: readonly Digest[];
  readonly times: readonly Digest[];
  /** Subjects whose referrers are to be asked for. */
  readonly referrers: readonly Digest[];
}

/** What the refs say about one image tag (the rules of fate.ts). `reason` is a sentence that a user understands. */
export type TagStatus =
  | { readonly status: "live"; readonly reason: string }
  /**
   * `pullRequest`: the one because of which it is dead. `lastPush`: an image that was pushed later is not what it speaks of, in
   * milliseconds since the epoch; null: it speaks of any.
   */
  | { readonly status: "orphaned"; readonly reason: string; readonly pullRequest: number; readonly lastPush: number | null }
  | { readonly status: "referrer"; readonly subject: Digest; readonly reason: string }
  | { readonly status: "neutral"; readonly reason: string }
  | { readonly status: "unmatched"; readonly reason: string };

/** What stays whatever the refs say of it, as it is in use somewhere. */
export interface ImagesInUse {
  readonly digests: ReadonlySet<Digest>;
  /** Image tags by repository, its name relative to the registry's name, owner or prefix. */
  readonly tags: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether more than `tags` may mean this image, as names and tags stand apart or cannot be read whole; both in lower case. */
  mayName?(repository: string, tag: string): boolean;
}

/** The rules of the inputs that a plan follows. Durations in milliseconds. */
export interface Rules {
  readonly pinned: ReadonlySet<Digest>;
  readonly untagged: "delete" | "keep";
  readonly unmatchedTags: "delete" | "keep";
  readonly keepCount: number;
  /** Whether the registry refuses to delete the last tagged manifest of a repository: then the newest stays. */
  readonly keepsLastTagged: boolean;
  readonly gracePeriodMs: number;
  /** The pull request to whose images the sweep is limited; null: no limit. */
  readonly pullRequest: number | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Set for a second look, which may only ever keep more; null for the first. */
  readonly since: SinceFirstLook | null;
}

/**
 * What a second look holds against the first. Only what is left of the plan goes; what is new, or was tagged or pushed
 * again, stays, and so does all that it refers to.
 */
export interface SinceFirstLook {
  /** The first look's listing. */
  readonly known: ReadonlyMap<Digest, ListedManifest>;
  /** The push times that it told. */
  readonly times: ReadonlyMap<Digest, number | null>;
  /** What the first look read: a digest names its content for good, but not that it is still there. */
  readonly contents: ReadonlyMap<Digest, Known>;
  /** Every deletion of the plan. Where no listing shows it any more, it is looked for all the same. */
  readonly planned: ReadonlyMap<Digest, Planned>;
}

/** How far one planned deletion has come by the time of a second look. */
export interface Planned {
  /**
   * - `goes`, `follows`: it is still to be deleted, for itself or because what it belongs to goes, or has gone;
   * - `stays`: it was refused, failed, or was let be when its turn came;
   * - `gone`: it is not there any more.
   */
  readonly state: "goes" | "follows" | "stays" | "gone";
  readonly kind: Decision["kind"];
}

/** The decision on one manifest. */
export interface Decision {
  readonly digest: Digest;
  readonly tags: readonly string[];
  readonly kind: "image" | "index" | "referrer" | "unknown";
  readonly pushedAt: number | null;
  readonly sizeBytes: number | null;
  readonly decision: "keep" | "delete";
  readonly reason: string;
  /** Dead tags of a manifest that stays, each with its reason. */
  readonly staleTags: readonly { readonly tag: string; readonly reason: string }[];
  readonly versionId?: number;
}

/**
 * Which blobs a plan takes from manifests that go (bytes by digest), and which stay in use, some of them both; a registry holds
 * each once, whoever uses it.
 */
export interface BlobUse {
  readonly going: ReadonlyMap<Digest, number>;
  readonly staying: ReadonlySet<Digest>;
}

/** What stays and what goes in one repository, and why: plain data. */
export interface RepositoryPlan {
  readonly repository: string;
  /** Whether it speaks of all manifests; else of the tagged ones and what they refer to: no listing shows the others. */
  readonly listsUntagged: boolean;
  /** Every known manifest once, those to delete in the order of deletion: parents first, subjects before referrers. */
  readonly decisions: readonly Decision[];
  /**
   * What goes, in waves: no manifest of a wave is a parent or the subject of another of it or of an earlier one, as far
   * as is known; what may be one, as it was not read, has a wave of its own. A wave that ended before the next begins
   * leaves untagged leftovers and never a tag that cannot be pulled.
   */
  readonly waves: readonly (readonly Digest[])[];
  /** Those of them that go only because what they belong to does. */
  readonly followers: ReadonlySet<Digest>;
  /** Kept indexes with entries that are missing, and listed manifests that answer 404. */
  readonly broken: readonly { readonly digest: Digest; readonly missing: readonly Digest[] }[];
  readonly ghosts: readonly Digest[];
  /** Kept manifests that could not be read: why nothing is deleted here. Empty in the usual case. */
  readonly unreadable: readonly { readonly digest: Digest; readonly reason: string }[];
  /** The blobs that the plan takes away, and those it leaves in use; null where the registry tells no sizes. */
  readonly blobs: BlobUse | null;
}
