import { afterEach, beforeEach, expect, test } from "vitest";
import { createHttpClient } from "../../src/http/client.ts";
import type { HttpClient } from "../../src/http/http.ts";
import type { ImagesInUse } from "../../src/registry/images-in-use.ts";
import type { Listing } from "../../src/registry/registry.ts";
import { type Evidence, inUseIn, statusesOf } from "../../src/sweep/evidence.ts";
import { type EvidenceSources, readEvidence, readEvidenceAgain, readLiveTags } from "../../src/sweep/read-evidence.ts";
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

function inUse(tag: string): ImagesInUse {
  return { digests: new Set([digestOfNothing(tag)]), tags: new Map([["web", new Set([tag])]]) };
}

function sourcesOf(
  inputs: Readonly<Record<string, string>> = {},
  readAppImages: EvidenceSources["readAppImages"] = null,
): EvidenceSources {
  const all = { registry: "registry.digitalocean.com/acme", token: "t", ...inputs };
  return { settings: settingsOf(all, gitHost.environment), http, clock: clock(), readAppImages };
}

/** A list of one manifest, which was pushed twenty days ago. */
function listingOf(tags: readonly string[]): Listing {
  const digest = digestOfNothing("image");
  return { manifests: [{ digest, tags, pushedAt: NOW - 20 * DAY, sizeBytes: null, blobs: null }] };
}

async function evidenceOf(sources: EvidenceSources, listing: Listing): Promise<Evidence> {
  return readEvidence(sources, await readLiveTags(sources), inUse("first"), [listing]);
}

function statuses(_: EvidenceSources, evidence: Evidence, listing: Listing): readonly string[] {
  return [...statusesOf(evidence, listing).values()].map(({ status }) => status);
}

function addPullRequest(...[number, fields]: Parameters<typeof pullRequest>): void {
  gitHost.github.state.repositories.get("octo/web")?.pullRequests.set(number, pullRequest(number, fields));
}

test("keeps what was in use when the run started, and what is in use at the recheck", async () => {
  const sources = sourcesOf({}, async () => inUse("later"));
  const again = await readEvidenceAgain(sources, await evidenceOf(sources, listingOf([])));
  const kept = inUseIn(again, "web", listingOf(["First"]));
  expect([...kept.keys()]).toEqual(["first", "later", "image"].map(digestOfNothing));
  expect(inUseIn(again, "web", listingOf(["other"])).has(digestOfNothing("image"))).toBe(false);
  expect(inUseIn(again, "api", listingOf(["first"])).has(digestOfNothing("image"))).toBe(false);
});

test("reads the refs again for each recheck", async () => {
  const ended = { createdAt: NOW - 25 * DAY, closedAt: NOW - 19.5 * DAY, updatedAt: NOW - 19.5 * DAY };
  addPullRequest(3, { state: "closed", headBranch: "feature", ...ended });
  const listing = listingOf(["feature"]);
  const sources = sourcesOf();
  const first = await evidenceOf(sources, listing);
  expect(statuses(sources, first, listing)).toEqual(["orphaned"]);
  await gitHost.repository.createBranch("feature", await gitHost.repository.commitOf("main"));
  expect(statuses(sources, await readEvidenceAgain(sources, first), listing)).toEqual(["live"]);
});

test("sees a pull request that was opened after the plan was made", async () => {
  const listing = listingOf(["contrib", "pr-9"]);
  const sources = sourcesOf({ "unmatched-tags": "delete" });
  const first = await evidenceOf(sources, listing);
  expect(statuses(sources, first, listing)).toEqual(["unmatched", "unmatched"]);
  now += 30_000;
  addPullRequest(9, { headBranch: "contrib", head: "fork", createdAt: now, updatedAt: now });
  expect(statuses(sources, await readEvidenceAgain(sources, first), listing)).toEqual(["live", "live"]);
});

test("sees a pull request that was reopened hours before the recheck, although many others were updated later", async () => {
  const ended = { createdAt: NOW - 25 * DAY, closedAt: NOW - 19.5 * DAY, updatedAt: NOW - 19.5 * DAY };
  addPullRequest(3, { state: "closed", ...ended });
  const listing = listingOf(["pr-3"]);
  const sources = sourcesOf();
  const first = await evidenceOf(sources, listing);
  expect(statuses(sources, first, listing)).toEqual(["orphaned"]);
  addPullRequest(3, { createdAt: ended.createdAt, updatedAt: NOW + 60_000 });
  now += DAY / 8;
  for (let number = 100; number < 250; number += 1)
    addPullRequest(number, { createdAt: NOW, updatedAt: now - (number - 100) * 60_000 });
  expect(statuses(sources, await readEvidenceAgain(sources, first), listing)).toEqual(["live"]);
});

test("reads the open pull requests for images of unmatched tags that may be deleted", async () => {
  addPullRequest(9, { headBranch: "contrib", head: "fork" });
  await gitHost.repository.createBranch("base", await gitHost.repository.commitOf("main"));
  // The base is live, so nothing is looked up.
  const listing = listingOf(["base.contrib"]);
  const inputs = { "tag-patterns": "{branch}.{branch}" };
  const [keeps, deletes] = [sourcesOf(inputs), sourcesOf({ ...inputs, "unmatched-tags": "delete" })];
  expect(statuses(keeps, await evidenceOf(keeps, listing), listing)).toEqual(["unmatched"]);
  expect(statuses(deletes, await evidenceOf(deletes, listing), listing)).toEqual(["live"]);
});

test("reads no pull requests for a recheck if none proves a ref gone", async () => {
  const sources = sourcesOf();
  const first = await evidenceOf(sources, listingOf(["main"]));
  const before = gitHost.github.requests.length;
  await readEvidenceAgain(sources, first);
  expect(gitHost.github.requests.length).toBe(before);
});

test("protects tags in any case, and excludes exactly", async () => {
  const listing = listingOf(["release-1", "release-old", "Release-Old", "release-gone", "feat-other"]);
  const sources = sourcesOf({ "protect-tags": "Release-*, !Release-Old*, !release-gone" });
  const evidence = await evidenceOf(sources, listing);
  const found = [...statusesOf(evidence, listing)].map(([tag, { status, reason }]) => [
    tag,
    status === "protected" ? reason : status,
  ]);
  expect(found).toEqual([
    ["release-1", 'protected by "Release-*"'],
    ["release-old", 'protected by "Release-*"'],
    ["Release-Old", "unmatched"],
    ["release-gone", "unmatched"],
    ["feat-other", "unmatched"],
  ]);
});
