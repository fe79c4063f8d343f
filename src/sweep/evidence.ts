import type { Digest } from "../digest.ts";
import type { Reason } from "../plan/keep.ts";
import { namedTags, tagsInUse } from "../protect/images-in-use.ts";
import type { Commits } from "../refs/commits.ts";
import type { DeletedBranch, PullRequests } from "../refs/refs.ts";
import type { ImagesInUse } from "../registry/images-in-use.ts";
import type { Listing } from "../registry/registry.ts";
import type { Settings } from "../settings.ts";
import { expectedTags } from "../tags/expected-tags.ts";
import type { LiveTags } from "../tags/live-tags.ts";
import { isTag } from "../tags/slugs.ts";
import type { TagStatus } from "../tags/status.ts";

/** What was read of the Git repository. */
export interface GitEvidence {
  readonly live: LiveTags;
  readonly pullRequests: PullRequests;
  readonly commits: Commits;
  /** Branches whose deletion was reported, by the activity of the Git repository or by the event. */
  readonly deletedBranches: readonly DeletedBranch[];
}

/** Everything that decides about tags. */
export interface Evidence extends GitEvidence {
  readonly statusOf: (tag: string) => TagStatus;
  readonly inUse: ImagesInUse;
  /** The time before the pull requests were read, in milliseconds since the epoch. */
  readonly readAt: number;
  /** What could not be read, for the user. */
  readonly notices: readonly string[];
}

/** Returns the status of each tag of a list. */
export function statusesOf({ statusOf }: Evidence, listing: Listing): ReadonlyMap<string, TagStatus> {
  const tags = listing.manifests.flatMap((manifest) => manifest.tags);
  return new Map(tags.map((tag) => [tag, statusOf(tag)]));
}

/** Yields the image tags that must be kept if they exist: of existing refs, protected by name, or in use. Some repeatedly. */
export function* tagsToKeep(evidence: Evidence, { protectTags }: Settings, repository: string): Generator<string> {
  const { live, pullRequests, inUse } = evidence;
  const found = [...pullRequests.open, ...pullRequests.byNumber.values()].filter((each) => each !== "missing");
  yield* [...protectTags, ...namedTags(inUse, repository)].filter(isTag);
  yield* expectedTags(
    live,
    found.filter(({ state }) => state === "open"),
  );
}

/** Returns the manifests of a repository that are in use, by digest or by tag. */
export function inUseIn({ inUse }: Evidence, repository: string, listing: Listing): ReadonlyMap<Digest, Reason> {
  const isTagInUse = tagsInUse(inUse, repository);
  const named = listing.manifests.filter(({ tags }) => tags.some(isTagInUse)).map(({ digest }) => digest);
  const reason: Reason = { status: "in-use", reason: "in use" };
  return new Map([...inUse.digests, ...named].map((digest) => [digest, reason]));
}
