import pMap from "p-map";
import type { Clock } from "./clock.ts";
import { Fault } from "./fault.ts";
import { selectRepositories } from "./inputs/select-repositories.ts";
import type { HttpClient } from "./http/http.ts";
import type { Log } from "./log.ts";
import type { Rules } from "./plan/view.ts";
import { joinImagesInUse, readImagesInUse } from "./protect/images-in-use.ts";
import { openRegistry } from "./registry/open.ts";
import type { Listing, Registry } from "./registry/registry.ts";
import { createRunRecord, endsRun, type RunRecord } from "./report/record.ts";
import { tellRepository } from "./report/repository-log.ts";
import type { RunResult } from "./report/result.ts";
import type { Settings } from "./settings.ts";
import { allotDeletions } from "./sweep/budget.ts";
import { sweepRepository } from "./sweep/delete.ts";
import { lookAgain, throwUnlessReadable } from "./sweep/recheck.ts";
import { type Look, survey } from "./sweep/survey.ts";
import { createJudge, type RefsJudge } from "./sweep/tag-statuses.ts";
import { createTurns } from "./sweep/turns.ts";
import { throwIfCollectionTakes } from "./sweep/untagged-collection.ts";

/** Repositories worked on at a time: more would only queue for the same host. */
const REPOSITORIES_AT_ONCE = 4;

/** What a run reaches the world by. */
export interface Tools {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts, with a Fault of kind `interrupted` as its reason, when the job is cancelled. */
  readonly signal: AbortSignal;
}

/** What the steps of one run share. */
interface Run extends Tools {
  readonly settings: Settings;
  readonly record: RunRecord;
  readonly registry: Registry;
  readonly judge: RefsJudge;
  readonly rules: Rules;
}

/**
 * The whole sweep: list the registry, ask the refs, plan, delete, collect garbage. Whatever a user can meet on the way is a
 * error in the result, beside all that was done before it; only a mistake of our own is thrown.
 */
export async function sweep(settings: Settings, tools: Tools): Promise<RunResult> {
  const { clock, http } = tools;
  const record = createRunRecord({
    dryRun: settings.dryRun,
    registry: settings.registry.name,
    provider: settings.registry.provider,
    repositoryUrl: new URL(settings.github.repository, settings.github.serverUrl).href,
    startedAt: clock.now(),
  });
  await record.attempt(async () => {
    const written = await readImagesInUse(settings);
    const registry = openRegistry(settings, tools);
    const readDeployed = settings.protectApps ? (registry.deployedImages ?? null) : null;
    const pins = readDeployed === null ? written : joinImagesInUse([written, await readDeployed()]);
    const judge = createJudge(settings, pins, readDeployed, tools);
    const run: Run = {
      ...tools,
      settings,
      record,
      registry,
      judge,
      rules: rulesOf(settings, registry, clock.now(), pins.digests),
    };
    const [listings] = await Promise.all([listRepositories(run), judge.readRefs()]);
    await judge.readPullRequests(listings.values());
    const looks = await planRepositories(run, listings);
    enforceLimit(settings, looks);
    if (settings.dryRun) await tellPlans(run, looks);
    else await deletePlanned(run, looks);
    await collectGarbage(run);
  });
  return record.result(clock.now(), http.counts());
}

function rulesOf(settings: Settings, { keepsLastTagged }: Registry, now: number, pinned: Rules["pinned"]): Rules {
  const { untagged, unmatchedTags, keepCount, gracePeriodMs, scope, event } = settings;
  const pullRequest = scope === "pull-request" ? (event?.number ?? null) : null;
  const kept = { pinned, keepCount, keepsLastTagged, gracePeriodMs };
  return { ...kept, untagged, unmatchedTags, pullRequest, now, since: null };
}

/** Every matching repository with the complete list of its manifests; one that cannot be listed is left out, and told. */
async function listRepositories(run: Run): Promise<ReadonlyMap<string, Listing>> {
  const { matching, existing } = await run.registry.repositories(selectRepositories(run.settings.repositoryPattern));
  if (matching.length === 0) {
    const pattern = run.settings.repositoryPattern.join(", ");
    const there = existing.length === 0 ? "The registry holds none." : `There are: ${existing.join(", ")}.`;
    run.record.notice(`No repository matches ${pattern}. ${there} Check \`repository-pattern\`.`);
  }
  const listings = new Map<string, Listing>();
  const list = async (repository: string): Promise<void> =>
    run.record.attemptIn(repository, async () => {
      listings.set(repository, await run.registry.list(repository));
    });
  await pMap(matching, list, { concurrency: REPOSITORIES_AT_ONCE });
  return listings;
}

