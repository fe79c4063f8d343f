import pMap from "p-map";
import type { Digest } from "../digest.ts";
import { Fault } from "../fault.ts";
import { HttpError } from "../http/errors.ts";
import { type DecisionInput, mayDelete } from "../plan/decide.ts";
import { Graph } from "../plan/graph.ts";
import type { Reason } from "../plan/keep.ts";
import { makePlan } from "../plan/make-plan.ts";
import type { RepositoryPlan, Rules } from "../plan/plan.ts";
import { addPlanned, type Progress } from "../plan/progress.ts";
import { wantedNext } from "../plan/wanted.ts";
import type { Known, ListedManifest } from "../registry/manifest.ts";
import type { Listing, Registry } from "../registry/registry.ts";
import type { TagStatus } from "../tags/status.ts";
import { requireNoHiddenTag } from "./hidden-tags.ts";

/** What a repository is planned from. */
export interface PlanningInput {
  readonly registry: Registry;
  readonly repository: string;
  readonly listing: Listing;
  readonly statuses: ReadonlyMap<string, TagStatus>;
  readonly inUse: ReadonlyMap<Digest, Reason>;
  /** Yields the tags that must be kept if they exist, also if the list does not show them. */
  readonly tagsToKeep: () => Iterable<string>;
  readonly rules: Rules;
  /** Requests in flight. */
  readonly concurrency: number;
  /** Set for a recheck. */
  readonly recheck: { readonly first: PlannedRepository; readonly progress: Progress } | null;
}

/** A plan, and everything that was read for it. */
export interface PlannedRepository {
  readonly listing: Listing;
  readonly graph: Graph;
  readonly plan: RepositoryPlan;
  readonly contents: ReadonlyMap<Digest, Known>;
  /** Whether the registry has a referrers API; null: it was not asked. */
  readonly hasReferrersApi: boolean | null;
}

/** Indexes nest three levels deep at most in practice; each level takes one round. */
const MAX_ROUNDS = 200;

/**
 * Reads everything that the plan of a repository needs, and makes the plan. If the list alone shows that nothing can be deleted,
 * nothing else is read.
 *
 * @throws Fault `listing` if indexes nest too deeply, the referrers API stops answering, or the list of tags hides one; Fault `permission`; HttpError
 *   `interrupted`. A manifest that cannot be read is part of the plan.
 */
export async function planRepository(input: PlanningInput): Promise<PlannedRepository> {
  const { registry, repository, listing, recheck } = input;
  const { listsUntagged, listsPushTimes } = registry.capabilities;
  const graph = new Graph(listing.manifests, input.statuses, listsUntagged);
  const kept = new Map([...(recheck?.progress.failed ?? []), ...input.inUse]);
  if (!listsUntagged) for (const digest of input.inUse.keys()) graph.addUnlisted(digest);
  if (recheck !== null) addPlanned(graph, recheck.progress);
  const createdAt = new Map<Digest, number | null>();
  const { statuses, rules } = input;
  const unread = { createdAt: listsPushTimes ? null : createdAt, tags: registry.tagPushes ? "unread" : null } as const;
  let decision: DecisionInput = { graph, statuses, rules, kept, times: unread };
  const reader = new ManifestReader(input, decision);
  if (mayDelete(decision)) await reader.readAll();
  for (;;) {
    const step = makePlan(repository, decision);
    if ("plan" in step) {
      if (step.plan.deletions.length > 0) {
        await requireNoHiddenTag(registry, repository, listing, input.tagsToKeep(), input.concurrency);
      }
      return { listing, graph, plan: step.plan, contents: reader.contents, hasReferrersApi: reader.hasReferrersApi };
    }
    if (decision.times.tags === "unread" && registry.tagPushes !== undefined) {
      decision = { ...decision, times: { ...decision.times, tags: await registry.tagPushes(repository) } };
    } else {
      const readTime = async (digest: Digest): Promise<unknown> =>
        createdAt.set(digest, await registry.createdAt(repository, digest));
      await pMap(step.untimed, readTime, { concurrency: input.concurrency });
    }
  }
}

/** Reads the manifests and referrers of one repository. */
class ManifestReader {
  readonly contents = new Map<Digest, Known>();
  hasReferrersApi: boolean | null = null;
  readonly #input: PlanningInput;
  readonly #decision: DecisionInput;
  readonly #referrersListed = new Set<Digest>();

