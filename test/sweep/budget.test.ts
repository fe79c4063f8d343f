import { expect, test } from "vitest";
import { allotDeletions } from "../../src/sweep/budget.ts";

/** A registry whose token has requests for so many deletions, first for all repositories, later for one. */
function withBudget(first: number, later: number) {
  let asked = 0;
  return {
    deletionBudget(wanted: ReadonlyMap<string, number>) {
      asked += 1;
      const left = asked === 1 ? first : later;
      const affordable = new Map([...wanted].map(([repository, count]) => [repository, Math.min(count, left)]));
      return { affordable, remaining: left * 2, limit: 5_000, resetAt: Date.UTC(2026, 10, 21, 12, 30) };
    },
  };
}

test.each([
  ["what was allotted", 10, 100, 30, 10],
  ["what is left by then, as other jobs use the token", 10, 5, 30, 5],
  ["what is open by then", 10, 100, 2, 2],
])("no more deletions are made than %s", (_, first, later, open, made) => {
  const allotment = allotDeletions(withBudget(first, later), new Map([["web", 30]]));
  expect(allotment.notice).toContain("20 of 30 deletions are left for the next run");
  expect(allotment.notice).toContain("until 12:30 UTC");
  expect(allotment.affordable("web", open)).toBe(made);
});

test("a registry without such a budget affords all", () => {
  const allotment = allotDeletions({}, new Map([["web", 30]]));
  expect(allotment.notice).toBeNull();
  expect(allotment.affordable("web", 30)).toBe(30);
});
