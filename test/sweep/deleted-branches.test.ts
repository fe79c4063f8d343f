import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHttpClient } from "../../src/http/client.ts";
import type { HttpClient } from "../../src/http/http.ts";
import type { Settings } from "../../src/settings.ts";
import type { Evidence } from "../../src/sweep/evidence.ts";
import { type EvidenceSources, readEvidence, readEvidenceAgain, readLiveTags } from "../../src/sweep/read-evidence.ts";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { settingsOf } from "../run.ts";
import { digestOfNothing } from "../servers/content.ts";
import { pullRequest, type TestActivity } from "../servers/github/server.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 21, 12);
const DELETED_AT = NOW - 10 * DAY;
const PUSHED_AT = NOW - 20 * DAY;
const TIP = "abcdef1".padEnd(40, "0");
const NO_IMAGES = { digests: new Set<never>(), tags: new Map() };
const ORPHANED = "orphaned: branch feature/x was deleted on 2026-11-11";
const UNMATCHED = "unmatched: matches no branch, Git tag, commit or pull request";
const CLOCK = { now: () => NOW, random: () => 0.5, sleep: async () => undefined };

let gitHost: GitHost;
let http: HttpClient;

beforeEach(async () => {
  gitHost = await serveGitHost({ branches: ["main"], pullRequests: [] });
  http = createHttpClient({ clock: CLOCK, concurrency: 4 });
});

afterEach(async () => {
  await http.close();
  await gitHost.close();
});

function addActivity(type: TestActivity["type"], fields: Partial<TestActivity> = {}): void {
  const entry = { type, branch: "feature/x", commit: TIP, at: DELETED_AT, ...fields };
  gitHost.github.state.repositories.get("octo/web")?.activity.push(entry);
}

function sourcesOf(changes: Partial<Settings> = {}): EvidenceSources {
  const settings = settingsOf({ registry: "registry.digitalocean.com/acme", token: "t" }, gitHost.environment);
  return { settings: { ...settings, ...changes }, http, clock: CLOCK, readAppImages: null };
}

async function read(tag: string, sources = sourcesOf(), pushedAt: number | null = PUSHED_AT): Promise<Evidence> {
  const manifest = { digest: digestOfNothing("image"), tags: [tag], pushedAt, sizeBytes: null, blobs: null };
  return readEvidence(sources, await readLiveTags(sources), NO_IMAGES, [{ manifests: [manifest] }]);
}

function explain({ statusOf }: Evidence, tag: string): string {
  const { status, reason } = statusOf(tag);
  return `${status}: ${reason}`;
}

/** The requests for the activity, as the type and the page. */
function activityRequests(): readonly string[] {
  return gitHost.github.requests.flatMap(({ path }) => {
    const url = new URL(path, "http://x");
    if (!url.pathname.endsWith("/activity")) return [];
    return `${url.searchParams.get("activity_type")} ${url.searchParams.get("after") ?? "first"}`;
  });
}

