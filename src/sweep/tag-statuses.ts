import type { Clock } from "../clock.ts";
import type { Digest } from "../digest.ts";
import { compileGlobs } from "../glob.ts";
import type { HttpClient } from "../http/http.ts";
import type { TagStatus, ImagesInUse } from "../plan/view.ts";
import { joinImagesInUse, tagsInUse } from "../protect/images-in-use.ts";
import { listRefs } from "../refs/git/ls-refs.ts";
import { answerQuestions, openedSince } from "../refs/github/pull-requests.ts";
import type { LiveRefs, PullRequests } from "../refs/refs.ts";
import type { Listing } from "../registry/registry.ts";
import type { Settings } from "../settings.ts";
import { compileTagPatterns, type LiveNames, namesOf } from "../tags/live-tags.ts";
import { answeredBy, type PushedTag, questionsOf } from "../tags/lookups.ts";
import { statusesOf } from "../tags/status.ts";
import type { Judge } from "./survey.ts";

/** How long refs and pins are good for, in milliseconds, once read anew: repositories swept side by side share them. */
const FRESH_MS = 60_000;

/** Judges image tags by the refs of the Git repository: read once for the plan, and anew before what follows from it. */
export interface RefsJudge extends Judge {
  readRefs(): Promise<void>;
  /** Asks for the pull requests that the tags of `listings` leave open. After `readRefs`. */
  readPullRequests(listings: Iterable<Listing>): Promise<void>;
  /** Reads the refs anew, the pull requests that were opened again, and what is deployed: what came to life protects. */
  refresh(): Promise<void>;
  /** The digests that stay, as they are in use: those that were pinned at first, and those that are by now. */
  pinned(): ReadonlySet<Digest>;
}

/**
 * @param pins what must stay, as it was when the run began
 * @param readImagesInUse reads them anew; null: they do not change
 */
export function createJudge(
  settings: Settings,
  pins: ImagesInUse,
  readImagesInUse: (() => Promise<ImagesInUse>) | null,
  { http, clock }: { readonly http: HttpClient; readonly clock: Clock },
): RefsJudge {
  const { github } = settings;
  const patterns = compileTagPatterns(settings.tagPatterns);
  const protectedBy = protection(settings.protectTags);
  const gitUrl = new URL(`${github.repository}.git`, github.serverUrl);
  const readRefs = async (): Promise<LiveNames> =>
    namesOf(patterns, await listRefs(http, { url: gitUrl, token: github.token }));

  let names = namesOf(patterns, { branches: [], tags: [] } satisfies LiveRefs);
  let pullRequests: PullRequests = { byNumber: new Map(), open: [], closed: [] };
  let askedAt = 0;
  let judge = statusesOf(names, pullRequests, protectedBy);
  let pinned = pins;
  let [begun, newest] = [0, 0];
  let fresh: { readonly at: number; readonly done: Promise<void> } | null = null;

  const readAnew = async (): Promise<void> => {
    begun += 1;
    const own = begun;
    const since = askedAt;
    const [newNames, opened, newPins] = await Promise.all([
      readRefs(),
      settings.unmatchedTags === "delete" || decidesByPullRequest(pullRequests) ? openedSince(http, github, since) : [],
      readImagesInUse?.() ?? pins,
    ]);
    // One that takes long may end after a later one, and tells what was before it.
    if (own > newest) {
      newest = own;
      names = newNames;
      pinned = joinImagesInUse([pins, newPins]);
    }
    // One that is open in any answer is open, whatever others say of it.
    pullRequests = { ...pullRequests, open: [...pullRequests.open, ...opened] };
    judge = statusesOf(names, pullRequests, protectedBy);
  };

  return {
    async readRefs() {
      names = await readRefs();
    },
    async readPullRequests(listings) {
      const questions = questionsOf(pushedTags(listings), names, protectedBy);
      // A job that is run again brings its old event along: the pull request may have been reopened since.
      askedAt = Math.min(clock.now(), settings.event?.closedAt ?? Number.POSITIVE_INFINITY);
      pullRequests = await answerQuestions(http, github, questions, settings.event, answeredBy(questions, names));
      judge = statusesOf(names, pullRequests, protectedBy);
    },
    async refresh() {
      const age = fresh === null ? FRESH_MS : clock.now() - fresh.at;
      // A clock that was put back makes nothing fresh.
      if (fresh === null || age < 0 || age >= FRESH_MS) fresh = { at: clock.now(), done: readAnew() };
      await fresh.done;
    },
    pinned: () => pinned.digests,
    statusesOf(repository, tags) {
      const inUse = tagsInUse(pinned, repository);
      const statuses = new Map<string, TagStatus>();
      for (const tag of tags) statuses.set(tag, inUse(tag) ? PINNED : judge(tag));
      return statuses;
    },
  };
}

const PINNED: TagStatus = { status: "live", reason: "pinned: it is in use" };

/** Whether any answer can be evidence that an image tag is dead. */
function decidesByPullRequest({ byNumber, closed }: PullRequests): boolean {
  return closed.length > 0 || [...byNumber.values()].some((answer) => answer !== "missing" && answer.state !== "open");
}

/**
 * The first of `globs` that protects a tag, shown as the reason; an exclusion takes back what other globs protect. What protects
 * does so in any case, as Gitea lists in lower case what was pushed in any; what takes protection back is taken literally.
 */
function protection(globs: readonly string[]): (tag: string) => string | null {
  const isExcluded = compileGlobs(
    globs.filter((glob) => glob.startsWith("!")).map((glob) => glob.slice(1)),
    "case-sensitive",
  );
  const protecting = globs
    .filter((glob) => !glob.startsWith("!"))
    .map((glob) => ({ glob, matches: compileGlobs([glob], "case-insensitive") }));
  return (tag) => (isExcluded(tag) ? null : (protecting.find((one) => one.matches(tag))?.glob ?? null));
}

function* pushedTags(listings: Iterable<Listing>): Generator<PushedTag> {
  for (const { manifests, times } of listings) {
    for (const { digest, tags } of manifests) {
      for (const tag of tags) yield { tag, pushedAt: times.get(digest) ?? null };
    }
  }
}
