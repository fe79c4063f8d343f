import { Fault } from "../../fault.ts";
import type { HostPolicy, RateBudget } from "../../http/http.ts";
import type { Settings } from "../../settings.ts";
import type { DeletionBudget } from "../registry.ts";

/** Points per minute that GitHub gives a token for REST (GitHub's docs, "Rate limits for the REST API"). */
const POINTS_PER_MINUTE = 900;
const POINTS_PER_WRITE = 5;
/** ghcr.io returns 429 for more requests at once. */
const MAX_IN_FLIGHT = 10;
/** Requests that no plan includes: checks after a 404, a list that changed, other jobs. */
const MARGIN = 10;

/** The settings that the registry depends on. */
export type GhcrSettings = Pick<Settings, "registry" | "credential" | "dryRun"> & {
  readonly github: Pick<Settings["github"], "apiUrl">;
};

/**
 * Returns the known limits of GitHub's hosts. A GitHub Enterprise Server has limits only if its administrator enabled
 * them, which its response headers show.
 */
export function ratePolicy({ registry, github }: Omit<GhcrSettings, "dryRun">): (host: string) => HostPolicy {
  const points: HostPolicy = {
    perMinute: POINTS_PER_MINUTE,
    cost: (method) => (method === "GET" ? 1 : POINTS_PER_WRITE),
  };
  return (host) => ({
    ...(host === github.apiUrl.host ? points : {}),
    ...(host === github.apiUrl.host && !isGitHubCloud(host) ? { perMinuteApplies: "once reported" } : {}),
    ...(host === registry.origin.host ? { maxInFlight: MAX_IN_FLIGHT } : {}),
  });
}

/** GitHub.com, or GitHub Enterprise Cloud with data residency: `api.SUBDOMAIN.ghe.com`. */
function isGitHubCloud(host: string): boolean {
  return host === "api.github.com" || /^api\.[a-z0-9-]+\.ghe\.com$/.test(host);
}

/** What is known of a package's list: the requests that it takes, and how long deletions may follow it, in milliseconds. */
export interface RecheckCost {
  readonly requests: number;
  readonly batchMs: number;
}

/**
 * Returns how many deletions the API's hourly budget allows, by repository; null: all. A deletion is one request, and each batch
 * of deletions begins with a recheck.
 */
export function limitDeletions(
  budget: RateBudget,
  wanted: ReadonlyMap<string, number>,
  costOf: (repository: string) => RecheckCost,
): DeletionBudget | null {
  let remaining = budget.remaining - MARGIN;
  const affordable = new Map<string, number>();
  for (const [repository, deletions] of wanted) {
    const cost = costOf(repository);
    let count = deletions;
    while (count > 0 && requestsFor(count, cost) > remaining) count -= 1;
    affordable.set(repository, count);
    remaining -= requestsFor(count, cost);
  }
  const allowsAll = [...wanted].every(([repository, deletions]) => affordable.get(repository) === deletions);
  return allowsAll ? null : { ...budget, affordable };
}

/** In a long batch, entries are read again: a page with about this many candidates each time. */
const DELETIONS_PER_CHECK = 20;

function requestsFor(deletions: number, { requests, batchMs }: RecheckCost): number {
  if (deletions === 0) return 0;
  const perMinute = Math.max(1, Math.floor((POINTS_PER_MINUTE - requests) / POINTS_PER_WRITE));
  const batches = Math.ceil(deletions / (perMinute * (batchMs / MINUTE_MS)));
  const checked = Math.max(0, deletions - batches * perMinute);
  return deletions + batches * requests + Math.ceil(checked / DELETIONS_PER_CHECK);
}

const MINUTE_MS = 60_000;
const MAX_BATCH_MS = 10 * MINUTE_MS;
/** The part of the hourly budget for rechecks. */
const RECHECK_SHARE = 0.1;

/** Returns how long a batch is, in milliseconds: rechecks take at most a tenth of the hourly budget, and follow within 10 minutes. */
export function batchLength(budget: RateBudget | null, recheckRequests: number): number {
  if (budget === null) return MINUTE_MS;
  const ms = (60 * MINUTE_MS * recheckRequests) / Math.max(1, budget.limit * RECHECK_SHARE);
  return Math.round(Math.min(MAX_BATCH_MS, Math.max(MINUTE_MS, ms)));
}

/** Waiting for longer costs more runner time than another run. */
const MAX_WAIT_MS = 5 * MINUTE_MS;

/** What it takes to list a package. */
export interface ListNeed {
  /** `OWNER/NAME` */
  readonly name: string;
  readonly pages: number;
  /** Requests for this list, and for the one before deletions. */
  readonly requests: number;
  /** Requests that other packages need. */
  readonly reserved: number;
}

/** Throws Fault `listing` if the API's budget does not allow to list a package, and to list it again before deletions. */
export function requireBudget(budget: RateBudget | null, now: number, need: ListNeed): void {
  if (budget === null || need.pages === 1) return;
  const { limit, remaining, resetAt } = budget;
  const required = need.requests + MARGIN;
  const canWait = resetAt - now <= MAX_WAIT_MS;
  if (required <= limit && (canWait || required + need.reserved <= remaining)) return;
  const reset = `${new Date(resetAt).toISOString().slice(11, 16)} UTC`;
  throw new Fault(
    "listing",
    `The list of ${need.name} takes ${need.pages} requests, and is read again before deletions, but the token has ${remaining} ` +
      `of its ${limit} requests an hour left until ${reset}`,
    required > limit ? tokenFor(required) : `Run again after ${reset}. ${tokenFor(required)}`,
  );
}

function tokenFor(requests: number): string {
  const token = "Set `token` to a classic personal access token";
  return requests <= CLASSIC_LIMIT
    ? `${token}: it has ${CLASSIC_LIMIT} requests an hour, and GITHUB_TOKEN has 1000.`
    : "Use a token of GitHub Enterprise Cloud, which has 15000 requests an hour.";
}

/** Requests an hour of a personal access token (GitHub's docs, "Rate limits for the REST API"). */
const CLASSIC_LIMIT = 5_000;
