import type { HttpClient } from "../../http/http.ts";
import { createSizeLimit } from "../../http/size-limit.ts";
import type { ClosedPullRequestEvent, Settings } from "../../settings.ts";
import { LATE_PUSH_MS, type PullRequest, type PullRequestLookups, type PullRequests } from "../refs.ts";
import { type AskRepository, listingFault, openGraphql } from "./graphql.ts";
import {
  byNumberQuery,
  CLOSED_QUERY,
  LARGEST_NUMBER,
  OPEN_QUERY,
  PAGE,
  type Page,
  parseByNumber,
  parsePage,
  REOPENED_QUERY,
} from "./pull-request-queries.ts";

/** What GitHub's clock and this machine's may differ by. */
const CLOCK_SKEW_MS = 3_600_000;
/** How often a list that moves while it is read is read again. */
const LOOKS = 3;
/** A million of them: no repository has so many, and a list of more never ends. */
const MOST_PAGES = 10_000;
/** One takes about half a KiB. */
const MOST_MIB = 512;

/** The image tags that one closed pull request proves dead by its head branch. */
export type DeadByBranch = (pullRequest: PullRequest) => readonly string[];

/** The pull requests of one repository. */
interface Source {
  readonly github: Settings["github"];
  readonly ask: () => Promise<AskRepository>;
}

/**
 * Answers `questions`, with as few requests to GitHub's GraphQL as they need, down to none:
 *
 * - numbers: 100 a request; one that cannot be a pull request's is `missing` without being asked for.
 * - commits and branch tags: all open pull requests, 100 a request, as any of them gives life.
 * - branch tags: closed pull requests, the last touched first, 100 a request, until `deadByBranch` has answered for every
 *   one, or they were closed before the oldest manifest in question was pushed.
 *
 * `known`, the event's own pull request, is taken at its word.
 *
 * Throws Fault `permission` or `listing`; an HttpError `interrupted` comes through as it is.
 */
export async function answerQuestions(
  http: HttpClient,
  github: Settings["github"],
  questions: PullRequestLookups,
  known: ClosedPullRequestEvent | null,
  deadByBranch: DeadByBranch,
): Promise<PullRequests> {
  const source = sourceOf(http, github);
  const event = known === null ? null : fromEvent(known);
  const { numbers, commits, branchTags } = questions;
  const asksForLife = commits.size > 0 || branchTags.size > 0;
  const [byNumber, open, closed] = await Promise.all([
    answerNumbers(source, numbers, event),
    // A branch that is gone here may still be that of an open pull request, a fork's.
    asksForLife ? readOpen(source) : [],
    search(source, questions, event, deadByBranch),
  ]);
  return { byNumber, open, closed };
}

/**
 * The pull requests that are open and were touched since `since` (milliseconds since the epoch, by this machine's clock): all
 * that were opened or reopened since are among them. Throws as `answerQuestions` does.
 */
export async function openedSince(
  http: HttpClient,
  github: Settings["github"],
  since: number,
): Promise<readonly PullRequest[]> {
  const source = sourceOf(http, github);
  const found = new Map<number, PullRequest>();
  let bound = since - CLOCK_SKEW_MS;
  for (let look = 1; look <= LOOKS; look += 1) {
    let pages = 0;
    let newest = bound;
    for await (const { entries } of pagesOf(source, REOPENED_QUERY)) {
      pages += 1;
      for (const { pullRequest } of entries) found.set(pullRequest.number, pullRequest);
      newest = Math.max(newest, ...entries.map(({ updatedAt }) => updatedAt));
      if (entries.some(({ updatedAt }) => updatedAt < bound)) break;
    }
    if (pages <= 1) return [...found.values()];
    // What was touched between two pages went from the end to the beginning, unseen: only one page is one moment.
    bound = newest;
  }
  throw listingFault(github, `they changed faster than they could be read, ${LOOKS} times`);
}

function sourceOf(http: HttpClient, github: Settings["github"]): Source {
  let opened: Promise<AskRepository> | null = null;
  return {
    github,
    ask: () => {
      opened ??= openGraphql(http, github);
      return opened;
    },
  };
}

function fromEvent(event: ClosedPullRequestEvent): PullRequest {
  const { number, closedAt, headBranch, headCommit, fromFork, merged } = event;
  const mergeCommit = merged ? event.mergeCommit : null;
  return { number, state: merged ? "merged" : "closed", closedAt, headBranch, headCommit, fromFork, mergeCommit };
}

