import type { Registry } from "../registry/registry.ts";

/** How many deletions of each repository the API budget allows. */
export interface Allotment {
  /** A line for the log if some deletions must be deferred; null: none. */
  readonly note: string | null;
  /** Returns how many of the `count` pending deletions of a repository may be sent now. */
  affordable(repository: string, count: number): number;
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
  const budget = registry.deletionBudget?.(planned) ?? null;
  return {
    note: budget === null ? null : noteOf(budget, planned),
    affordable(repository, count) {
      const allotted = budget?.affordable.get(repository) ?? count;
      const now = registry.deletionBudget?.(new Map([[repository, count]]))?.affordable.get(repository) ?? count;
      return Math.min(count, now, allotted);
    },
  };
}

function noteOf(
  { affordable, remaining, limit, resetAt }: NonNullable<ReturnType<NonNullable<Registry["deletionBudget"]>>>,
  planned: ReadonlyMap<string, number>,
): string {
  const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
  const [all, now] = [sum(planned), sum(affordable)];
  const reset = new Date(resetAt).toISOString().slice(11, 16);
  return (
    `${all - now} of ${all} deletions are deferred to the next run. The token has ${remaining} of its ${limit} requests ` +
    `left until ${reset} UTC, which is enough for ${now} deletions and their rechecks.`
  );
}
