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
export type GhcrSettings = Pick<Settings, "registry" | "credential"> & {
  readonly github: Pick<Settings["github"], "apiUrl">;
};

/**
 * Returns the known limits of GitHub's hosts. A GitHub Enterprise Server has limits only if its administrator enabled
 * them, which its response headers show.
 */
export function ratePolicy({ registry, github }: GhcrSettings): (host: string) => HostPolicy {
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

/**
 * Returns how many deletions the API's hourly budget allows, by repository; null: all. A deletion is one request, and each
 * minute of deletions begins with a recheck.
 *
 * @param recheckRequestsOf returns the requests of one recheck of a repository
 */
export function limitDeletions(
  budget: RateBudget,
  wanted: ReadonlyMap<string, number>,
  recheckRequestsOf: (repository: string) => number,
): DeletionBudget | null {
  let remaining = budget.remaining - MARGIN;
  const affordable = new Map<string, number>();
  for (const [repository, deletions] of wanted) {
    const recheckRequests = recheckRequestsOf(repository);
    let count = deletions;
    while (count > 0 && requestsFor(count, recheckRequests) > remaining) count -= 1;
    affordable.set(repository, count);
    remaining -= requestsFor(count, recheckRequests);
  }
  const allowsAll = [...wanted].every(([repository, deletions]) => affordable.get(repository) === deletions);
  return allowsAll ? null : { ...budget, affordable };
}

function requestsFor(deletions: number, recheckRequests: number): number {
  if (deletions === 0) return 0;
  const perMinute = Math.max(1, Math.floor((POINTS_PER_MINUTE - recheckRequests) / POINTS_PER_WRITE));
  return deletions + Math.ceil(deletions / perMinute) * recheckRequests;
}
