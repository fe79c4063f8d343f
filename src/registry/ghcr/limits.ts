import type { HostPolicy, HttpClient, HttpRequest } from "../../http/http.ts";
import type { Settings } from "../../settings.ts";
import type { DeletionBudget } from "../registry.ts";

/** Points that GitHub gives a token for a minute of REST (GitHub's docs, "Rate limits for the REST API"). */
const POINTS_A_MINUTE = 900;
const POINTS_OF_A_WRITE = 5;
/** Requests that ghcr.io takes at a time without answering 429. */
const MOST_IN_FLIGHT = 10;
/** Requests left aside for what no plan knows: answers 404 that are looked into, a list that moved, other jobs. */
const MARGIN = 10;

/**
 * What is known of GitHub's hosts beforehand. GitHub's own have 900 points a minute; a GitHub Enterprise Server has limits
 * only where its administrator switched them on, which its headers tell.
 */
export function ghcrPolicy(settings: {
  readonly registry: Pick<Settings["registry"], "origin">;
  readonly github: Pick<Settings["github"], "apiUrl">;
}): (host: string) => HostPolicy {
  const { registry, github } = settings;
  const points = { perMinute: POINTS_A_MINUTE, cost: costOf } as const;
  return (host) => ({
    ...(host === github.apiUrl.host ? points : {}),
    ...(host === github.apiUrl.host && !isGitHubs(host) ? { perMinuteHolds: "once a limit is told" } : {}),
    ...(host === registry.origin.host ? { maxInFlight: MOST_IN_FLIGHT } : {}),
  });
}

function costOf(method: HttpRequest["method"]): number {
  return method === "GET" || method === "HEAD" ? 1 : POINTS_OF_A_WRITE;
}

/** GitHub.com, and GitHub Enterprise Cloud with data residency: `api.SUBDOMAIN.ghe.com`. */
function isGitHubs(host: string): boolean {
  return host === "api.github.com" || /^api\.[a-z0-9-]+\.ghe\.com$/.test(host);
}

/** One repository that is about to be swept. */
export interface Wanted {
  readonly repository: string;
  readonly deletions: number;
  /** Requests that one look at it takes. */
  readonly lookRequests: number;
}

/**
 * How many deletions the API's hourly budget lasts for, repository by repository: each deletion is a request, and each minute
 * of them begins with a new look. Null: GitHub told no budget, or it lasts for all.
 */
export function budgetFor(
  { http, host, now }: { readonly http: HttpClient; readonly host: string; readonly now: number },
  wanted: readonly Wanted[],
): DeletionBudget | null {
  const budget = http.budget(host, "rest");
  if (budget === null || now >= budget.resetAt) return null;
  let left = budget.remaining - MARGIN;
  const affordable = new Map<string, number>();
  for (const { repository, deletions, lookRequests } of wanted) {
    const count = mostWithin(left, deletions, lookRequests);
    affordable.set(repository, count);
    left -= requestsFor(count, lookRequests);
  }
  const lasts = wanted.every(({ repository, deletions }) => affordable.get(repository) === deletions);
  return lasts ? null : { ...budget, affordable };
}

function requestsFor(deletions: number, lookRequests: number): number {
  if (deletions === 0) return 0;
  const perMinute = Math.max(1, Math.floor((POINTS_A_MINUTE - lookRequests) / POINTS_OF_A_WRITE));
  return deletions + Math.ceil(deletions / perMinute) * lookRequests;
}

/** The most of `deletions` whose requests are at most `left`; requests grow with deletions, so halves find it. */
function mostWithin(left: number, deletions: number, lookRequests: number): number {
  let [fits, fails] = [0, deletions + 1];
  while (fails - fits > 1) {
    const middle = Math.floor((fits + fails) / 2);
    if (requestsFor(middle, lookRequests) <= left) fits = middle;
    else fails = middle;
  }
  return fits;
}
