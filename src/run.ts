import pMap from "p-map";
import type { Clock } from "./clock.ts";
import { Fault } from "./fault.ts";
import type { HttpClient } from "./http/http.ts";
import { selectRepositories } from "./inputs/select-repositories.ts";
import type { Log } from "./log.ts";
import { createAdvisor } from "./plan/advice.ts";
import type { Rules } from "./plan/plan.ts";
import { joinImagesInUse, readImagesInUse } from "./protect/images-in-use.ts";
import { providerFor } from "./registry/providers.ts";
import type { Listing, Registry } from "./registry/registry.ts";
import { endsRun } from "./report/faults.ts";
import { RunRecord } from "./report/record.ts";
import { logRepository } from "./report/repository-log.ts";
import type { RunResult } from "./report/result.ts";
import type { Settings } from "./settings.ts";
import { allotDeletions } from "./sweep/budget.ts";
import { requireSafeCollection } from "./sweep/collect.ts";
import { deletionProblems } from "./sweep/deletion-problems.ts";
import { type Evidence, inUseIn, statusesOf, tagsToKeep } from "./sweep/evidence.ts";
import { Permission } from "./sweep/forbidden.ts";
import { type PlannedRepository, type PlanningInput, requireReadable } from "./sweep/plan-repository.ts";
import { type EvidenceSources, readEvidence, readLiveTags } from "./sweep/read-evidence.ts";
import { recheck } from "./sweep/recheck.ts";
import { requireAllowedNumber, requireMatch, rulesOf } from "./sweep/rules.ts";
import { planUnlessForeign } from "./sweep/source-repository.ts";
import { staleTagsOf } from "./sweep/stale-tags.ts";
import { sweepRepository } from "./sweep/sweep-repository.ts";
import { TagTrial } from "./sweep/tag-trial.ts";
import { validateRepository } from "./sweep/validate.ts";

/** Repositories that are listed and planned at a time. */
const REPOSITORIES_AT_ONCE = 4;

/** The services a run uses. */
export interface RunServices {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts, with a Fault of kind `interrupted` as its reason, when the job is cancelled. */
  readonly signal: AbortSignal;
}

/** What the steps of one run share. */
interface Run extends RunServices {
  readonly settings: Settings;
  readonly record: RunRecord;
  readonly registry: Registry;
  readonly sources: EvidenceSources;
  readonly rules: Rules;
}

type Plans = ReadonlyMap<string, PlannedRepository>;

/**
 * One run: list the registry, read the evidence, plan, delete, collect garbage. An error is part of the result, next to
 * everything that was done before it.
 */
export async function run(settings: Settings, services: RunServices): Promise<RunResult> {
  const record = new RunRecord(settings, services.clock.now());
  await record.attempt(async () => {
    const filesInUse = await readImagesInUse(settings);
    const log = record.logThrough(services.log);
    const registry = await providerFor(settings.registry.provider).open(settings, { ...services, log });
    const readAppImages = settings.protectApps ? (registry.appImages?.bind(registry) ?? null) : null;
    const sources: EvidenceSources = { ...services, settings, readAppImages };
    const steps: Run = {
      ...services,
      settings,
      record,
      registry,
      sources,
      rules: rulesOf(settings, registry.capabilities, services.clock.now()),
    };

    const [live, appImages] = await Promise.all([readLiveTags(sources), readAppImages?.() ?? null, readStorage(steps)]);
    const listings = await listRepositories(steps);
    const inUse = appImages === null ? filesInUse : joinImagesInUse([filesInUse, appImages]);
    const evidence = await readEvidence(sources, live, inUse, listings.values());
    for (const notice of evidence.notices) record.addNotice(notice);
    const plans = await planRepositories(steps, evidence, listings);
    try {
      requireAllowedNumber(settings, [...plans.values()]);
      if (settings.dryRun) await rehearse(steps, plans);
      else await sweepRepositories(steps, evidence, plans);
    } finally {
      await record.attempt(() => validateRepositories(steps, plans));
    }
    await collectGarbage(steps);
  });
  // After an error, requests of other steps may still be waiting: none of them is sent after the result.
  await services.http.close();
  return record.result(services.clock.now(), services.http.counts());
}

async function readStorage({ registry, record }: Run): Promise<void> {
  const storage = await registry.storage?.();
  if (storage !== undefined) record.setStorage(storage);
}

/** Lists every matching repository. One that cannot be listed is left out, with an error. */
async function listRepositories({ registry, record, settings }: Run): Promise<ReadonlyMap<string, Listing>> {
  const names = await registry.repositories(selectRepositories(settings.repositoryPattern, settings.github.repository));
  requireMatch(settings, names);
  if (names.notice !== undefined) record.addNotice(names.notice);
  if (names.matching.length === 0) record.addNotice(`${settings.registry.name} has no repositories`);
  const listings = new Map<string, Listing>();
  const list = (repository: string): Promise<void> =>
    record.attemptIn(repository, async () => {
      listings.set(repository, await registry.list(repository));
    });
  await pMap(names.matching, list, { concurrency: REPOSITORIES_AT_ONCE });
  return sortByName(listings);
}

