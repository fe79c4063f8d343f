import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHttpClient } from "../../src/http/client.ts";
import type { HttpClient } from "../../src/http/http.ts";
import type { ImagesInUse } from "../../src/plan/view.ts";
import { createJudge, type RefsJudge } from "../../src/sweep/tag-statuses.ts";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { settingsOf } from "../run.ts";
import { digestOfNothing } from "../servers/content.ts";
import { pullRequest } from "../servers/github/server.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 21, 12);

let gitHost: GitHost;
let http: HttpClient;
let now: number;

beforeEach(async () => {
  now = NOW;
  gitHost = await serveGitHost({ branches: ["main"], pullRequests: [] });
  http = createHttpClient({ clock: clock(), concurrency: 4 });
});

afterEach(async () => {
  await http.close();
  await gitHost.close();
});

const clock = () => ({ now: () => now, random: () => 0.5, sleep: async () => undefined });
const pinned = (tag: string): ImagesInUse => ({
  digests: new Set([digestOfNothing(tag)]),
  tags: new Map([["web", new Set([tag])]]),
});

function judgeOf(
  readImagesInUse: (() => Promise<ImagesInUse>) | null,
  more: Readonly<Record<string, string>> = {},
): RefsJudge {
  const inputs = { registry: "registry.digitalocean.com/acme", token: "t", ...more };
  return createJudge(settingsOf(inputs, gitHost.environment), pinned("first"), readImagesInUse, {
    http,
    clock: clock(),
  });
}

/** A judge who has read all that one manifest with `tags` leaves open; it was pushed twenty days ago. */
async function informed(tags: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<RefsJudge> {
  const judge = judgeOf(null, more);
  const digest = digestOfNothing("image");
  await judge.readRefs();
  await judge.readPullRequests([
    { manifests: [{ digest, tags, sizeBytes: null, blobs: null }], times: new Map([[digest, NOW - 20 * DAY]]) },
  ]);
  return judge;
}

test("what was in use when the run began stays, and what is in use by then, too", async () => {
  const judge = judgeOf(async () => pinned("later"));
  await judge.refresh();
  expect(judge.pinned()).toEqual(new Set(["first", "later"].map(digestOfNothing)));
  const statuses = judge.statusesOf("web", ["first", "later", "other"]);
  expect([...statuses.values()].map(({ status }) => status)).toEqual(["live", "live", "unmatched"]);
});

test.each([
  [59_999, 1],
  [60_000, 2],
  [-1, 2],
])("what is in use is good for a minute: when the clock has moved by %i ms it was read %i times", async (ms, times) => {
  let read = 0;
  const judge = judgeOf(async () => {
    read += 1;
    return pinned("later");
  });
  await judge.refresh();
  now += ms;
  await judge.refresh();
  expect(read).toBe(times);
});

test("a reading of the refs that takes long does not take the place of a later one that is done", async () => {
  const ended = { createdAt: NOW - 25 * DAY, closedAt: NOW - 10 * DAY, updatedAt: NOW - 10 * DAY };
  const pullRequests = gitHost.github.state.repositories.get("octo/web")?.pullRequests;
  pullRequests?.set(3, pullRequest(3, { state: "closed", headBranch: "feature", ...ended }));
  const judge = await informed(["feature"]);
  const status = (): string | undefined => judge.statusesOf("web", ["feature"]).get("feature")?.status;
  expect(status()).toBe("orphaned");
  let asked = 0;
  gitHost.github.inject(() => {
    asked += 1;
    return asked === 1 ? { kind: "delay", ms: 400 } : null;
  });
  const slow = judge.refresh();
  await wait(200);
  const ref = join(gitHost.repository.path, "refs/heads/feature");
  mkdirSync(dirname(ref), { recursive: true });
  writeFileSync(ref, `${await gitHost.repository.commitOf("main")}\n`);
  now += 61_000;
  await judge.refresh();
  expect(status()).toBe("live");
  await slow;
  expect(status()).toBe("live");
});

test("with `unmatched-tags: delete` pull requests that were opened since the plan are heard, though none was closed", async () => {
  const judge = await informed(["contrib", "pr-9"], { "unmatched-tags": "delete" });
  const statuses = (): readonly string[] =>
    [...judge.statusesOf("web", ["contrib", "pr-9"]).values()].map(({ status }) => status);
  expect(statuses()).toEqual(["unmatched", "unmatched"]);
  now += 30_000;
  const opened = pullRequest(9, { headBranch: "contrib", head: "fork", createdAt: now, updatedAt: now });
  gitHost.github.state.repositories.get("octo/web")?.pullRequests.set(9, opened);
  await judge.refresh();
  expect(statuses()).toEqual(["live", "live"]);
});

test("a tag that is listed in lower case, as Gitea lists all, is kept by its name as it was pushed", async () => {
  const judge = judgeOf(async () => pinned("Feat-Login"), {
    "protect-tags": "Release-*, !Release-Old*, !release-gone",
  });
  await judge.refresh();
  const tags = ["feat-login", "Feat-login", "release-1", "release-old", "Release-Old", "release-gone", "feat-other"];
  const statuses = judge.statusesOf("web", tags);
  expect([...statuses].map(([tag, { status, reason }]) => [tag, status === "live" ? reason : status])).toEqual([
    ["feat-login", "pinned: it is in use"],
    ["Feat-login", "pinned: it is in use"],
    ["release-1", "protected: Release-*"],
    // What takes protection back is taken literally.
    ["release-old", "protected: Release-*"],
    ["Release-Old", "unmatched"],
    ["release-gone", "unmatched"],
    ["feat-other", "unmatched"],
  ]);
});
