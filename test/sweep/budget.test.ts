import { expect, test } from "vitest";
import { allotDeletions } from "../../src/sweep/budget.ts";

/** A registry whose token allows `first` deletions at first, and `later` for each batch. */
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
  ["were allotted", 10, 100, 30, 10],
  ["the token allows now, because other jobs use it", 10, 5, 30, 5],
  ["are pending", 10, 100, 2, 2],
])("allows no more deletions than %s", (_, first, later, pending, allowed) => {
  const allotment = allotDeletions(withBudget(first, later), new Map([["web", 30]]));
  expect(allotment.affordable("web", pending)).toBe(allowed);
  expect(allotment.rateLimit()).toMatch(
    /^API rate limit: the token has \d+ of its 5000 requests left until 12:30 UTC$/,
  );
});

test("allows every deletion without a known budget", () => {
  const allotment = allotDeletions({}, new Map([["web", 30]]));
  expect(allotment.rateLimit()).toBe("API rate limit");
  expect(allotment.affordable("web", 30)).toBe(30);
});