/** Repositories end in any order. What the user sees has one order. */
function sortByName<T>(byName: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return new Map([...byName].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Plans the repositories side by side. */
async function planRepositories(
  { registry, record, settings, rules }: Run,
  evidence: Evidence,
  listings: ReadonlyMap<string, Listing>,
): Promise<Plans> {
  const plans = new Map<string, PlannedRepository>();
  const adviceOf = createAdvisor(evidence, settings.tagPatterns, rules);
  const plan = ([repository, listing]: [string, Listing]): Promise<void> =>
    record.attemptIn(repository, async () => {
      const input: PlanningInput = {
        registry,
        repository,
        listing,
        statuses: statusesOf(evidence, listing),
        inUse: inUseIn(evidence, repository, listing),
        tagsToKeep: () => tagsToKeep(evidence, settings, repository),
        rules,
        concurrency: settings.concurrency,
        recheck: null,
      };
      const planned = await planUnlessForeign(input, settings, (notice) => record.addNotice(notice));
      plans.set(repository, planned);
      record.setPlan(repository, planned, adviceOf(planned.plan, input.statuses));
      requireReadable(planned);
    });
  await pMap(listings, plan, { concurrency: REPOSITORIES_AT_ONCE });
  return sortByName(plans);
}

/** The rest of a dry run: logs the plans, and checks whether they could be carried out now. */
async function rehearse({ log, record, registry }: Run, plans: Plans): Promise<void> {
  for (const repository of plans.keys()) logRepository(log, record.repository(repository));
  const planned = [...plans].filter(([, { plan }]) => plan.deletions.length > 0).map(([repository]) => repository);
  for (const problem of await deletionProblems(registry, planned)) record.addWarning(problem);
}

/** Deletes one repository after another. An error in one ends its work; one that concerns all ends the run. */
async function sweepRepositories(steps: Run, evidence: Evidence, plans: Plans): Promise<void> {
  const { registry, record, settings, log, clock, signal } = steps;
  const counts = new Map([...plans].map(([repository, { plan }]) => [repository, plan.deletions.length]));
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const allotment = allotDeletions(registry, counts);
  const onOutcome = log.progress("manifests", total);
  const isPerRepository = registry.capabilities.permissionPerRepository;
  const shared = new Permission(isPerRepository);
  const hasStaleTags = [...plans.values()].some(({ plan }) => staleTagsOf(plan).length > 0);
  const tagTrial = new TagTrial(registry.capabilities, settings.removeStaleTags && hasStaleTags);
  for (const [repository, planned] of plans) {
    const swept = await sweepRepository(planned, {
      registry,
      clock,
      signal,
      permission: isPerRepository ? new Permission(isPerRepository) : shared,
      tagTrial,
      onOutcome,
      concurrency: settings.concurrency,
      removeStaleTags: settings.removeStaleTags,
      findsLeftovers: registry.capabilities.listsUntagged && settings.untagged === "delete",
      recheck: (first, progress, uncertain) =>
        recheck({ ...steps, evidence, tagTrial }, repository, first, progress, uncertain),
      affordable: (count) => allotment.affordable(repository, count),
      rateLimit: () => allotment.rateLimit(),
    });
    record.setSwept(repository, swept);
    logRepository(log, record.repository(repository));
    if (swept.error !== null && !swept.isLocal && endsRun(swept.error)) throw swept.error;
    signal.throwIfAborted();
  }
}

/** Reads the kept images of one repository after another, to find broken ones. */
async function validateRepositories({ registry, record, settings, signal }: Run, plans: Plans): Promise<void> {
  if (!settings.validate) return;
  for (const [repository, planned] of plans) {
    signal.throwIfAborted();
    await record.attemptIn(repository, async () => {
      record.setValidation(repository, await validateRepository(registry, planned, settings.concurrency));
    });
  }
}

/** Starts garbage collection if it is wanted and has something to free. */
async function collectGarbage({ settings, record, registry }: Run): Promise<void> {
  if (settings.runGc === "false") return;
  const isWanted = settings.runGc === "always" || record.mayHaveDeleted();
  if (settings.dryRun || !isWanted) {
    const note = settings.dryRun ? "A dry run starts no garbage collection" : "Nothing was deleted";
    return record.setCollection({ status: "skipped", freedBytes: null, blobsDeleted: null, note });
  }
  requireSafeCollection(settings, registry, () => record.remaining());
  const collection = await registry.collectGarbage();
  record.setCollection(collection);
  if (collection.fault !== undefined) throw collection.fault;
  if (collection.status === "failed") {
    throw new Fault("garbage-collection", collection.note, "Check the registry's log, and start it again.");
  }
}