async function planRepositories(run: Run, listings: ReadonlyMap<string, Listing>): Promise<ReadonlyMap<string, Look>> {
  const { registry, judge, rules, settings, record } = run;
  const looks = new Map<string, Look>();
  const plan = async ([repository, listing]: [string, Listing]): Promise<void> =>
    record.attemptIn(repository, async () => {
      const look = await survey(registry, repository, listing, judge, rules, settings.concurrency);
      looks.set(repository, look);
      record.planned(repository, look);
      throwUnlessReadable(look);
    });
  await pMap(listings, plan, { concurrency: REPOSITORIES_AT_ONCE });
  return looks;
}

function enforceLimit(settings: Settings, looks: ReadonlyMap<string, Look>): void {
  const planned = countPlanned(looks);
  if (settings.maxDeletions === 0 || planned <= settings.maxDeletions) return;
  throw new Fault(
    "limit",
    `${planned} manifests would be deleted, more than \`max-deletions: ${settings.maxDeletions}\`: nothing was deleted`,
    "Look at the reasons in the summary; if they are right, raise `max-deletions`.",
  );
}

/** Carries out all plans. A fault in one repository ends its work; one that no other can escape ends the run. */
async function deletePlanned(run: Run, looks: ReadonlyMap<string, Look>): Promise<void> {
  const { concurrency, removeStaleTags } = run.settings;
  const halt = new AbortController();
  const signal = AbortSignal.any([run.signal, halt.signal]);
  const progress = run.log.progress("manifests swept", countPlanned(looks));
  const allotment = allotDeletions(run.registry, countsPlanned(looks));
  if (allotment.notice !== null) {
    run.log.info(allotment.notice);
    run.record.notice(allotment.notice);
  }
  const turns = createTurns();
  const sweepOne = async ([repository, planned]: [string, Look]): Promise<void> => {
    if (signal.aborted) return;
    const swept = await sweepRepository(planned, {
      registry: run.registry,
      clock: run.clock,
      concurrency,
      removeStaleTags,
      turns,
      signal,
      look: (progress) => lookAgain({ ...run, concurrency }, repository, planned, progress),
      affordable: (open) => allotment.affordable(repository, open),
      onOutcome: progress,
    });
    run.record.swept(repository, swept);
    await tellRepository(run.log, run.record.repository(repository));
    if (swept.fault !== null && endsRun(swept.fault)) halt.abort(swept.fault);
  };
  await pMap(looks, sweepOne, { concurrency: REPOSITORIES_AT_ONCE });
  signal.throwIfAborted();
}

async function tellPlans({ log, record }: Run, looks: ReadonlyMap<string, Look>): Promise<void> {
  for (const repository of looks.keys()) await tellRepository(log, record.repository(repository));
}

function countPlanned(looks: ReadonlyMap<string, Look>): number {
  return [...countsPlanned(looks).values()].reduce((sum, count) => sum + count, 0);
}

function countsPlanned(looks: ReadonlyMap<string, Look>): ReadonlyMap<string, number> {
  return new Map([...looks].map(([repository, { plan }]) => [repository, plan.waves.flat().length]));
}

/** Starts the collection where it was asked for and has something to free. */
async function collectGarbage({ settings, record, registry }: Run): Promise<void> {
  if (settings.runGc === "false") return;
  const wanted = settings.runGc === "always" || record.hasDeleted();
  if (settings.dryRun || !wanted) {
    const note = settings.dryRun ? "a dry run starts none" : "nothing was deleted";
    return record.collected({ status: "skipped", freedBytes: null, blobsDeleted: null, note });
  }
  throwIfCollectionTakes(settings, record.repositories);
  const collection = await registry.collectGarbage();
  record.collected(collection);
  if (collection.fault !== undefined) throw collection.fault;
  if (collection.status === "failed") {
    throw new Fault("garbage-collection", collection.note, "See what the registry says of it, and start it again.");
  }
  if (collection.status === "timed-out" || collection.status === "unsupported") record.notice(collection.note);
}