async function answerNumbers(
  { github, ask }: Source,
  numbers: ReadonlySet<number>,
  event: PullRequest | null,
): Promise<Map<number, PullRequest | "missing">> {
  const answers = new Map<number, PullRequest | "missing">();
  const asked: number[] = [];
  for (const number of numbers) {
    if (number === event?.number) answers.set(number, event);
    else if (!Number.isInteger(number) || number < 1 || number > LARGEST_NUMBER) answers.set(number, "missing");
    else asked.push(number);
  }
  const batches = Array.from({ length: Math.ceil(asked.length / PAGE) }, (_, at) =>
    asked.slice(at * PAGE, (at + 1) * PAGE),
  );
  await Promise.all(
    batches.map(async (batch) => {
      const answer = await (await ask())(byNumberQuery(batch));
      for (const number of batch) answers.set(number, parseByNumber(github, answer, number));
    }),
  );
  return answers;
}

/** Closed pull requests, as many as the branch tags in question need, newest first. */
async function search(
  source: Source,
  { branchTags, oldestPush }: PullRequestLookups,
  event: PullRequest | null,
  deadByBranch: DeadByBranch,
): Promise<readonly PullRequest[]> {
  const unanswered = new Set(branchTags);
  if (unanswered.size === 0) return [];
  const closed = new Map<number, PullRequest>();
  const found = (pullRequest: PullRequest): void => {
    closed.set(pullRequest.number, pullRequest);
    for (const tag of deadByBranch(pullRequest)) unanswered.delete(tag);
  };
  if (event !== null) found(event);
  const until = oldestPush === null ? Number.NEGATIVE_INFINITY : oldestPush - LATE_PUSH_MS;
  if (unanswered.size > 0) await readClosed(source, until, unanswered, found);
  return [...closed.values()].sort(newestFirst);
}

/**
 * All open pull requests. They give life, so each must be there: in the order of their birth none can slip past a cursor, and a
 * total above what was read (a page cut short, one that was reopened behind the cursor) has it all read again.
 */
async function readOpen(source: Source): Promise<readonly PullRequest[]> {
  let lacking = 0;
  for (let look = 1; look <= LOOKS; look += 1) {
    const open = new Map<number, PullRequest>();
    let total = 0;
    for await (const page of pagesOf(source, OPEN_QUERY)) {
      for (const { pullRequest } of page.entries) open.set(pullRequest.number, pullRequest);
      total = page.totalCount;
    }
    lacking = total - open.size;
    if (lacking <= 0) return [...open.values()];
  }
  throw listingFault(
    source.github,
    `GitHub's list of open ones is ${lacking} short of its own count, ${LOOKS} times over`,
  );
}

/**
 * Order and bound are on one clock, GitHub's: a pull request is touched when it is closed, so once one was last touched before
 * `until`, this and all further ones were closed before it. One that is touched while the pages are read goes to the front
 * unseen; so an image may stay that could go, and goes next time.
 */
async function readClosed(
  source: Source,
  until: number,
  unanswered: ReadonlySet<string>,
  found: (pullRequest: PullRequest) => void,
): Promise<void> {
  for await (const { entries } of pagesOf(source, CLOSED_QUERY)) {
    for (const { pullRequest } of entries) found(pullRequest);
    if (unanswered.size === 0 || entries.some(({ updatedAt }) => updatedAt < until)) return;
  }
}

async function* pagesOf({ github, ask }: Source, query: string): AsyncGenerator<Page> {
  const askRepository = await ask();
  const count = createSizeLimit(MOST_MIB, (why) => listingFault(github, why));
  let after: string | null = null;
  for (let read = 0; read < MOST_PAGES; read += 1) {
    const answer = await askRepository(query, { after });
    count(answer.sizeBytes);
    const page: Page = parsePage(github, answer, after);
    yield page;
    after = page.next;
    if (after === null) return;
  }
  throw listingFault(github, `there is no end to them after ${MOST_PAGES} pages`);
}

function newestFirst(a: PullRequest, b: PullRequest): number {
  return (b.closedAt ?? 0) - (a.closedAt ?? 0) || b.number - a.number;
}
