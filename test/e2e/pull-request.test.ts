import { describe, expect, test } from "vitest";
import { pushImage, pushMultiArch } from "../servers/content.ts";
import { pullRequest } from "../servers/github/server.ts";
import { brokenTags } from "../servers/pull.ts";
import type { GitHost } from "./example.ts";
import { annotations, closed, contents, deletionsOf, type Fixture, openFixture } from "./fixture.ts";
import { useFixture } from "./use-fixture.ts";

const DAY = 86_400_000;

let gitHost: GitHost;
let fixture: Fixture;

useFixture((opened, shared) => {
  fixture = opened;
  gitHost = shared;
});

/** Returns the number of deleted manifests and the deleted tags. */
function deletedSince(before: readonly string[], tagsBefore: readonly string[]) {
  return {
    manifests: before.length - contents(fixture.store).length,
    tags: tagsBefore.filter((tag) => !fixture.store.tags("web").includes(tag) && !tag.startsWith("sha256-")),
  };
}

const branchOf = (ref: string) => ({ head: { ref, sha: "a".repeat(40), repo: { full_name: "octo/web" } } });
const fork = (repo: object | null) => ({ head: { ref: "main", sha: "c".repeat(40), repo } });

describe("a closed pull request", () => {
  // Manifests in each of two repositories, with children and referrers.
  test.each([
    ["that was merged", 10, branchOf("feature/login"), 7, ["feature-login", "pr-10"]],
    ["that was not merged", 11, { ...branchOf("experiment"), merged: false }, 3, ["experiment", "pr-11"]],
    ["of a fork whose branch is called main", 13, fork({ full_name: "eve/web" }), 1, ["pr-13"]],
    ["of a deleted fork", 13, fork(null), 1, ["pr-13"]],
    ["whose branch exists", 14, branchOf("feature/kept"), 0, []],
    ["that pushed no image", 99, branchOf("feature/none"), 0, []],
  ])("%s: deletes its complete images and nothing else", async (_title, number, more, manifests, tags) => {
    for (const name of ["pull_request", "pull_request_target"]) {
      await fixture.close();
      fixture = await openFixture(gitHost);
      const [before, tagsBefore] = [contents(fixture.store), fixture.store.tags("web")];
      const result = await fixture.sweep({}, { ...closed(number, more), name });
      expect(result.errors).toEqual([]);
      expect(deletedSince(before, tagsBefore)).toEqual({ manifests: 2 * manifests, tags });
      expect(brokenTags(fixture.store)).toEqual([]);
    }
  });

  test("deletes an image of today, keeps untagged images, and does not look up its own number", async () => {
    pushMultiArch(fixture.store, { repository: "web", seed: "pushed today", tags: ["pr-10-debug"] });
    const before = gitHost.github.requests.length;
    const result = await fixture.processStep({}, { event: closed(10) });
    expect(annotations(result.log)).toEqual([]);
    expect([result.exitCode, result.outputs["deleted-count"]]).toEqual([0, String(2 * 7 + 3)]);
    expect(fixture.store.tags("web")).not.toContain("pr-10-debug");
    const numbers = gitHost.github.requests.slice(before).filter(({ body }) => /number: 10\b/.test(body.toString()));
    expect(numbers).toEqual([]);
    expect(result.summary).toContain("pull request");
  });

  test("a branch keeps an image that is named after the branch and the pull request", async () => {
    pushImage(fixture.store, { repository: "web", seed: "both", tags: ["pr-10-x"], pushedAt: Date.now() - DAY });
    await gitHost.repository.createBranch("pr-10-x", await gitHost.repository.commitOf("main"));
    await fixture.sweep({}, closed(10));
    expect(fixture.store.tags("web")).toContain("pr-10-x");
    expect(fixture.store.tags("web")).not.toContain("pr-10");
  });

  test("that was reopened: a re-run of the job deletes nothing", async () => {
    const pulls = gitHost.github.state.repositories.get("octo/web")?.pullRequests;
    const before = pulls?.get(10);
    if (before === undefined) throw new Error("the example has no pull request 10");
    pulls?.set(10, pullRequest(10, { ...before, state: "open", closedAt: null, updatedAt: Date.now() - DAY / 2 }));
    // With this pattern the tag names only the number, which the event answers.
    pushImage(fixture.store, { repository: "web", seed: "number only", tags: ["pr-10-only"] });
    const results = [
      await fixture.sweep({}, closed(10)),
      await fixture.sweep({ "tag-patterns": "pr-{pr}-only" }, closed(10)),
    ];
    pulls?.set(10, before);
    for (const result of results) expect(result.errors).toEqual([]);
    expect(deletionsOf(fixture)).toBe(0);
    const manifests = results.flatMap(({ repositories }) => repositories.flatMap((each) => each.manifests));
    expect(manifests.filter(({ decision }) => decision === "delete")).toEqual([]);
  });
});

describe("the input scope", () => {
  test("repository: also deletes the images of other pull requests and untagged images", async () => {
    const before = contents(fixture.store).length;
    await fixture.sweep({ scope: "repository" }, closed(10));
    for (const tag of ["pr-10", "pr-11", "pr-13"]) expect(fixture.store.tags("web")).not.toContain(tag);
    expect(contents(fixture.store).length).toBe(before - 46);
  });

  test.each([
    ["a schedule", undefined],
    ["an opened pull request", { name: "pull_request", payload: { ...Object(closed(10).payload), action: "opened" } }],
  ])("pull-request rejects %s", async (_title, event) => {
    await expect(fixture.sweep({ scope: "pull-request" }, event)).rejects.toThrow("`scope`");
  });

  test("auto: an opened pull request sweeps the repository", async () => {
    const event = { name: "pull_request", payload: { ...Object(closed(10).payload), action: "opened" } };
    const result = await fixture.sweep({ "dry-run": "true" }, event);
    const planned = result.repositories.flatMap(({ manifests }) => manifests).filter((m) => m.outcome === "planned");
    expect(planned.length).toBe(46);
  });
});
