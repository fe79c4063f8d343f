import type { Clock } from "../clock.ts";
import { Fault } from "../fault.ts";
import type { HttpClient } from "../http/http.ts";
import { joinImagesInUse } from "../protect/images-in-use.ts";
import { listRefs } from "../refs/git/ls-refs.ts";
import { listDeletedBranches } from "../refs/github/activity.ts";
import { findByNumber } from "../refs/github/by-number.ts";
import { findPullRequests, listOpenedSince } from "../refs/github/pull-requests.ts";
import { type DeletedBranch, LATE_PUSH_MS, type PullRequestLookups, type PullRequests } from "../refs/refs.ts";
import type { ImagesInUse } from "../registry/images-in-use.ts";
import type { Listing } from "../registry/registry.ts";
import type { Settings } from "../settings.ts";
import { ownersOfCommits } from "../tags/commits.ts";
import { type LiveTags, liveTagsOf } from "../tags/live-tags.ts";
import { orphanedTags, type PushedTag, pullRequestLookups } from "../tags/lookups.ts";
import { compileTagPatterns } from "../tags/patterns.ts";
import { type TagStatus, tagStatuses } from "../tags/status.ts";
import { gitRepository, readCommits, readNewCommits } from "./commits.ts";
import type { Evidence, GitEvidence } from "./evidence.ts";
import { protectionOf } from "./protection.ts";

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

/** Reads what decides about the tags of `listings`: pull requests, commits, deleted branches. Throws Fault and HttpError. */
export async function readEvidence(
  sources: EvidenceSources,
  live: LiveTags,
  inUse: ImagesInUse,
  listings: Iterable<Listing>,
): Promise<Evidence> {
  const { settings, http, clock } = sources;
  const lookups = pullRequestLookups(pushedTags(listings), live, protectionOf(settings.protectTags));
  const failures: Fault[] = [];
  const onFailure = (failure: Fault): void => {
    // With an error, tags are unmatched that would be kept without it.
    if (deletesUnmatched(settings)) throw failure;
    failures.push(failure);
  };
  const readAt = clock.now();
  const found = await findPullRequests(http, settings.github, lookups, {
    event: settings.event,
    orphanedTags: orphanedTags(lookups, live),
    deletesUnmatched: deletesUnmatched(settings),
  });
  failures.push(...found.failures);
  const commits = await readCommits(sources, live.refs, found.open, lookups.commits);
  if (commits.unread !== null) onFailure(commits.unread);
  const owners = ownersOfCommits(commits, live.refs, lookups.commits);
  const pullRequests = await withOwners(sources, found, owners, onFailure);
  const known = { live, pullRequests, commits, deletedBranches: branchOfEvent(sources) };
  const deletedBranches = await readDeletedBranches(sources, lookups, known, (failure) => failures.push(failure));
  const evidence = { ...known, deletedBranches };
  return { ...evidence, statusOf: statusBy(settings, evidence), inUse, readAt, notices: noticesOf(failures) };
}

function statusBy({ protectTags }: Settings, evidence: GitEvidence): (tag: string) => TagStatus {
  const { live, pullRequests, ...further } = evidence;
  return tagStatuses(live, pullRequests, protectionOf(protectTags), further);
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

/** The event does not say when the branch was deleted. It is not older than its job. */
function branchOfEvent({ settings, clock }: EvidenceSources): readonly DeletedBranch[] {
  const { deletedBranch } = settings;
  return deletedBranch === null ? [] : [{ name: deletedBranch, commit: null, deletedAt: clock.now() }];
}

/**
 * Adds the branches that were deleted without a pull request, or renamed after one, if that may decide about a tag. Without this
 * evidence unmatched images are kept, so an error is a notice.
 */
async function readDeletedBranches(
  { settings, http }: EvidenceSources,
  { branchTags, commits, oldestPush }: PullRequestLookups,
  known: GitEvidence,
  onFailure: (failure: Fault) => void,
): Promise<readonly DeletedBranch[]> {
  const { deletedBranches } = known;
  if (settings.scope !== "repository") return deletedBranches;
  const statuses = [...branchTags, ...commits].map(statusBy(settings, known));
  const isUnmatched = statuses.some(({ status }) => status === "unmatched");
  const isByBranch = statuses.some((status) => status.status === "orphaned" && status.lastPush !== null);
  if (!isUnmatched && !isByBranch) return deletedBranches;
  const since = oldestPush === null ? Number.NEGATIVE_INFINITY : oldestPush - LATE_PUSH_MS;
  try {
    return [...deletedBranches, ...(await listDeletedBranches(http, settings.github, since))];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (isUnmatched) onFailure(error);
    return deletedBranches;
  }
}

/**
 * Reads the evidence again for a recheck: branches and Git tags, their new commits, pull requests that were opened since, and images
 * in use. What was in use when the run started remains protected. Throws Fault and HttpError.
 */
export async function readEvidenceAgain(sources: EvidenceSources, first: Evidence): Promise<Evidence> {
  const { settings, http, readAppImages } = sources;
  const { inUse, readAt, deletedBranches } = first;
  const needsOpen = deletesUnmatched(settings) || settings.superseded === "delete" || provesAnything(first);
  const [live, opened, appImages] = await Promise.all([
    readLiveTags(sources),
    needsOpen ? listOpenedSince(http, settings.github, readAt) : [],
    readAppImages?.() ?? null,
  ]);
  const commits = await readNewCommits(sources, first.commits, live.refs, opened);
  if (commits.unread !== null && deletesUnmatched(settings)) throw commits.unread;
  const pullRequests = { ...first.pullRequests, open: [...first.pullRequests.open, ...opened] };
  const evidence = { live, pullRequests, commits, deletedBranches };
  return {
    ...evidence,
    statusOf: statusBy(settings, evidence),
    inUse: appImages === null ? inUse : joinImagesInUse([inUse, appImages]),
    readAt,
    notices: [],
  };
}

/** One failure is enough: the others rarely have another cause. */
function noticesOf([failure]: readonly Fault[]): readonly string[] {
  if (failure === undefined) return [];
  const kept = "Some images are kept, because not all evidence could be read";
  return [`${kept}. ${failure.message}. ${failure.remedy}`];
}

/** Whether images are deleted although their tags are unmatched. */
function deletesUnmatched({ unmatchedTags, retention }: Settings): boolean {
  return unmatchedTags === "delete" || retention.length > 0;
}

/** Whether anything proves a ref gone. */
function provesAnything({ pullRequests: { byNumber, closed }, deletedBranches }: GitEvidence): boolean {
  if (closed.length > 0 || deletedBranches.length > 0) return true;
  return [...byNumber.values()].some((found) => found !== "missing" && found.state !== "open");
}

function* pushedTags(listings: Iterable<Listing>): Generator<PushedTag> {
  for (const { manifests } of listings) {
    for (const { tags, pushedAt } of manifests) for (const tag of tags) yield { tag, pushedAt };
  }
}
