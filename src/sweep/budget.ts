import type { Registry } from "../registry/registry.ts";

/** How many deletions of each repository the API budget allows. */
export interface Allotment {
  /** Returns how many of the `count` pending deletions of a repository may be sent now. */
  affordable(repository: string, count: number): number;
  /** Returns the rate limit, and when it is reset, for the report. */
  rateLimit(): string;
}

/**
 * Shares the registry's API budget among the plans before the first deletion: waiting for the next budget would cost more runner
 * time than a second run. The budget is read again before each batch, because other jobs may use the same token.
 *
 * @param planned the number of deletions by repository
 */
export function allotDeletions(
  registry: Pick<Registry, "deletionBudget">,
  planned: ReadonlyMap<string, number>,
): Allotment {
  const first = registry.deletionBudget?.(planned) ?? null;
  let last = first;
  return {
    affordable(repository, count) {
      const now = registry.deletionBudget?.(new Map([[repository, count]])) ?? null;
      last = now ?? last;
      const [allotted = count, current = count] = [first, now].map((budget) => budget?.affordable.get(repository));
      return Math.min(count, current, allotted);
    },
    rateLimit() {
      if (last === null) return "API rate limit";
      const reset = new Date(last.resetAt).toISOString().slice(11, 16);
      return `API rate limit: the token has ${last.remaining} of its ${last.limit} requests left until ${reset} UTC`;
    },
  };
}
