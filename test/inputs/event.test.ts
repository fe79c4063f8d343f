import { describe, expect, it } from "vitest";
import { errorsOf, type Inputs, PULL_REQUEST, read } from "./setup.ts";

describe("the event", () => {
  const base = { repo: { full_name: "Octo/Web-App" } };
  const head = { ref: "feature/x", sha: "a".repeat(40), repo: { full_name: "octo/web-app" } };
  const closed = {
    action: "closed",
    number: 12,
    pull_request: {
      number: 12,
      merged: true,
      created_at: "2026-10-30T10:00:00Z",
      closed_at: "2026-11-02T10:00:00Z",
      merge_commit_sha: "b".repeat(40),
      commits: 3,
      head,
      base,
    },
  };
  const change = (changes: object): unknown => ({ ...closed, pull_request: { ...closed.pull_request, ...changes } });

  it.each([["pull_request"], ["pull_request_target"]])("%s of a closed pull request limits the run to it", (name) => {
    const settings = read({}, { ...PULL_REQUEST, GITHUB_EVENT_NAME: name }, closed);
    expect(settings.scope).toBe("pull-request");
    expect(settings.event).toEqual({
      number: 12,
      merged: true,
      startedAt: Date.UTC(2026, 9, 30, 10),
      closedAt: Date.UTC(2026, 10, 2, 10),
      headBranch: "feature/x",
      headCommit: "a".repeat(40),
      commitCount: 3,
      mergeCommit: "b".repeat(40),
      fromFork: false,
    });
  });

  it.each(["octo/web-app", "OCTO/WEB-APP"])("matches the Git repository case-insensitively: %s", (repository) => {
    expect(read({ "git-repository": repository }, PULL_REQUEST, closed)).toMatchObject({ scope: "pull-request" });
  });

  it("does not limit a run with `scope: repository`, but is evidence", () => {
    const settings = read({ scope: "repository" }, PULL_REQUEST, closed);
    expect(settings).toMatchObject({ scope: "repository", event: { number: 12 } });
  });

  describe("of a deleted branch", () => {
    const deletion = { ref: "feature/x", ref_type: "branch", repository: { full_name: "octo/web-app" } };
    const environment = { GITHUB_EVENT_NAME: "delete", GITHUB_EVENT_PATH: "/event.json" };

    it.each(["auto", "branch"])("limits the run to it with `scope: %s`", (scope) => {
      const expected = { scope: "branch", event: null, deletedBranch: "feature/x" };
      expect(read({ scope }, environment, deletion)).toMatchObject(expected);
    });

    it("is evidence with `scope: repository`", () => {
      const settings = read({ scope: "repository" }, environment, deletion);
      expect(settings).toMatchObject({ scope: "repository", deletedBranch: "feature/x" });
    });

    it("is an error with `scope: pull-request`, and a closed pull request with `scope: branch`", () => {
      expect(errorsOf({ scope: "pull-request" }, environment, deletion)).toEqual([
        "- `scope` is `pull-request`, but the event is not a closed pull request. Use `auto`.",
      ]);
      expect(errorsOf({ scope: "branch" }, PULL_REQUEST, closed)).toEqual([
        "- `scope` is `branch`, but the event is not the deletion of a branch. Use `auto`.",
      ]);
    });

    it.each(["auto", "branch"])("of another Git repository is an error with `scope: %s`", (scope) => {
      const other = { ...deletion, repository: { full_name: "octo/other" } };
      expect(errorsOf({ scope }, environment, other)).toEqual([
        `- \`scope\` is \`${scope}\`, but the event's branch belongs to octo/other, not to \`git-repository\`. ` +
          "Use `scope: repository`, or change `git-repository`.",
      ]);
      const settings = read({ scope: "repository" }, environment, other);
      expect(settings).toMatchObject({ scope: "repository", deletedBranch: null });
    });

    it("is about the repository if a Git tag was deleted", () => {
      const settings = read({}, environment, { ...deletion, ref_type: "tag" });
      expect(settings).toMatchObject({ scope: "repository", deletedBranch: null });
    });

    it.each([
      { ...deletion, ref: "" },
      { ...deletion, ref_type: "note" },
      { ref: "x", ref_type: "branch" },
    ])("is an error if its file is %o", (payload) => {
      expect(errorsOf({}, environment, payload)).toEqual([expect.stringContaining("GITHUB_EVENT_PATH")]);
    });
  });

  it.each<[string, unknown, unknown]>([
    ["a branch of this repository", closed, false],
    ["a fork", change({ head: { ...head, repo: { full_name: "someone/web-app" } } }), true],
    ["a deleted fork", change({ head: { ...head, repo: null } }), true],
  ])("of %s has the right fromFork", (_, payload, fromFork) => {
    expect(read({}, PULL_REQUEST, payload).event).toMatchObject({ fromFork });
  });

  it("has no merge commit if the pull request was not merged, because that commit was a test merge", () => {
    expect(read({}, PULL_REQUEST, change({ merged: false })).event).toMatchObject({ merged: false, mergeCommit: null });
  });

  it.each<[string, Inputs, unknown]>([
    ["an open pull request", PULL_REQUEST, { ...closed, action: "synchronize" }],
    ["a push", { GITHUB_EVENT_NAME: "push", GITHUB_EVENT_PATH: "/event.json" }, closed],
    ["a schedule without a file", { GITHUB_EVENT_NAME: "schedule", GITHUB_EVENT_PATH: "/nowhere" }, {}],
    ["nothing", {}, {}],
  ])("of %s is about the repository, and an error with `scope: pull-request`", (_, environment, payload) => {
    expect(read({}, environment, payload)).toMatchObject({ scope: "repository", event: null });
    expect(errorsOf({ scope: "pull-request" }, environment, payload)).toEqual([
      "- `scope` is `pull-request`, but the event is not a closed pull request. Use `auto`.",
    ]);
  });

  it.each(["auto", "pull-request"])("of another Git repository is an error with `scope: %s`", (scope) => {
    const payload = change({ base: { repo: { full_name: "octo/other" } } });
    expect(errorsOf({ scope }, PULL_REQUEST, payload)).toEqual([
      `- \`scope\` is \`${scope}\`, but the event's pull request belongs to octo/other, not to \`git-repository\`. ` +
        "Use `scope: repository`, or change `git-repository`.",
    ]);
    expect(read({ scope: "repository" }, PULL_REQUEST, payload)).toMatchObject({ scope: "repository", event: null });
  });

  it.each<[string, Inputs, unknown, string]>([
    ["does not exist", { ...PULL_REQUEST, GITHUB_EVENT_PATH: "/nowhere.json" }, {}, "ENOENT"],
    ["has no path", { GITHUB_EVENT_NAME: "pull_request" }, {}, "is required, but empty"],
    ["is not JSON", PULL_REQUEST, "{", "not JSON"],
    ["is not an object", PULL_REQUEST, "null", "GITHUB_EVENT_PATH"],
    ["has no pull request", PULL_REQUEST, { action: "closed" }, "pull_request"],
    ["has a text as its number", PULL_REQUEST, change({ number: "12" }), "number"],
    ["has a fraction as its number", PULL_REQUEST, change({ number: 1.5 }), "number"],
    ["has no head", PULL_REQUEST, change({ head: null }), "head"],
    ["has no time", PULL_REQUEST, change({ closed_at: null }), "when it was closed"],
    ["has an invalid time", PULL_REQUEST, change({ closed_at: "yesterday" }), "when it was closed"],
  ])("is an error if its file %s", (_, environment, payload, part) => {
    for (const scope of ["auto", "pull-request"]) {
      const errors = errorsOf({ scope }, environment, payload);
      expect(errors).toHaveLength(1);
      expect(errors[0]).toContain("- `GITHUB_EVENT_PATH`");
      expect(errors[0]).toContain(part);
    }
  });
});