  constructor(input: PlanningInput, decision: DecisionInput) {
    this.#input = input;
    this.#decision = decision;
    for (const [digest, known] of input.recheck?.progress.contents ?? []) this.contents.set(digest, known);
  }

  async readAll(): Promise<void> {
    const { concurrency, registry } = this.#input;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const asksReferrers = !registry.capabilities.listsUntagged && this.hasReferrersApi !== false;
      const { contents, referrers } = wantedNext(this.#decision, asksReferrers ? this.#referrersListed : null);
      if (contents.length + referrers.length === 0) return this.#requireAnyContent();
      await pMap(contents, (digest) => this.#read(digest), { concurrency });
      await pMap(referrers, (digest) => this.#listReferrers(digest), { concurrency });
    }
    throw new Fault(
      "listing",
      `Its indexes nest more than ${MAX_ROUNDS} levels deep`,
      "No build makes such images. Find out who pushes them, and delete them.",
    );
  }

  /** A manifest that cannot be read becomes data: it ends the work on this repository only. */
  async #read(digest: Digest): Promise<void> {
    const { registry, repository } = this.#input;
    let known: Known;
    try {
      known = await registry.read(repository, digest);
    } catch (error) {
      if (error instanceof Fault && error.kind !== "listing") throw error;
      if (error instanceof HttpError && error.code === "interrupted") throw error;
      known = { unreadable: error instanceof Error ? error.message : String(error) };
    }
    this.#add(digest, known === "missing" && this.#isNew(digest) ? PUSHED_JUST_NOW : known);
  }

  /** Whether the list shows it now and did not show it for the plan. */
  #isNew(digest: Digest): boolean {
    const before = this.#input.recheck?.first.graph;
    const isListed = (this.#decision.graph.get(digest)?.listed ?? null) !== null;
    return before !== undefined && isListed && (before.get(digest)?.listed ?? null) === null;
  }

  #add(digest: Digest, known: Known): void {
    this.contents.set(digest, known);
    this.#decision.graph.addContent(digest, known);
  }

  async #listReferrers(subject: Digest): Promise<void> {
    const { registry, repository, recheck } = this.#input;
    const hadApi = this.hasReferrersApi ?? recheck?.first.hasReferrersApi ?? null;
    if (this.hasReferrersApi === false) return;
    const referrers = await registry.referrers(repository, subject);
    if (referrers === null && hadApi === true) throw referrersApiStopped(subject);
    this.hasReferrersApi = referrers !== null;
    this.#referrersListed.add(subject);
    this.#decision.graph.addReferrers(subject, referrers ?? []);
  }

  /** A repository in which every manifest answers 404 is not full of missing manifests: host, name or permission is wrong. */
  async #requireAnyContent(): Promise<void> {
    for (const known of this.contents.values()) if (known !== "missing") return;
    const listed = this.#input.listing.manifests.filter(({ digest }) => this.contents.has(digest));
    const [first] = listed;
    if (first !== undefined && !(await this.#isListOutdated(listed))) this.#add(first.digest, NOTHING_READABLE);
  }

  /** Whether the list still shows manifests that were deleted: the registry does not find their own entries either. */
  async #isListOutdated(listed: readonly ListedManifest[]): Promise<boolean> {
    const { registry, repository } = this.#input;
    if (registry.entry === undefined) return false;
    for (const manifest of listed.slice(0, MAX_ENTRIES_CHECKED)) {
      if ((await registry.entry(repository, manifest)) !== "missing") return false;
    }
    return true;
  }
}

/** Enough to distinguish an outdated list from a wrong name. */
const MAX_ENTRIES_CHECKED = 10;

const PUSHED_JUST_NOW: Known = { unreadable: "it was pushed after the plan was made, and answers 404" };

const NOTHING_READABLE: Known = {
  unreadable: "it answers 404, like every other manifest that was read, so the registry may be reached by a wrong name",
};

function referrersApiStopped(subject: Digest): Fault {
  return new Fault(
    "listing",
    `The referrers of ${subject} are unknown: the referrers API answered before and does not any more`,
    "Run it again. If it happens again, check whether a proxy answers in place of the registry.",
  );
}

/** Throws Fault `listing` if a manifest could not be read. */
export function requireReadable({ plan }: PlannedRepository): void {
  const [unreadable] = plan.unreadable;
  if (unreadable === undefined) return;
  throw new Fault(
    "listing",
    `${unreadable.digest} could not be read, so nothing is deleted in this repository: ${unreadable.reason}`,
    "Run it again. If it happens again, delete that manifest or push it again.",
  );
}
