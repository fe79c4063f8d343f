import pMap from "p-map";
import type { Digest } from "../digest.ts";
import { Fault } from "../fault.ts";
import { HttpError } from "../http/errors.ts";
import { isContent } from "../plan/graph.ts";
import { planRepository } from "../plan/plan.ts";
import type { Decision, TagStatus, RepositoryPlan, RepositoryView, Rules } from "../plan/view.ts";
import type { Known } from "../registry/manifest.ts";
import type { Listing, Registry } from "../registry/registry.ts";

/** What the refs say of image tags; asked anew at each look, as refs come and go. */
export interface Judge {
  statusesOf(repository: string, tags: Iterable<string>): ReadonlyMap<string, TagStatus>;
}

/** One whole look at a repository: its listing, all that its plan needed to know, and the plan. */
export interface Look {
  readonly listing: Listing;
  readonly plan: RepositoryPlan;
  readonly decisions: ReadonlyMap<Digest, Decision>;
  /** All that was read for it. */
  readonly contents: ReadonlyMap<Digest, Known>;
  /** Null: it was not asked, as nothing is to be deleted. */
  readonly referrersApi: boolean | null;
}

/** So many manifests that answer 404, and nothing else that was read: none of them is taken for a ghost. */
const MOST_GHOSTS = 8;

/** Each level of nested indexes takes a round, and a few more are all that is asked for: builds nest three levels. */
const MOST_ROUNDS = 200;

/**
 * Completes a listing to a final plan: reads what the plan asks for, and plans again, until it asks for nothing.
 * The view only ever grows, so this ends. What is read once is known to the registry for the rest of the run.
 *
 * @throws Fault `listing` where indexes nest without measure; Fault for a refused token, or HttpError `interrupted`; a manifest that cannot be read is part of the plan.
 */
export async function survey(
  registry: Registry,
  repository: string,
  listing: Listing,
  judge: Judge,
  rules: Rules,
  concurrency: number,
): Promise<Look> {
  const contents = new Map<Digest, Known>();
  const times = new Map(listing.times);
  const referrers = new Map<Digest, readonly Digest[]>();
  const statuses = judge.statusesOf(repository, tagsOf(listing));
  let referrersApi: boolean | null = null;
  for (let round = 1; ; round += 1) {
    if (round > MOST_ROUNDS) throw nestsTooDeep();
    const view: RepositoryView = {
      repository,
      listed: listing.manifests,
      listsUntagged: registry.listsUntagged,
      referrersApi: referrersApi ?? false,
      contents,
      times,
      referrers,
    };
    const { plan, wanted } = planRepository(view, statuses, rules);
    if (plan !== null) {
      const first = plan.waves[0]?.[0];
      if (first === undefined) return lookOf(listing, plan, contents, referrersApi);
      if (await doubtGhosts(registry, repository, listing, contents)) continue;
      if (referrersApi !== null) return lookOf(listing, plan, contents, referrersApi);
      // Whether subjects can hide their referrers matters only once something is to be deleted. What could be read is
      // asked for: of what is not there, some registries that have the API answer 404 as those that have none.
      const isThere = (digest: Digest): boolean => isContent(contents.get(digest) ?? rules.since?.contents.get(digest));
      const there = listing.manifests.find(({ digest }) => isThere(digest));
      referrersApi = (await registry.referrers(repository, there?.digest ?? first)) !== null;
      continue;
    }
    const ask = { concurrency };
    await pMap(wanted.contents, async (digest) => contents.set(digest, await read(registry, repository, digest)), ask);
    await pMap(wanted.times, async (digest) => times.set(digest, await registry.createdAt(repository, digest)), ask);
    await pMap(
      wanted.referrers,
      async (digest) => referrers.set(digest, await attachedTo(registry, repository, digest)),
      ask,
    );
  }
}

function nestsTooDeep(): Fault {
  return new Fault(
    "listing",
    `Its indexes list indexes, which list indexes, and so on for about ${MOST_ROUNDS} levels`,
    "No build makes such images: see who pushes to this repository, and delete them.",
  );
}

const NOTHING_IS_THERE: Known = {
  unreadable: "it answers 404, and so does all else that was asked for: nothing shows that manifests can be read there",
};

/**
 * Whether there was doubt, and the view has grown. A manifest that answers 404 is a ghost, and refers to nothing, where the
 * registry has others: where all that was asked for is missing, more is asked for, and what answers so throughout (another
 * host, another name, a token that may not see) cannot be read.
 */
async function doubtGhosts(
  registry: Registry,
  repository: string,
  { manifests }: Listing,
  contents: Map<Digest, Known>,
): Promise<boolean> {
  if (contents.size === 0 || [...contents.values()].some((known) => known !== "missing")) return false;
  const next = contents.size < MOST_GHOSTS ? manifests.find(({ digest }) => !contents.has(digest)) : undefined;
  if (next !== undefined) {
    contents.set(next.digest, await read(registry, repository, next.digest));
    return true;
  }
  // What is listed, as a subject that is asked for need not be a manifest of this repository.
  const listed = manifests.find(({ digest }) => contents.has(digest));
  if (listed === undefined) return false;
  contents.set(listed.digest, NOTHING_IS_THERE);
  return true;
}

function lookOf(
  listing: Listing,
  plan: RepositoryPlan,
  contents: ReadonlyMap<Digest, Known>,
  referrersApi: boolean | null,
): Look {
  const decisions = new Map(plan.decisions.map((decision) => [decision.digest, decision]));
  return { listing, plan, decisions, contents, referrersApi };
}

/** What is attached to a manifest, of a registry that has told so before: by now, silence is no answer. */
async function attachedTo(registry: Registry, repository: string, digest: Digest): Promise<readonly Digest[]> {
  const attached = await registry.referrers(repository, digest);
  if (attached === null) throw referrersLost(digest);
  return attached;
}

/** A registry told what is attached to some manifests, and does not tell it of `digest`. */
export function referrersLost(digest: Digest): Fault {
  return new Fault(
    "listing",
    `What is attached to ${digest} is not known: the registry's referrers API answered before, and now it is not there`,
    "Run it again; if it persists, look whether something between registry and runner answers in its place.",
  );
}

/** All tags of a listing. */
export function tagsOf(listing: Listing): readonly string[] {
  return listing.manifests.flatMap((manifest) => manifest.tags);
}

/** A manifest's content; a failure becomes data, as it ends the work on this repository only. */
async function read(registry: Registry, repository: string, digest: Digest): Promise<Known> {
  try {
    return await registry.read(repository, digest);
  } catch (error) {
    if (error instanceof Fault && error.kind !== "listing") throw error;
    if (error instanceof HttpError && error.code === "interrupted") throw error;
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
}