describe("a branch that was deleted without a pull request", () => {
  test("is evidence for images that were pushed before the deletion, and a day after", async () => {
    addActivity("branch_deletion");
    const evidence = await read("feature-x");
    expect(explain(evidence, "feature-x")).toBe(ORPHANED);
    expect(evidence.statusOf("feature-x")).toMatchObject({ of: "branch feature/x", lastPush: DELETED_AT + DAY });
    expect(activityRequests()).toEqual(["branch_deletion first", "branch_creation first"]);
  });

  test("is live if it exists again, now or at the recheck", async () => {
    addActivity("branch_deletion");
    const sources = sourcesOf();
    const evidence = await read("feature-x", sources);
    await gitHost.repository.createBranch("feature/x", await gitHost.repository.commitOf("main"));
    expect(explain(await readEvidenceAgain(sources, evidence), "feature-x")).toMatch(/^live/);
    expect(explain(await read("feature-x"), "feature-x")).toMatch(/^live/);
  });

  test("is live if an open pull request of a fork has a branch of that name, now or at the recheck", async () => {
    addActivity("branch_deletion");
    const sources = sourcesOf();
    const evidence = await read("feature-x", sources);
    const added = pullRequest(7, { headBranch: "feature/x", head: "fork", createdAt: NOW, updatedAt: NOW });
    gitHost.github.state.repositories.get("octo/web")?.pullRequests.set(7, added);
    expect(explain(await readEvidenceAgain(sources, evidence), "feature-x")).toMatch(/^live/);
    expect(explain(await read("feature-x"), "feature-x")).toMatch(/^live/);
  });

  test.each([
    ["at the same time", 0, UNMATCHED],
    ["within a minute", 50_000, UNMATCHED],
    ["much later", 3_600_000, ORPHANED],
  ])("is no evidence if it was renamed: another one was created at its commit %s", async (_, ms, expected) => {
    addActivity("branch_deletion");
    addActivity("branch_creation", { branch: "feature/y", at: DELETED_AT + ms });
    expect(explain(await read("feature-x"), "feature-x")).toBe(expected);
  });

  test.each([
    ["after its pull request was closed", DELETED_AT - DAY, UNMATCHED],
    ["by which its pull request was closed", DELETED_AT + 1_000, UNMATCHED],
    [
      "before a pull request from another branch of that name",
      DELETED_AT + 3_600_000,
      /^orphaned: branch feature\/x of pull/,
    ],
  ])("is no evidence if it was renamed %s", async (_, closedAt, expected) => {
    const ended = { createdAt: PUSHED_AT - DAY, closedAt, updatedAt: closedAt };
    const added = pullRequest(7, { state: "merged", headBranch: "feature/x", ...ended });
    gitHost.github.state.repositories.get("octo/web")?.pullRequests.set(7, added);
    expect(explain(await read("feature-x"), "feature-x")).toMatch(/^orphaned/);
    addActivity("branch_deletion");
    addActivity("branch_creation", { branch: "feature/y" });
    expect(explain(await read("feature-x"), "feature-x")).toMatch(expected);
  });

  test("is evidence by its last commit, if no ref reaches that", async () => {
    const tip = await gitHost.repository.commitOf("main");
    const [first] = [await gitHost.repository.commit("gone")];
    await gitHost.repository.setRef("refs/pull/9/head", first);
    await gitHost.repository.deleteBranch("gone");
    addActivity("branch_deletion", { branch: "gone", commit: first });
    addActivity("branch_deletion", { branch: "merged", commit: tip });
    gitHost.github.state.repositories.get("octo/web")?.pullRequests.set(9, pullRequest(9, { headCommit: TIP }));
    const short = first.slice(0, 7);
    const expected = `orphaned: commit ${short} of branch gone, which was deleted on 2026-11-11`;
    // Pull request 9 is open, and has the commit.
    expect(explain(await read(short), short)).toMatch(/^live: commit/);
    await gitHost.repository.setRef("refs/pull/9/head", tip);
    gitHost.github.state.repositories.get("octo/web")?.commits.set(first, [tip]);
    expect(explain(await read(short), short)).toBe(expected);
  });
});

describe("the activity", () => {
  test("proves nothing about branches deleted before the first creation that was read: they may have been renamed", async () => {
    addActivity("branch_deletion");
    addActivity("branch_creation", { branch: "feature/renamed" });
    for (let index = 0; index < 3_000; index += 1) {
      addActivity("branch_creation", { branch: `bot-${index}`, commit: "0".repeat(40), at: NOW - index });
    }
    expect(explain(await read("feature-x"), "feature-x")).toBe(UNMATCHED);
  });

  test("is read back to the oldest push", async () => {
    for (let index = 0; index < 350; index += 1) {
      addActivity("branch_deletion", { branch: `other-${index}`, at: NOW - index * 0.1 * DAY });
    }
    await read("feature-x", sourcesOf(), NOW - 15 * DAY);
    // The second page ends 20 days ago.
    expect(activityRequests().filter((request) => request.startsWith("branch_deletion"))).toHaveLength(2);
  });

  test("is not read if pull requests explain all tags, or if the run is limited to one", async () => {
    await read("main");
    await read("v1", sourcesOf({ scope: "branch", deletedBranch: "feature/x" }));
    expect(activityRequests()).toEqual([]);
  });

  test("is no evidence, with a notice, if GitHub has none", async () => {
    gitHost.github.state.hasActivity = false;
    const evidence = await read("feature-x");
    expect(explain(evidence, "feature-x")).toBe(UNMATCHED);
    expect(evidence.notices).toEqual([expect.stringContaining("Could not read the deleted branches of octo/web")]);
  });
});

test("the branch of the event is evidence without any request", async () => {
  const sources = sourcesOf({ scope: "branch", deletedBranch: "feature/x" });
  const evidence = await read("feature-x", sources);
  expect(explain(evidence, "feature-x")).toBe("orphaned: branch feature/x was deleted on 2026-11-21");
  expect(activityRequests()).toEqual([]);
  await gitHost.repository.createBranch("feature/x", await gitHost.repository.commitOf("main"));
  expect(explain(await readEvidenceAgain(sources, evidence), "feature-x")).toMatch(/^live/);
});
