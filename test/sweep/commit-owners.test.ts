import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHttpClient } from "../../src/http/client.ts";
import type { HttpClient } from "../../src/http/http.ts";
import { type EvidenceSources, readEvidence, readLiveTags } from "../../src/sweep/read-evidence.ts";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { settingsOf } from "../run.ts";
import { digestOfNothing } from "../servers/content.ts";
import { createFakeClock } from "../servers/fake-clock.ts";
import { git } from "../servers/git/server.ts";
import { pullRequest } from "../servers/github/server.ts";

const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

const MERGE = "abc1234".padEnd(40, "0");

let gitHost: GitHost;
let http: HttpClient;

beforeEach(async () => {
  gitHost = await serveGitHost({ branches: ["main"], pullRequests: [] });
  await git(["-C", gitHost.repository.path, "hash-object", "-t", "tree", "-w", "--stdin"]);
  http = createHttpClient({ clock: createFakeClock(), concurrency: 4 });
});

afterEach(async () => {
  await http.close();
  await gitHost.close();
});

/** Makes a commit that no ref reaches. */
async function commit(message: string, ...parents: readonly string[]): Promise<string> {
  const from = parents.flatMap((parent) => ["-p", parent]);
  return (await git(["-C", gitHost.repository.path, "commit-tree", ...from, "-m", message, EMPTY_TREE])).trim();
}

type Fields = NonNullable<Parameters<typeof pullRequest>[1]>;

async function addPullRequest(number: number, headCommit: string, fields: Fields = {}): Promise<void> {
  await gitHost.repository.setRef(`refs/pull/${number}/head`, headCommit);
  const added = pullRequest(number, { state: "closed", headBranch: `t${number}`, headCommit, ...fields });
  gitHost.github.state.repositories.get("octo/web")?.pullRequests.set(number, added);
}

function addToGitHub(id: string, ...parents: readonly string[]): void {
  gitHost.github.state.repositories.get("octo/web")?.commits.set(id, parents);
}

async function statusesOf(...ids: readonly string[]): Promise<readonly string[]> {
  const settings = settingsOf({ registry: "registry.digitalocean.com/acme", token: "t" }, gitHost.environment);
  const sources: EvidenceSources = { settings, http, clock: createFakeClock(), readAppImages: null };
  const manifest = { digest: digestOfNothing("image"), tags: ids, pushedAt: 0, sizeBytes: null, blobs: null };
  const evidence = await readEvidence(sources, await readLiveTags(sources), { digests: new Set(), tags: new Map() }, [
    { manifests: [manifest] },
  ]);
  return ids.map((id) => evidence.statusOf(id).status);
}

describe("a closed pull request proves nothing about a commit of its base branch", () => {
  test("that `git pull` made the second parent of a merge on main", async () => {
    const base = await gitHost.repository.commitOf("main");
    const built = await commit("pushed to main, built and deployed", base);
    const own = await commit("of a pull request that began there", built);
    await addPullRequest(3, own);
    const local = await commit("on main, not pushed yet", base);
    await gitHost.repository.setRef("refs/heads/main", await commit("git pull", local, built));
    expect(await statusesOf(built, own)).toEqual(["unmatched", "orphaned"]);
  });

  test("that a forced push removed from main", async () => {
    const older = await gitHost.repository.commit("main");
    const built = await gitHost.repository.commit("main");
    const own = await commit("of a pull request that began there", built);
    await addPullRequest(3, own);
    await gitHost.repository.setRef("refs/heads/main", await commit("main, rewritten"));
    expect(await statusesOf(older, built, own)).toEqual(["unmatched", "unmatched", "orphaned"]);
  });

  test("of a base branch that was deleted", async () => {
    const built = await gitHost.repository.commit("release");
    await addPullRequest(3, await commit("own", built), { baseBranch: "release" });
    await gitHost.repository.deleteBranch("release");
    expect(await statusesOf(built)).toEqual(["unmatched"]);
  });
});

