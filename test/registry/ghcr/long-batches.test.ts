import { expect, test } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import { createFakeClock } from "../../servers/fake-clock.ts";
import { pullRequest } from "../../servers/github/server.ts";
import { refuse } from "../../servers/http-server.ts";
import { brokenIndexes, fillPackage, GITHUB, openForTest, outcomesOf, type SweepFixture } from "./sweep-fixture.ts";

test.each([
  [
    "a tag on a candidate",
    (fixture: SweepFixture, digest: Digest) => fixture.server.packages.tag("web", digest, "main"),
  ],
  [
    "a new index that lists a candidate",
    (fixture: SweepFixture, digest: Digest) =>
      void fixture.server.packages.pushIndex("web", "new", [digest], { tags: ["main"] }),
  ],
  [
    "a pull request that is reopened",
    ({ server }: SweepFixture) =>
      void server.state.repositories.get("acme/web")?.pullRequests.set(81, pullRequest(81, { updatedAt: 9e12 })),
  ],
])("a long batch notices %s", async (_, change) => {
  const clock = createFakeClock();
  const fixture = await openForTest({ clock, limits: { ...GITHUB, perHour: 1_000 } });
  const { server } = fixture;
  // The oldest is deleted last.
  const last = server.packages.pushImage("web", "last candidate", { tags: ["pr-81"] });
  server.state.repositories.get("acme/web")?.pullRequests.set(81, pullRequest(81, { state: "merged" }));
  fillPackage(server.packages, 3_000, 600);
  let deletions = 0;
  let changedAt = 0;
  server.api.inject(({ method }) => {
    if (method === "DELETE") deletions += 1;
    if (deletions === 200 && changedAt === 0) {
      changedAt = clock.now();
      change(fixture, last);
    }
    return null;
  });
  const result = await fixture.run();
  expect(changedAt).toBeGreaterThan(result.startedAt + 60_000);
  expect(result.errors).toEqual([]);
  expect(server.packages.find("web", last)).not.toBeNull();
  expect(outcomesOf(result)).toEqual({ deleted: 600, changed: 1 });
  expect(brokenIndexes(fixture)).toEqual([]);
});

test("a long batch that cannot read the list any more ends, and what was not sent is deferred", async () => {
  const clock = createFakeClock();
  const fixture = await openForTest({ clock, limits: { ...GITHUB, perHour: 1_000 } });
  const { server } = fixture;
  fillPackage(server.packages, 3_000, 600);
  let deletions = 0;
  server.api.inject(({ method, path }) => {
    if (method === "DELETE") deletions += 1;
    return deletions >= 200 && path.includes("/versions?") ? refuse(200, {}, "<html>Sign in</html>") : null;
  });
  const result = await fixture.run();
  expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("did not return JSON") }]);
  expect(outcomesOf(result)).toEqual({ deleted: deletions, deferred: 600 - deletions });
});
