import pMap from "p-map";
import type { Digest } from "../digest.ts";
import { Fault } from "../fault.ts";
import { formatAge } from "../format.ts";
import { type Agreement, agree } from "../plan/agree.ts";
import type { Rules } from "../plan/plan.ts";
import type { Progress } from "../plan/progress.ts";
import type { Listing, Registry } from "../registry/registry.ts";
import type { TagStatus } from "../tags/status.ts";
import { type Evidence, inUseIn, statusesOf, tagsToKeep } from "./evidence.ts";
import { type PlannedRepository, planRepository, requireReadable } from "./plan-repository.ts";
import { type EvidenceSources, readEvidenceAgain } from "./read-evidence.ts";
import type { TagTrial } from "./tag-trial.ts";

/** What every recheck of a run shares. */
export interface RecheckServices {
  readonly registry: Registry;
  readonly sources: EvidenceSources;
  readonly evidence: Evidence;
  readonly rules: Rules;
  readonly tagTrial: TagTrial;
}

/** A second reading of a repository, right before deletion. */
export interface Recheck {
  readonly planned: PlannedRepository;
  readonly agreement: Agreement;
  /** Reads the evidence again. Returns whether it still says the same of each tag that keeps nothing. Throws as a recheck does. */
  isEvidenceUnchanged(): Promise<boolean>;
}

/** The longest time from the start of a recheck to the first deletion by it, in milliseconds. */
const MAX_AGE_MS = 600_000;
const MAX_TRIES = 3;

/**
 * Lists a repository again, then reads the evidence again, and plans again. What both plans agree on may be deleted now. A
 * recheck that took too long, because a host limited its requests, is repeated.
 *
 * @param uncertain deletions whose answer was lost
 * @throws Fault `listing` if the recheck cannot see what the plan saw
 */
export async function recheck(
  services: RecheckServices,
  repository: string,
  first: PlannedRepository,
  progress: Progress,
  uncertain: ReadonlySet<Digest>,
): Promise<Recheck> {
  const { clock } = services.sources;
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const startedAt = clock.now();
    const result = await recheckOnce(services, repository, first, progress, uncertain);
    if (clock.now() - startedAt <= MAX_AGE_MS) return result;
  }
  throw new Fault(
    "listing",
    `Reading it again took more than ${formatAge(MAX_AGE_MS)}, ${MAX_TRIES} times in a row`,
    "Use a token with a higher rate limit, or run it when other jobs send fewer requests.",
  );
}

async function recheckOnce(
  { registry, sources, evidence, rules, tagTrial }: RecheckServices,
  repository: string,
  first: PlannedRepository,
  before: Progress,
  uncertain: ReadonlySet<Digest>,
): Promise<Recheck> {
  const listed = await registry.list(repository);
  requireKeptManifests(listed, first);
  const { settings } = sources;
  const gone = await findGone(registry, repository, listed, before, uncertain, settings.concurrency);
  const progress = withoutGone(before, gone);
  const listing = tagTrial.restore(repository, listed, progress.pending);
  // Not before the list is complete: it may take minutes, in which a branch can be pushed again.
  const now = await readEvidenceAgain(sources, evidence);
  const statuses = statusesOf(now, listing);
  const planned = await planRepository({
    registry,
    repository,
    listing,
    statuses,
    inUse: inUseIn(now, repository, listing),
    tagsToKeep: () => tagsToKeep(now, settings, repository),
    rules,
    concurrency: settings.concurrency,
    recheck: { first, progress },
  });
  requireReadable(planned);
  return {
    planned,
    agreement: agree(progress.pending, planned.plan, planned.graph),
    async isEvidenceUnchanged() {
      const { statusOf } = await readEvidenceAgain(sources, evidence);
      return [...statuses].every(([tag, { status }]) => KEEPING.has(status) || statusOf(tag).status === status);
    },
  };
}

/** With these, a change can only lead to another deletion. */
const KEEPING: ReadonlySet<TagStatus["status"]> = new Set(["protected", "live"]);

/**
 * Returns the planned manifests that do not exist any more. A list that does not show a manifest is no proof, because pages can
 * shift while they are read: each is requested by digest. Throws Fault `listing` if a complete list does not show an existing one.
 */
async function findGone(
  registry: Registry,
  repository: string,
  { manifests }: Listing,
  { pending, failed, graph }: Progress,
  uncertain: ReadonlySet<Digest>,
  concurrency: number,
): Promise<ReadonlySet<Digest>> {
  const listed = new Set(manifests.map(({ digest }) => digest));
  const wasListed = (digest: Digest): boolean => (graph.get(digest)?.listed ?? null) !== null;
  const missing = [...pending.keys(), ...failed.keys()].filter(
    (digest) => !listed.has(digest) && (wasListed(digest) || uncertain.has(digest)),
  );
  const gone = new Set<Digest>();
  const check = async (digest: Digest): Promise<void> => {
    if (!(await registry.exists(repository, digest))) gone.add(digest);
    else if (registry.capabilities.listsUntagged) throw incompleteList(digest);
  };
  await pMap(missing, check, { concurrency });
  return gone;
}

function withoutGone(progress: Progress, gone: ReadonlySet<Digest>): Progress {
  const rest = <T>(manifests: ReadonlyMap<Digest, T>): Map<Digest, T> =>
    new Map([...manifests].filter(([digest]) => !gone.has(digest)));
  const { pending, failed } = progress;
  return { ...progress, pending: rest(pending), failed: rest(failed), gone: new Set([...progress.gone, ...gone]) };
}

function incompleteList(digest: Digest): Fault {
  return new Fault(
    "listing",
    `${digest} exists, but the list of manifests does not show it any more`,
    "Run it again when nothing else deletes from this repository.",
  );
}

/** An empty list of a repository that had manifests to keep is wrong more often than it is right. */
function requireKeptManifests({ manifests }: Listing, { listing, plan }: PlannedRepository): void {
  if (manifests.length > 0) return;
  const listed = new Set(listing.manifests.map(({ digest }) => digest));
  if (!plan.decisions.some(({ decision, digest }) => decision === "keep" && listed.has(digest))) return;
  throw new Fault(
    "listing",
    "Its list of manifests was empty when it was read again, although it has manifests to keep",
    "Check whether the repository was deleted. If it exists, run this again.",
  );
}