describe("a closed pull request whose head branch exists", () => {
  test("proves nothing about its commits: `git pull` on develop after it was merged into main", async () => {
    const base = await gitHost.repository.commitOf("main");
    const built = await commit("pushed to develop and released", base);
    await addPullRequest(20, built, { state: "merged", headBranch: "develop" });
    const local = await commit("on develop, not pushed yet", base);
    await gitHost.repository.createBranch("develop", await commit("git pull", local, built));
    expect(await statusesOf(built)).toEqual(["unmatched"]);
    await gitHost.repository.deleteBranch("develop");
    expect(await statusesOf(built)).toEqual(["orphaned"]);
  });

  test("of a fork proves its commits gone: that is another branch", async () => {
    const own = await commit("on the fork's main", await gitHost.repository.commitOf("main"));
    await addPullRequest(20, own, { headBranch: "main", head: "fork" });
    expect(await statusesOf(own)).toEqual(["orphaned"]);
  });
});

describe("a commit that merged one of a closed pull request, and that no ref reaches", () => {
  test("is not its test merge if it is the merge commit, which a forced push removed", async () => {
    const base = await gitHost.repository.commitOf("main");
    const own = await commit("own", base);
    const merge = await commit("Merge pull request #5", base, own);
    await addPullRequest(5, own, { state: "merged", mergeCommit: merge });
    addToGitHub(merge, base, own);
    expect(await statusesOf(merge)).toEqual(["unmatched"]);
    await addPullRequest(5, own, { state: "merged", mergeCommit: null });
    expect(await statusesOf(merge)).toEqual(["orphaned"]);
  });

  test("is not its test merge if it was a build of an open pull request, before a forced push", async () => {
    const base = await gitHost.repository.commitOf("main");
    const own = await commit("own", base);
    await addPullRequest(5, own);
    const ofOpen = await commit("of #9", base);
    const merge = await commit("Merge branch t5 into t9", ofOpen, own);
    addToGitHub(merge, ofOpen, own);
    await addPullRequest(9, await commit("of #9, rebased", base), { state: "open" });
    expect(await statusesOf(merge)).toEqual(["unmatched"]);
  });
});

test("the last commit of a deleted branch is no evidence if the branch was created again", async () => {
  const base = await gitHost.repository.commitOf("main");
  const built = await commit("of staging", base);
  const at = Date.UTC(2026, 10, 2);
  gitHost.github.state.repositories
    .get("octo/web")
    ?.activity.push({ type: "branch_deletion", branch: "staging", commit: built, at });
  addToGitHub(built, base);
  expect(await statusesOf(built)).toEqual(["orphaned"]);
  await gitHost.repository.createBranch("staging", base);
  expect(await statusesOf(built)).toEqual(["unmatched"]);
});

test("the last commit of a deleted branch is no evidence if an open pull request reaches it", async () => {
  const base = await gitHost.repository.commitOf("main");
  const part = await commit("of a branch that was merged into t9 and deleted", base);
  const at = Date.UTC(2026, 10, 2);
  gitHost.github.state.repositories
    .get("octo/web")
    ?.activity.push({ type: "branch_deletion", branch: "part", commit: part, at });
  addToGitHub(part, base);
  expect(await statusesOf(part)).toEqual(["orphaned"]);
  await addPullRequest(9, await commit("Merge branch part into t9", await commit("of #9", base), part), {
    state: "open",
    head: "fork",
  });
  expect(await statusesOf(part)).toEqual(["unmatched"]);
});

test("a commit that GitHub's response lacks because of an error proves nothing", async () => {
  const base = await gitHost.repository.commitOf("main");
  gitHost.github.inject(({ body }) => {
    if (!body.includes("query Commits")) return null;
    const fields = { [`c${MERGE}`]: null };
    return {
      kind: "reply",
      reply: { status: 200, body: { data: { repository: fields }, errors: [{ message: "Something went wrong" }] } },
    };
  });
  await addPullRequest(5, await commit("own", base), { state: "open" });
  expect(await statusesOf(MERGE)).toEqual(["unmatched"]);
});
