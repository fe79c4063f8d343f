import type { Fault } from "../../fault.ts";
import { counted } from "../../format.ts";
import type { HttpClient } from "../../http/http.ts";
import type { ClosedPullRequestEvent, Settings } from "../../settings.ts";
import {
  LATE_PUSH_MS,
  type OrphanedTags,
  type PullRequest,
  type PullRequestLookups,
  type PullRequests,
} from "../refs.ts";
import { findNumbers } from "./by-number.ts";
import { createRepositoryApi, listingFault, type RepositoryApi } from "./graphql.ts";
import { completePagesOf, pagesOf } from "./pages.ts";
import { CLOSED_QUERY, OPEN_QUERY, type Page, UPDATED_QUERY } from "./pull-request-queries.ts";

/** The largest expected difference between the clocks of GitHub and this machine. */
const CLOCK_SKEW_MS = 3_600_000;
/** How often a list is read if it changes while it is read. */
const LIST_ATTEMPTS = 3;

/** What `findPullRequests` works with. */
export interface FindOptions {
  /** The event's own pull request is not looked up. */
  readonly event: ClosedPullRequestEvent | null;
  readonly orphanedTags: OrphanedTags;
  /** Whether a tag that no pull request explains is evidence, too. Then all of them must be known. */
  readonly deletesUnmatched: boolean;
}

/** The pull requests that were found, and why others were not. */
export interface FoundPullRequests extends PullRequests {
  /** Failures of GitHub. Closed pull requests are missing because of them, so their images are kept. */
  readonly failures: readonly Fault[];
}

/**
 * Returns the pull requests that `lookups` need, with as few GraphQL requests as possible:
 *
 * - any lookup: all open pull requests, 100 in a request, because any of them may give the same tag.
 * - numbers: 100 in a request.
 * - branch tags: closed pull requests, the last updated first, 100 in a request, until `orphanedTags` has returned each tag, or
 *   all others were closed too long before the oldest push.
 *
 * If GitHub does not complete a query, sends smaller ones. Closed pull requests that it never returns are left out.
 *
 * Throws Fault `permission` or `listing`, and HttpError `interrupted`.
 */
export async function findPullRequests(
  http: HttpClient,
  github: Settings["github"],
  lookups: PullRequestLookups,
  { event, orphanedTags, deletesUnmatched }: FindOptions,
): Promise<FoundPullRequests> {
  const api = createRepositoryApi(http, github);
  const known = event === null ? null : fromEvent(event);
  const { numbers, commits, branchTags } = lookups;
  const failures: Fault[] = [];
  const onFailure = (failure: Fault): void => {
    if (deletesUnmatched) throw failure;
    failures.push(failure);
  };
  const needsOpen = deletesUnmatched || numbers.size + commits.size + branchTags.size > 0;
  const [byNumber, open, closed] = await Promise.all([
    findNumbers(api, numbers, known, onFailure),
    needsOpen ? listOpen(api) : [],
    findByBranch(api, lookups, known, orphanedTags, onFailure),
  ]);
  return { byNumber, open, closed, failures };
}

/**
 * Returns open pull requests, at least all that were opened or reopened since `since` (milliseconds since the epoch, by this
 * machine's clock). Throws the same errors as `findPullRequests`.
 */
export async function listOpenedSince(
  http: HttpClient,
  github: Settings["github"],
  since: number,
): Promise<readonly PullRequest[]> {
  const api = createRepositoryApi(http, github);
  const found = new Map<number, Page["entries"][number]>();
  let oldest = since - CLOCK_SKEW_MS;
  for (let attempt = 1; attempt <= LIST_ATTEMPTS; attempt += 1) {
    let pages = 0;
    let changes = 0;
    let newest = oldest;
    for await (const { entries } of completePagesOf(api, UPDATED_QUERY)) {
      pages += 1;
      for (const entry of entries) {
        if (found.get(entry.pullRequest.number)?.updatedAt !== entry.updatedAt) changes += 1;
        found.set(entry.pullRequest.number, entry);
        newest = Math.max(newest, entry.updatedAt);
      }
      if (entries.some(({ updatedAt }) => updatedAt < oldest)) break;
    }
    if (pages <= 1 || changes === 0) return [...found.values()].map(({ pullRequest }) => pullRequest);
    // A pull request that is updated between two requests moves to the first page: read that again.
    oldest = newest;
  }
  throw listingFault(github, `the list changed while it was read, ${LIST_ATTEMPTS} times in a row`);
}

function fromEvent({ merged, ...event }: ClosedPullRequestEvent): PullRequest {
  return {
    ...event,
    baseBranch: null,
    state: merged ? "merged" : "closed",
    mergeCommit: merged ? event.mergeCommit : null,
  };
}

/** Returns the closed pull requests that the branch tags need. */
async function findByBranch(
  api: RepositoryApi,
  { branchTags, oldestPush }: PullRequestLookups,
  known: PullRequest | null,
  orphanedTags: OrphanedTags,
  onFailure: (failure: Fault) => void,
): Promise<readonly PullRequest[]> {
  const remaining = new Set(branchTags);
  if (remaining.size === 0) return [];
  const closed = new Map<number, PullRequest>();
  const add = (pullRequest: PullRequest): void => {
    closed.set(pullRequest.number, pullRequest);
    for (const tag of orphanedTags(pullRequest)) remaining.delete(tag);
  };
  if (known !== null) add(known);
  const oldest = oldestPush === null ? Number.NEGATIVE_INFINITY : oldestPush - LATE_PUSH_MS;
  if (remaining.size > 0) {
    for await (const { entries, failure } of pagesOf(api, CLOSED_QUERY)) {
      if (failure !== null) onFailure(failure);
      for (const { pullRequest } of entries) add(pullRequest);
      // Closing is an update, so the pull requests after this one were closed before `oldest` too. One that is updated while
      // the list is read may be missed: then its images are kept in this run.
      if (remaining.size === 0 || entries.some(({ updatedAt }) => updatedAt < oldest)) break;
    }
  }
  return [...closed.values()];
}

/**
 * Returns all open pull requests. They keep images, so the list must be complete: it is read again if it is shorter than its
 * total count, because a pull request was reopened meanwhile.
 */
async function listOpen(api: RepositoryApi): Promise<readonly PullRequest[]> {
  let missing = 0;
  for (let attempt = 1; attempt <= LIST_ATTEMPTS; attempt += 1) {
    const open = new Map<number, PullRequest>();
    let total = 0;
    for await (const { entries, totalCount } of completePagesOf(api, OPEN_QUERY)) {
      for (const { pullRequest } of entries) open.set(pullRequest.number, pullRequest);
      total = totalCount;
    }
    missing = total - open.size;
    if (missing <= 0) return [...open.values()];
  }
  const why = `the list of open pull requests has ${counted(missing, "entry", "entries")} fewer than GitHub counts`;
  throw listingFault(api.github, `${why}, ${LIST_ATTEMPTS} times in a row`);
}
