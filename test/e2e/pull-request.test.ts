import { describe, expect, test } from "vitest";
import { pushImage, pushMultiArch } from "../servers/content.ts";
import { pullRequest } from "../servers/github/server.ts";
import { playEach } from "./each-play.ts";
import { annotations, broken, closed, contents, deletionsOf, openPlay, type Play } from "./play.ts";
import type { Forge } from "./team.ts";

const DAY = 86_400_000;

let forge: Forge;
let play: Play;

playEach((own, shared) => {
  play = own;
  forge = shared;
});

/** How many manifests went, and which tags. */
function lostSince(before: readonly string[], tagsBefore: readonly string[]) {
  return {
    manifests: before.length - contents(play.store).length,
    tags: tagsBefore.filter((tag) => !play.store.tags("web").includes(tag) && !tag.startsWith("sha256-")),
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
      const there = await openPlay(forge);
      await play.close();
      play = there;
      const [before, tagsBefore] = [contents(play.store), play.store.tags("web")];
      const result = await play.sweep({}, { ...closed(number, more), name });
      expect(result.errors).toEqual([]);
      expect(lostSince(before, tagsBefore)).toEqual({ manifests: 2 * manifests, tags });
      expect(broken(play.store)).toEqual([]);
    }
  });

  test("as the runner runs it: an image of today goes, leftovers wait, and its own number is not asked for", async () => {
    pushMultiArch(play.store, { repository: "web", seed: "pushed today", tags: ["pr-10-debug"] });
    const asked = forge.github.requests.length;
    const result = await play.step({}, { event: closed(10) });
    expect(annotations(result.log)).toEqual([]);
    expect([result.exitCode, result.outputs["deleted-count"]]).toEqual([0, String(2 * 7 + 3)]);
    expect(play.store.tags("web")).not.toContain("pr-10-debug");
    const numbers = forge.github.requests.slice(asked).filter(({ body }) => /number: 10\b/.test(body.toString()));
    expect(numbers).toEqual([]);
    expect(result.summary).toContain("pull request");
  });

  test("a living branch protects an image that is named after both", async () => {
    pushImage(play.store, { repository: "web", seed: "both", tags: ["pr-10-x"], pushedAt: Date.now() - DAY });
    await forge.repository.createBranch("pr-10-x", await forge.repository.commitOf("main"));
    await play.sweep({}, closed(10));
    expect(play.store.tags("web")).toContain("pr-10-x");
    expect(play.store.tags("web")).not.toContain("pr-10");
  });

  test("that was opened again: a re-run of the job that it started deletes nothing", async () => {
    const pulls = forge.github.state.repositories.get("octo/web")?.pullRequests;
    const before = pulls?.get(10);
    if (before === undefined) throw new Error("the team has no pull request 10");
    pulls?.set(10, pullRequest(10, { ...before, state: "open", closedAt: null, updatedAt: Date.now() - DAY / 2 }));
    // By this name no question but its number is asked, and that is taken from the event: the later look must tell.
    pushImage(play.store, { repository: "web", seed: "number alone", tags: ["pr-10-only"] });
    const results = [
      await play.sweep({}, closed(10)),
      await play.sweep({ "tag-patterns": "pr-{pr}-only" }, closed(10)),
    ];
    pulls?.set(10, before);
    for (const result of results) expect(result.errors).toEqual([]);
    expect(deletionsOf(play)).toBe(0);
    const planned = results[1]?.repositories.flatMap(({ manifests }) =>
      manifests.filter((m) => m.decision === "delete"),
    );
    expect(new Set(planned?.map(({ outcome }) => outcome))).toEqual(new Set(["changed"]));
  });
});

describe("the input scope", () => {
  test("repository: the event's pull request is one of many, and leftovers go too", async () => {
    const before = contents(play.store).length;
    await play.sweep({ scope: "repository" }, closed(10));
    for (const tag of ["pr-10", "pr-11", "pr-13"]) expect(play.store.tags("web")).not.toContain(tag);
    expect(contents(play.store).length).toBe(before - 46);
  });

  test.each([
    ["a schedule", undefined],
    ["an opened pull request", { name: "pull_request", payload: { ...Object(closed(10).payload), action: "opened" } }],
  ])("pull-request takes a closed pull request, and not %s", async (_title, event) => {
    await expect(play.sweep({ scope: "pull-request" }, event)).rejects.toThrow("`scope`");
  });

  test("auto: an opened pull request is a sweep of the repository", async () => {
    const event = { name: "pull_request", payload: { ...Object(closed(10).payload), action: "opened" } };
    const result = await play.sweep({ "dry-run": "true" }, event);
    const planned = result.repositories.flatMap(({ manifests }) => manifests).filter((m) => m.outcome === "planned");
    expect(planned.length).toBe(46);
  });
});
