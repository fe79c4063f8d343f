import { describe, expect, test } from "vitest";
import { pushImage, pushMultiArch } from "../servers/content.ts";
import { pullRequest } from "../servers/github/server.ts";
import type { GitHost } from "./example.ts";
import { annotations, broken, closed, contents, deletionsOf, type Fixture, openFixture } from "./fixture.ts";
import { useFixture } from "./use-fixture.ts";

const DAY = 86_400_000;

let gitHost: GitHost;
let fixture: Fixture;

useFixture((own, shared) => {
  fixture = own;
  gitHost = shared;
});

/** How many manifests went, and which tags. */
function lostSince(before: readonly string[], tagsBefore: readonly string[]) {
  return {
    manifests: before.length - contents(fixture.store).length,
    tags: tagsBefore.filter((tag) => !fixture.store.tags("web").includes(tag) && !tag.startsWith("sha256-")),
  };
}

const own = (ref: string) => ({ head: { ref, sha: "a".repeat(40), repo: { full_name: "octo/web" } } });
const fork = (repo: object | null) => ({ head: { ref: "main", sha: "c".repeat(40), repo } });

describe("a closed pull request", () => {
  // Manifests in each of two repositories: roots with their children and referrers.
  test.each([
    ["that was merged", 10, own("feature/login"), 7, ["feature-login", "pr-10"]],
    ["that was not merged", 11, { ...own("experiment"), merged: false }, 3, ["experiment", "pr-11"]],
    ["of a fork whose branch is called main", 13, fork({ full_name: "eve/web" }), 1, ["pr-13"]],
    ["of a fork that is gone", 13, fork(null), 1, ["pr-13"]],
    ["whose branch lives on", 14, own("feature/kept"), 0, []],
    ["that pushed no image", 99, own("feature/none"), 0, []],
  ])("%s: its images go whole, and nothing else", async (_title, number, more, manifests, tags) => {
    for (const name of ["pull_request", "pull_request_target"]) {
      const there = await openFixture(gitHost);
      await fixture.close();
      fixture = there;
      const [before, tagsBefore] = [contents(fixture.store), fixture.store.tags("web")];
      const result = await fixture.sweep({}, { ...closed(number, more), name });
      expect(result.errors).toEqual([]);
      expect(lostSince(before, tagsBefore)).toEqual({ manifests: 2 * manifests, tags });
      expect(broken(fixture.store)).toEqual([]);
    }
  });

  test("as the runner runs it: an image of today goes, leftovers wait, and its own number is not asked for", async () => {
    pushMultiArch(fixture.store, { repository: "web", seed: "pushed today", tags: ["pr-10-debug"] });
    const asked = gitHost.github.requests.length;
    const result = await fixture.step({}, { event: closed(10) });
    expect(annotations(result.log)).toEqual([]);
    expect([result.exitCode, result.outputs["deleted-count"]]).toEqual([0, String(2 * 7 + 3)]);
    expect(fixture.store.tags("web")).not.toContain("pr-10-debug");
    const numbers = gitHost.github.requests.slice(asked).filter(({ body }) => /number: 10\b/.test(body.toString()));
    expect(numbers).toEqual([]);
    expect(result.summary).toContain("pull request");
  });

  test("a living branch protects an image that is named after both", async () => {
    pushImage(fixture.store, { repository: "web", seed: "both", tags: ["pr-10-x"], pushedAt: Date.now() - DAY });
    await gitHost.repository.createBranch("pr-10-x", await gitHost.repository.commitOf("main"));
    await fixture.sweep({}, closed(10));
    expect(fixture.store.tags("web")).toContain("pr-10-x");
    expect(fixture.store.tags("web")).not.toContain("pr-10");
  });

  test("that was opened again: a re-run of the job that it started deletes nothing", async () => {
    const pulls = gitHost.github.state.repositories.get("octo/web")?.pullRequests;
    const before = pulls?.get(10);
    if (before === undefined) throw new Error("the team has no pull request 10");
    pulls?.set(10, pullRequest(10, { ...before, state: "open", closedAt: null, updatedAt: Date.now() - DAY / 2 }));
    // By this name no question but its number is asked, and that is taken from the event: the later look must tell.
    pushImage(fixture.store, { repository: "web", seed: "number alone", tags: ["pr-10-only"] });
    const results = [
      await fixture.sweep({}, closed(10)),
      await fixture.sweep({ "tag-patterns": "pr-{pr}-only" }, closed(10)),
    ];
    pulls?.set(10, before);
    for (const result of results) expect(result.errors).toEqual([]);
    expect(deletionsOf(fixture)).toBe(0);
    const planned = results[1]?.repositories.flatMap(({ manifests }) =>
      manifests.filter((m) => m.decision === "delete"),
    );
    expect(new Set(planned?.map(({ outcome }) => outcome))).toEqual(new Set(["changed"]));
  });
});

describe("the input scope", () => {
  test("repository: the event's pull request is one of many, and leftovers go too", async () => {
    const before = contents(fixture.store).length;
    await fixture.sweep({ scope: "repository" }, closed(10));
    for (const tag of ["pr-10", "pr-11", "pr-13"]) expect(fixture.store.tags("web")).not.toContain(tag);
    expect(contents(fixture.store).length).toBe(before - 46);
  });

  test.each([
    ["a schedule", undefined],
    ["an opened pull request", { name: "pull_request", payload: { ...Object(closed(10).payload), action: "opened" } }],
  ])("pull-request takes a closed pull request, and not %s", async (_title, event) => {
    await expect(fixture.sweep({ scope: "pull-request" }, event)).rejects.toThrow("`scope`");
  });

  test("auto: an opened pull request is a sweep of the repository", async () => {
    const event = { name: "pull_request", payload: { ...Object(closed(10).payload), action: "opened" } };
    const result = await fixture.sweep({ "dry-run": "true" }, event);
    const planned = result.repositories.flatMap(({ manifests }) => manifests).filter((m) => m.outcome === "planned");
    expect(planned.length).toBe(46);
  });
});
