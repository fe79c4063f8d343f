import type { DeletionBudget, Registry } from "../registry/registry.ts";

/** How much of each plan is carried out in this run. */
export interface Allotment {
  /** What is left for the next run, for the user; null: nothing. */
  readonly notice: string | null;
  /** How many of the `open` deletions of a repository may be made now; the others are not to be asked for again. */
  affordable(repository: string, open: number): number;
}

/**
 * Shares the registry's budget of requests among the plans, before the first deletion: to wait for the next hour's would
 * cost the runner more than a second run does. Later the budget is asked again, as other jobs may use the same token.
 *
 * @param wanted planned deletions by repository
 */
export function allotDeletions(
  registry: Pick<Registry, "deletionBudget">,
  wanted: ReadonlyMap<string, number>,
): Allotment {
  const budget = registry.deletionBudget?.(wanted) ?? null;
  return {
    notice: budget === null ? null : noticeOf(budget, wanted),
    affordable(repository, open) {
      const allotted = budget?.affordable.get(repository) ?? open;
      const now = registry.deletionBudget?.(new Map([[repository, open]]))?.affordable.get(repository) ?? open;
      return Math.min(open, now, allotted);
    },
  };
}

function noticeOf(
  { affordable, remaining, limit, resetAt }: DeletionBudget,
  wanted: ReadonlyMap<string, number>,
): string {
  const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
  const [all, now] = [sum(wanted), sum(affordable)];
  const until = new Date(resetAt).toISOString().slice(11, 16);
  return (
    `${all - now} of ${all} deletions are left for the next run: of the ${limit} requests an hour that the token has, ` +
    `${remaining} are left until ${until} UTC, which lasts for ${now} deletions and the looks before them.`
  );
}
