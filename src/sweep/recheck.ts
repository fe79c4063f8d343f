import { Fault } from "../fault.ts";
import { type Agreement, agree } from "../plan/agree.ts";
import type { Rules } from "../plan/plan.ts";
import type { Progress } from "../plan/progress.ts";
import type { Listing, Registry } from "../registry/registry.ts";
import { type Evidence, type EvidenceSources, inUseIn, readEvidenceAgain, statusesOf } from "./evidence.ts";
import { type PlannedRepository, planRepository, requireReadable } from "./plan-repository.ts";

/** What every recheck of a run shares. */
export interface RecheckServices {
  readonly registry: Registry;
  readonly sources: EvidenceSources;
  readonly evidence: Evidence;
  readonly rules: Rules;
}

/** A second reading of a repository, right before deletion. */
export interface Recheck {
  readonly planned: PlannedRepository;
  readonly agreement: Agreement;
}

/**
 * Lists a repository again, then reads the evidence again, and plans again. What both plans agree on may be deleted now.
 *
 * @throws Fault `listing` if the recheck cannot see what the plan saw
 */
export async function recheck(
  { registry, sources, evidence, rules }: RecheckServices,
  repository: string,
  first: PlannedRepository,
  progress: Progress,
): Promise<Recheck> {
  const listing = await registry.list(repository);
  requireKeptManifests(listing, first);
  // Not before the list is complete: it may take minutes, in which a branch can be pushed again.
  const now = await readEvidenceAgain(sources, evidence);
  const { settings } = sources;
  const planned = await planRepository({
    registry,
    repository,
    listing,
    statuses: statusesOf(now, settings, listing),
    inUse: inUseIn(now, repository, listing),
    rules,
    concurrency: settings.concurrency,
    recheck: { first, progress },
  });
  requireReadable(planned);
  return { planned, agreement: agree(progress.pending, planned.plan, planned.graph) };
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
