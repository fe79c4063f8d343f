import type { Clock } from "../clock.ts";
import type { Digest } from "../digest.ts";
import type { Fault } from "../fault.ts";
import { compileGlobs } from "../glob.ts";
import type { HttpClient } from "../http/http.ts";
import type { Reason } from "../plan/keep.ts";
import { joinImagesInUse, tagsInUse } from "../protect/images-in-use.ts";
import type { Commits } from "../refs/commits.ts";
import { listRefs } from "../refs/git/ls-refs.ts";
import { findByNumber, findPullRequests, listOpenedSince } from "../refs/github/pull-requests.ts";
import type { PullRequests } from "../refs/refs.ts";
import type { ImagesInUse } from "../registry/images-in-use.ts";
import type { Listing } from "../registry/registry.ts";
import type { Settings } from "../settings.ts";
import { ownersOfCommits } from "../tags/commits.ts";
import { expectedTags } from "../tags/expected-tags.ts";
import { type LiveTags, liveTagsOf } from "../tags/live-tags.ts";
import { orphanedTags, type PushedTag, pullRequestLookups } from "../tags/lookups.ts";
import { compileTagPatterns } from "../tags/patterns.ts";
import { isTag } from "../tags/slugs.ts";
import { type ProtectedBy, type TagStatus, tagStatuses } from "../tags/status.ts";
import { gitRepository, readCommits, readNewCommits } from "./commits.ts";

/** Everything that decides about tags. */
export interface Evidence {
  readonly live: LiveTags;
  readonly pullRequests: PullRequests;
  readonly commits: Commits;
  readonly statusOf: (tag: string) => TagStatus;
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
  const refs = listRefs(http, gitRepository(settings));
  const patterns = compileTagPatterns(settings.tagPatterns);
  return liveTagsOf(patterns, await refs);
}

/** Reads the pull requests and commits that decide about the tags of `listings`. Throws Fault and HttpError. */
export async function readEvidence(
  sources: EvidenceSources,
  live: LiveTags,
  inUse: ImagesInUse,
  listings: Iterable<Listing>,
): Promise<Evidence> {
  const { settings, http, clock } = sources;
  const lookups = pullRequestLookups(pushedTags(listings), live, protectionOf(settings.protectTags));
  const readAt = clock.now();
  const found = await findPullRequests(http, settings.github, lookups, {
    event: settings.event,
    orphanedTags: orphanedTags(lookups, live),
    deletesUnmatched: settings.unmatchedTags === "delete",
  });
  const commits = await readCommits(sources, live.refs, found.open, lookups.commits);
  const owners = ownersOfCommits(commits, live.refs, lookups.commits);
  const failures = [...found.failures, ...(commits.unread === null ? [] : [commits.unread])];
  const pullRequests = await withOwners(sources, found, owners, (failure) => failures.push(failure));
  // With an error, tags are unmatched that would be kept without it.
  const [first] = failures;
  if (first !== undefined && settings.unmatchedTags === "delete") throw first;
  return { ...evidenceOf(settings, live, pullRequests, commits), inUse, readAt, notices: noticesOf(failures) };
}

function evidenceOf(
  { protectTags }: Settings,
  live: LiveTags,
  pullRequests: PullRequests,
  commits: Commits,
): Pick<Evidence, "live" | "pullRequests" | "commits" | "statusOf"> {
  const statusOf = tagStatuses(live, pullRequests, protectionOf(protectTags), commits);
  return { live, pullRequests, commits, statusOf };
}

/** Adds the pull requests that commits belong to. */
async function withOwners(
  { settings, http }: EvidenceSources,
  found: PullRequests,
  owners: ReadonlySet<number>,
  onFailure: (failure: Fault) => void,
): Promise<PullRequests> {
  const known = new Set([...found.byNumber.keys(), ...[...found.open, ...found.closed].map(({ number }) => number)]);
  const unknown = new Set([...owners].filter((number) => !known.has(number)));
  const byNumber = await findByNumber(http, settings.github, unknown, onFailure);
  return { ...found, byNumber: new Map([...found.byNumber, ...byNumber]) };
}

/**
 * Reads the evidence again for a recheck: branches and Git tags, pull requests that were opened since, and images in use. What was
 * in use when the run started remains protected. Throws Fault and HttpError.
 */
export async function readEvidenceAgain(sources: EvidenceSources, first: Evidence): Promise<Evidence> {
  const { settings, http, readAppImages } = sources;
  const { commits, inUse, readAt } = first;
  const needsOpen = deletesWithoutEvidence(settings) || provesAnything(first.pullRequests);
  const [live, opened, appImages] = await Promise.all([
    readLiveTags(sources),
    needsOpen ? listOpenedSince(http, settings.github, readAt) : [],
    readAppImages?.() ?? null,
  ]);
  const pullRequests = { ...first.pullRequests, open: [...first.pullRequests.open, ...opened] };
  const commitsNow = await readNewCommits(sources, commits, live.refs, opened);
  if (commitsNow.unread !== null && settings.unmatchedTags === "delete") throw commitsNow.unread;
  return {
    ...evidenceOf(settings, live, pullRequests, commitsNow),
    inUse: appImages === null ? inUse : joinImagesInUse([inUse, appImages]),
    readAt,
    notices: [],
  };
}

/** One failure is enough: the others rarely have another cause. */
function noticesOf([failure]: readonly Fault[]): readonly string[] {
  if (failure === undefined) return [];
  const kept = "Some images are kept until the next run, because not all evidence could be read";
  return [`${kept}. ${failure.message}`];
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
  yield* [...protectTags, ...(inUse.tags.get(repository) ?? [])].filter(isTag);
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

/** Whether images are deleted that no pull request proves orphaned. An open pull request still keeps them. */
function deletesWithoutEvidence({ unmatchedTags, superseded, retention }: Settings): boolean {
  return unmatchedTags === "delete" || superseded === "delete" || retention.length > 0;
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
