import { expect, test } from "vitest";
import { countResults } from "../../../src/report/counts.ts";
import { keptGroups } from "../../../src/report/summary/kept.ts";
import { digestOf, kept, manifest, repository, run } from "../results.ts";

test("counts every kept image once, by its status, and no other", () => {
  const outcomes = ["deleted", "planned", "gone", "failed", "deferred", "changed", "refused"] as const;
  const manifests = [
    ...outcomes.map((outcome) => manifest(outcome, { outcome })),
    kept("main", "branch main"),
    kept("next", "Git tag v1.2.3"),
    kept("latest", 'protected by "latest"', { status: "protected" }),
    kept("running", "used by app shop", { status: "in-use" }),
    kept("old", "matches no branch, Git tag, commit or pull request", { status: "unmatched" }),
    kept("late", "kept by keep-count", { status: "orphaned" }),
    kept("new", "pushed 3 h ago, within the grace period of 24h", { status: "untagged" }),
    kept("unread", "its index could not be read", { status: "undecided" }),
    kept("amd64", "platform of main", { status: "child", image: digestOf("main") }),
    kept("signature", "attached to main", { status: "referrer", kind: "referrer" }),
  ];
  const repositories = [repository("web", manifests)];
  const groups = keptGroups(run({ repositories }));
  expect(groups).toEqual([
    ["live branch, Git tag or pull request", 2],
    ["changed after the plan was made", 1],
    ["in use", 1],
    ["matches no branch, Git tag, commit or pull request", 1],
    ["not enough information to delete it", 1],
    ["orphaned, but kept by a setting or a limit", 1],
    ["protected tag", 1],
    ["the registry refused to delete it", 1],
    ["untagged, but kept by a setting or a limit", 1],
  ]);
  expect(groups.reduce((sum, [, count]) => sum + count, 0)).toBe(countResults(repositories).kept.images);
});
