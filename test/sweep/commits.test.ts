import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHttpClient } from "../../src/http/client.ts";
import type { HttpClient } from "../../src/http/http.ts";
import type { Listing } from "../../src/registry/registry.ts";
import type { Evidence } from "../../src/sweep/evidence.ts";
import { type EvidenceSources, readEvidence, readEvidenceAgain, readLiveTags } from "../../src/sweep/read-evidence.ts";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { settingsOf } from "../run.ts";
import { digestOfNothing } from "../servers/content.ts";
import { createFakeClock } from "../servers/fake-clock.ts";
import { git } from "../servers/git/server.ts";
import { pullRequest } from "../servers/github/server.ts";

const NO_IMAGES = { digests: new Set<never>(), tags: new Map() };

let gitHost: GitHost;
let http: HttpClient;

beforeEach(async () => {
  gitHost = await serveGitHost({ branches: ["main"], pullRequests: [] });
  http = createHttpClient({ clock: createFakeClock(), concurrency: 4 });
});

afterEach(async () => {
  await http.close();
  await gitHost.close();
});

function sourcesOf(inputs: Readonly<Record<string, string>> = {}): EvidenceSources {
  const settings = settingsOf(
    { registry: "registry.digitalocean.com/acme", token: "t", ...inputs },
    gitHost.environment,
  );
  return { settings, http, clock: createFakeClock(), readAppImages: null };
}

async function read(tags: readonly string[], sources = sourcesOf()): Promise<Evidence> {
  const manifest = { digest: digestOfNothing("image"), tags, pushedAt: 0, sizeBytes: null, blobs: null };
  const listings: readonly Listing[] = [{ manifests: [manifest] }];
  return readEvidence(sources, await readLiveTags(sources), NO_IMAGES, listings);
}

async function explain(tag: string, evidence?: Evidence): Promise<string> {
  const { statusOf } = evidence ?? (await read([tag]));
  const { status, reason } = statusOf(tag);
  return `${status}: ${reason}`;
}

/** Adds a pull request with two commits, and returns them. */
async function addPullRequest(
  number: number,
  fields: NonNullable<Parameters<typeof pullRequest>[1]>,
): Promise<readonly [first: string, head: string]> {
  const { repository, github } = gitHost;
  const branch = `t${number}`;
  await repository.createBranch(branch, await repository.commitOf("main"));
  const [first, head] = [await repository.commit(branch), await repository.commit(branch)];
  await repository.setRef(`refs/pull/${number}/head`, head);
  await repository.deleteBranch(branch);
  const added = pullRequest(number, { headBranch: branch, headCommit: head, commitCount: 2, ...fields });
  github.state.repositories.get("octo/web")?.pullRequests.set(number, added);
  return [first, head];
}

function addToGitHub(commit: string, parents: readonly string[]): void {
  gitHost.github.state.repositories.get("octo/web")?.commits.set(commit, parents);
}

const MERGE = "abc1234".padEnd(40, "0");

