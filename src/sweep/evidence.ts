import type { Clock } from "../clock.ts";
import type { Digest } from "../digest.ts";
import type { Fault } from "../fault.ts";
import { compileGlobs } from "../glob.ts";
import type { HttpClient } from "../http/http.ts";
import type { Reason } from "../plan/keep.ts";
import { joinImagesInUse, namedTags, tagsInUse } from "../protect/images-in-use.ts";
import { listRefs } from "../refs/git/ls-refs.ts";
import { findPullRequests, listOpenedSince } from "../refs/github/pull-requests.ts";
import type { PullRequests } from "../refs/refs.ts";
import type { ImagesInUse } from "../registry/images-in-use.ts";
import type { Listing } from "../registry/registry.ts";
import type { Settings } from "../settings.ts";
import { expectedTags } from "../tags/expected-tags.ts";
import { type LiveTags, liveTagsOf } from "../tags/live-tags.ts";
import { orphanedTags, type PushedTag, pullRequestLookups } from "../tags/lookups.ts";
import { compileTagPatterns } from "../tags/patterns.ts";
import { isTag } from "../tags/slugs.ts";
import { type ProtectedBy, type TagStatus, tagStatuses } from "../tags/status.ts";

/** Everything that decides about tags. */
export interface Evidence {
  readonly live: LiveTags;
  readonly pullRequests: PullRequests;
  readonly inUse: ImagesInUse;
  /** The time before the pull requests were read, in milliseconds since the epoch. */
  readonly readAt: number;
  /** What could not be read, although the run can go on without it. */
  readonly notices: readonly string[];
}

/** What evidence is read with. */
export interface EvidenceSources {
  readonly settings: Settings;
  readonly http: HttpClient;
  readonly clock: Clock;
  /** Reads the images that the registry's own platform runs; null: they are not protected. */
  readonly readAppImages: (() => Promise<ImagesInUse>) | null;
}

/** Reads branches and Git tags. Throws Fault and HttpError. */
export async function readLiveTags({ settings, http }: EvidenceSources): Promise<LiveTags> {
  const { repository, serverUrl, token } = settings.github;
  const refs = listRefs(http, { url: new URL(`${repository}.git`, serverUrl), token });
  const patterns = compileTagPatterns(settings.tagPatterns);
  return liveTagsOf(patterns, await refs);
}

/** Reads the pull requests that decide about the tags of `listings`. Throws Fault and HttpError. */
export async function readEvidence(
  { settings, http, clock }: EvidenceSources,
  live: LiveTags,
  inUse: ImagesInUse,
  listings: Iterable<Listing>,
): Promise<Evidence> {
  const lookups = pullRequestLookups(pushedTags(listings), live, protectionOf(settings.protectTags));
  const readAt = clock.now();
  const pullRequests = await findPullRequests(http, settings.github, lookups, {
    event: settings.event,
    orphanedTags: orphanedTags(lookups, live),
    deletesUnmatched: settings.unmatchedTags === "delete",
  });
  return { live, pullRequests, inUse, readAt, notices: noticesOf(pullRequests.failures) };
}

/**
 * Reads the evidence again for a recheck: branches and Git tags, pull requests that were opened since, and images in use. What was
 * in use when the run started remains protected. Throws Fault and HttpError.
 */
export async function readEvidenceAgain(sources: EvidenceSources, first: Evidence): Promise<Evidence> {
  const { settings, http, readAppImages } = sources;
  const { pullRequests, inUse, readAt } = first;
  const needsOpen = settings.unmatchedTags === "delete" || provesAnything(pullRequests);
  const [live, opened, appImages] = await Promise.all([
    readLiveTags(sources),
    needsOpen ? listOpenedSince(http, settings.github, readAt) : [],
    readAppImages?.() ?? null,
  ]);
  return {
    live,
    pullRequests: { ...pullRequests, open: [...pullRequests.open, ...opened] },
    inUse: appImages === null ? inUse : joinImagesInUse([inUse, appImages]),
    readAt,
    notices: [],
  };
}

/** One failure is enough: the others rarely have another cause. */
function noticesOf([failure]: readonly Fault[]): readonly string[] {
  if (failure === undefined) return [];
  const kept = "Some images are kept until the next run, because GitHub did not return all closed pull requests";
  return [`${kept}. ${failure.message}`];
}

/** Returns the status of each tag of a list. */
export function statusesOf(evidence: Evidence, settings: Settings, listing: Listing): ReadonlyMap<string, TagStatus> {
  const statusOf = tagStatuses(evidence.live, evidence.pullRequests, protectionOf(settings.protectTags));
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

/** Whether any pull request proves a ref gone. */
function provesAnything({ byNumber, closed }: PullRequests): boolean {
  return closed.length > 0 || [...byNumber.values()].some((found) => found !== "missing" && found.state !== "open");
}

/**
 * Returns a function that finds the glob that protects a tag. Globs protect in any case, because some registries list tags in lower
 * case; exclusions match exactly.
 */
function protectionOf(globs: readonly string[]): ProtectedBy {
  const isExcluded = compileGlobs(
    globs.filter((glob) => glob.startsWith("!")).map((glob) => glob.slice(1)),
    "case-sensitive",
  );
  const protecting = globs
    .filter((glob) => !glob.startsWith("!"))
    .map((glob) => ({ glob, matches: compileGlobs([glob], "case-insensitive") }));
  return (tag) => (isExcluded(tag) ? null : (protecting.find(({ matches }) => matches(tag))?.glob ?? null));
}

function* pushedTags(listings: Iterable<Listing>): Generator<PushedTag> {
  for (const { manifests } of listings) {
    for (const { tags, pushedAt } of manifests) for (const tag of tags) yield { tag, pushedAt };
  }
}
