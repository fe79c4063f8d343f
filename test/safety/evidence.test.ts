import { afterEach, describe, expect, test } from "vitest";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { pushImage } from "../servers/content.ts";
import { commitOf, pullRequest, type TestPullRequest } from "../servers/github/server.ts";
import { missingContent } from "../servers/pull.ts";
import { sweepScenario } from "./harness.ts";
import { NOW, openScenario, type Scenario, type StoreScenarioKind } from "./scenario.ts";

const DAY = 86_400_000;

let gitHost: GitHost | undefined;
let scenario: Scenario | undefined;

afterEach(async () => {
  await Promise.all([gitHost?.close(), scenario?.close()]);
});

/** The refs of a repository and its images, each with its tags and its age in days. */
interface EvidenceCase {
  readonly branches?: readonly string[];
  readonly tags?: readonly string[];
  readonly pullRequests: readonly TestPullRequest[];
  readonly images: readonly (readonly [tags: readonly string[], days: number])[];
  readonly inputs?: Readonly<Record<string, string>>;
}

/** Sweeps and returns the deleted tags, each with its reason. */
async function deletedTags(
  kind: StoreScenarioKind,
  { branches = [], tags = [], pullRequests, images, inputs = {} }: EvidenceCase,
) {
  gitHost = await serveGitHost({ branches: ["main", ...branches], lightTags: tags, pullRequests });
  scenario = await openScenario(kind, {
    fill: (store) => {
      pushImage(store, { repository: "web", seed: "main", tags: ["main"], pushedAt: NOW - DAY });
      for (const [names, days] of images) {
        const pushedAt = NOW - days * DAY;
        // Registries without push times use the creation time of the image.
        const created = new Date(pushedAt).toISOString();
        pushImage(store, { repository: "web", seed: names.join(), tags: names, pushedAt, created });
      }
    },
  });
  const { store } = scenario;
  const result = await sweepScenario(scenario, gitHost, inputs);
  expect(result.errors).toEqual([]);
  const manifests = result.repositories.flatMap((each) => each.manifests);
  return images
    .flatMap(([names]) => names)
    .filter((tag) => missingContent(store, "web", tag).length > 0)
    .map((tag) => `${tag}: ${manifests.find((each) => each.tags.includes(tag))?.reason}`);
}

const ended = (days: number) => ({
  createdAt: NOW - (days + 3) * DAY,
  closedAt: NOW - days * DAY,
  updatedAt: NOW - days * DAY,
});
const merged = (number: number, headBranch: string, days: number): TestPullRequest =>
  pullRequest(number, { state: "merged", headBranch, ...ended(days) });
const closed = (number: number, days: number): TestPullRequest =>
  pullRequest(number, { state: "closed", headBranch: "topic", ...ended(days) });
const HEAD = commitOf("head", 7);
const DEFAULTS = "{branch}\n{tag}\nv{version}\n{version}\npr-{pr}\npr-{pr}-*\nsha-{sha}\n{sha}";

const KEPT: readonly (EvidenceCase & { readonly title: string })[] = [
  {
    title: "`production`, pushed long after a branch of that name was merged and deleted, with a commit tag",
    pullRequests: [merged(5, "production", 100)],
    images: [[["production", "sha-1a2b3c4"], 2]],
  },
  {
    title: "the same next to an image that is old enough to look up the pull request",
    pullRequests: [merged(5, "production", 100)],
    images: [
      [["production"], 2],
      [["unrelated"], 200],
    ],
  },
  {
    title: "the rolling tag `v2` of a component's Git tag, if a branch `v2` was merged",
    tags: ["api/v2.0.1"],
    pullRequests: [merged(5, "v2", 100)],
    images: [
      [["v2"], 2],
      [["unrelated"], 200],
    ],
  },
  {
    title: "the name of a gone branch without its first word, which is not ASCII",
    pullRequests: [merged(5, "修复/prod", 5)],
    images: [[["prod"], 6]],
  },
  {
    title: "the name of a gone branch without its first character",
    pullRequests: [merged(5, "_prod", 5)],
    images: [[["prod"], 6]],
  },
  {
    title: "the head commit of a closed pull request, which may be in the history of main",
    pullRequests: [
      pullRequest(7, { state: "closed", headBranch: "master", headCommit: HEAD, ...ended(30) }),
      merged(8, "part-2", 29),
    ],
    images: [[[`sha-${HEAD.slice(0, 7)}`], 31]],
  },
  {
    title: "a platform tag of a branch that is named like the image of a closed pull request",
    branches: ["pr-12"],
    pullRequests: [closed(12, 50)],
    images: [[["pr-12-arm64"], 52]],
  },
  {
    title: "a platform tag of a Git tag that is named like the image of a closed pull request",
    tags: ["pr-12"],
    pullRequests: [closed(12, 50)],
    images: [[["pr-12-arm64"], 52]],
  },
  {
    title: "a branch with an older commit, if another pattern reads the number of a closed pull request",
    branches: ["pr-12-hotfix"],
    pullRequests: [closed(12, 50)],
    images: [[["pr-12-hotfix-abc1234"], 52]],
    inputs: { "tag-patterns": "{branch}-{sha}\npr-{pr}-*" },
  },
  {
    title: "a Git tag with an older commit, if a branch of its name was merged",
    tags: ["release/1.2"],
    pullRequests: [merged(12, "release/1.2", 50)],
    images: [[["release-1.2-abc1234"], 52]],
    inputs: { "tag-patterns": "{branch}-{sha}\n{tag}-{sha}" },
  },
  {
    title: "`v1.2.3-alpine` of the Git tag v1.2.3, if a branch `v1` was merged, with the pattern `{branch}*`",
    tags: ["v1.2.3"],
    pullRequests: [merged(5, "v1", 50)],
    images: [[["v1.2.3-alpine"], 52]],
    inputs: { "tag-patterns": `${DEFAULTS}\n{branch}*` },
  },
  {
    title: "the head branch of a fork's open pull request, with `unmatched-tags: delete`",
    pullRequests: [pullRequest(40, { head: "fork", headBranch: "patch-1" })],
    images: [[["patch-1"], 6]],
    inputs: { "unmatched-tags": "delete" },
  },
];

describe.each<StoreScenarioKind>(["digitalocean", "oci"])("%s: keeps", (kind) => {
  test.each(KEPT)("$title", async (example) => {
    expect(await deletedTags(kind, example)).toEqual([]);
  });
});

describe.each<StoreScenarioKind>(["digitalocean", "oci"])("%s: deletes", (kind) => {
  test("an image of a deleted branch that was pushed up to a day after its merge, but not a later one", async () => {
    const example: EvidenceCase = {
      pullRequests: [merged(5, "topic-5", 10), merged(6, "topic-6", 10)],
      images: [
        [["topic-5"], 9.1],
        [["topic-6"], 8.9],
      ],
    };
    expect(await deletedTags(kind, example)).toEqual([
      "topic-5: branch topic-5 of pull request #5 (merged on 2026-11-11) was deleted",
    ]);
  });

  test("an image with the number of a closed pull request, pushed at any time", async () => {
    const example: EvidenceCase = {
      pullRequests: [closed(12, 50)],
      images: [[["pr-12", `sha-${HEAD.slice(0, 7)}`], 2]],
    };
    const reason = "pull request #12 was closed on 2026-10-02";
    expect(await deletedTags(kind, example)).toEqual([`pr-12: ${reason}`, `sha-${HEAD.slice(0, 7)}: ${reason}`]);
  });
});