describe("a tag that names a commit", () => {
  test("of a branch is superseded, with its distance to the tip", async () => {
    const first = await gitHost.repository.commitOf("main");
    await gitHost.repository.commit("main");
    await gitHost.repository.commit("main");
    const short = first.slice(0, 7);
    const requests = gitHost.git.requests.length;
    expect(await explain(`sha-${short}`)).toBe(`superseded: commit ${short} is 2 commits behind main`);
    expect(await explain(first)).toBe(`superseded: commit ${short} is 2 commits behind main`);
    // For each: refs, heads of pull requests, commits.
    expect(gitHost.git.requests.length - requests).toBe(6);
  });

  test("of several branches is an older build of the one that pull requests are merged into", async () => {
    const { repository, github } = gitHost;
    await repository.createBranch("develop", await repository.commitOf("main"));
    const older = await repository.commit("develop");
    await repository.createBranch("chore", older);
    const headCommit = await repository.commit("chore");
    await repository.commit("develop");
    expect(await explain(older)).toMatch(/is 1 commit behind chore$/);
    const added = pullRequest(5, { headBranch: "chore", headCommit, baseBranch: "develop" });
    github.state.repositories.get("octo/web")?.pullRequests.set(5, added);
    expect(await explain(older)).toMatch(/is 1 commit behind develop$/);
  });

  test("of a branch is live at the tip, even if it names a pull request", async () => {
    const tip = (await gitHost.repository.commit("main")).slice(0, 7);
    await addPullRequest(104, { state: "merged" });
    const queue = `gh-readonly-queue-main-pr-104-${tip}`;
    expect(await explain(queue)).toBe("live: tip of branch main");
    await gitHost.repository.commit("main");
    expect(await explain(queue)).toBe(`superseded: commit ${tip} is 1 commit behind main`);
  });

  test.each([
    ["closed", "orphaned: commit COMMIT of pull request #5 (closed on 2026-01-01)"],
    ["merged", "orphaned: commit COMMIT of pull request #5 (merged on 2026-01-01)"],
    ["open", "live: commit COMMIT of open pull request #5"],
  ] as const)("of a pull request has its status (%s)", async (state, expected) => {
    const [first] = await addPullRequest(5, { state });
    const short = first.slice(0, 7);
    expect(await explain(short)).toBe(expected.replace("COMMIT", short));
  });

  test.each([
    ["closed", /^orphaned: commit \w{7} of pull request #5/],
    ["open", /^live: commit \w{7} of open pull request #5/],
  ] as const)("that is a former test merge of a pull request has its status (%s)", async (state, expected) => {
    const [first] = await addPullRequest(5, { state });
    addToGitHub(MERGE, [await gitHost.repository.commitOf("main"), first]);
    expect(await explain("sha-abc1234")).toMatch(expected);
  });

  test("that GitHub knows, but nothing explains, is unmatched", async () => {
    addToGitHub(MERGE, [await gitHost.repository.commitOf("main")]);
    expect(await explain("sha-abc1234")).toMatch(/^unmatched: commit abc1234 belongs to no/);
  });

  test("that GitHub does not know is neutral", async () => {
    expect(await explain("sha-abc1234")).toBe("neutral: GitHub does not know commit abc1234");
  });

  test("of a closed and of an open pull request is live", async () => {
    const [first, head] = await addPullRequest(5, { state: "closed" });
    await gitHost.repository.setRef("refs/pull/6/head", head);
    gitHost.github.state.repositories
      .get("octo/web")
      ?.pullRequests.set(6, pullRequest(6, { headBranch: "t6", headCommit: head, head: "fork" }));
    expect(await explain(first)).toMatch(/^live: commit \w+ of open pull request #6/);
  });
});

describe("a recheck", () => {
  test("sees that a branch was created again at the commit of a closed pull request, and has more commits now", async () => {
    const [first, head] = await addPullRequest(5, { state: "closed" });
    const tags = [first, head];
    const sources = sourcesOf();
    const before = await read(tags, sources);
    expect([await explain(first, before), await explain(head, before)].map((text) => text.split(":")[0])).toEqual([
      "orphaned",
      "orphaned",
    ]);
    await gitHost.repository.createBranch("again", head);
    await gitHost.repository.commit("again");
    const after = await readEvidenceAgain(sources, before);
    expect(await explain(head, after)).toBe(`superseded: commit ${head.slice(0, 7)} is 1 commit behind again`);
    expect(await explain(first, after)).toBe(`superseded: commit ${first.slice(0, 7)} is 2 commits behind again`);
  });

  test("sees that a pull request with the commit was opened", async () => {
    const [first, head] = await addPullRequest(5, { state: "closed" });
    const sources = sourcesOf();
    const before = await read([first], sources);
    await gitHost.repository.setRef("refs/pull/6/head", head);
    const opened = pullRequest(6, {
      headBranch: "t6",
      headCommit: head,
      head: "fork",
      updatedAt: Date.UTC(2030, 0, 1),
    });
    gitHost.github.state.repositories.get("octo/web")?.pullRequests.set(6, opened);
    expect(await explain(first, await readEvidenceAgain(sources, before))).toMatch(/^live: commit/);
  });
});

describe("if the commits cannot be read", () => {
  beforeEach(() => git(["-C", gitHost.repository.path, "config", "uploadpack.allowFilter", "false"]).then(() => {}));

  test("every tag that names one is unmatched, with a notice", async () => {
    const first = await gitHost.repository.commitOf("main");
    await gitHost.repository.commit("main");
    await addPullRequest(5, { state: "closed" });
    const evidence = await read([first, "gh-readonly-queue-main-pr-5-abc1234", "pr-5"]);
    expect(await explain(first, evidence)).toBe("unmatched: the commits of the Git repository could not be read");
    expect(await explain("gh-readonly-queue-main-pr-5-abc1234", evidence)).toMatch(/^unmatched/);
    expect(await explain("pr-5", evidence)).toMatch(/^orphaned/);
    expect(evidence.notices).toEqual([expect.stringContaining("Could not read the commits of")]);
  });

  test("it is an error if unmatched tags are deleted", async () => {
    const sources = sourcesOf({ "unmatched-tags": "delete" });
    await expect(read(["abc1234"], sources)).rejects.toMatchObject({ kind: "listing" });
  });
});
