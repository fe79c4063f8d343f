import type { Digest } from "../../src/digest.ts";
import { DEFAULTS } from "../../src/inputs/defaults.ts";
import { type Advice, createAdvisor } from "../../src/plan/advice.ts";
import { Graph } from "../../src/plan/graph.ts";
import { makePlan } from "../../src/plan/make-plan.ts";
import type { Rules } from "../../src/plan/plan.ts";
import type { PushTimes } from "../../src/plan/push-time.ts";
import type { Commits } from "../../src/refs/commits.ts";
import { CommitGraph } from "../../src/refs/git/commit-graph.ts";
import type { Commit } from "../../src/refs/git/pack.ts";
import type { PullRequest, PullRequestLookups, PullRequests } from "../../src/refs/refs.ts";
import type { ListedManifest } from "../../src/registry/manifest.ts";
import { protectionOf } from "../../src/sweep/protection.ts";
import { ownersOfCommits } from "../../src/tags/commits.ts";
import { type LiveTags, liveTagsOf } from "../../src/tags/live-tags.ts";
import { pullRequestLookups } from "../../src/tags/lookups.ts";
import { compileTagPatterns } from "../../src/tags/patterns.ts";
import { tagStatuses } from "../../src/tags/status.ts";
import { contentOf, digestOf, rules } from "../plan/world.ts";
import type { Build, Life } from "./life.ts";

/** Which times a registry shows: of tags (DigitalOcean), of images (GHCR), or creation times only (registry:2). */
export type Times = "tags" | "images" | "creation";

/** The image of one build, with the tags that no later build moved. */
export interface Image<B extends Build = Build> {
  readonly build: B;
  readonly tags: readonly string[];
}

/** Returns the images that a registry has after all builds pushed their tags. */
export function imagesOf<B extends Build>(
  builds: readonly B[],
  tagsOf: (build: B) => readonly string[],
): readonly Image<B>[] {
  const pushed = builds.map((build) => ({ build, tags: tagsOf(build) })).filter(({ tags }) => tags.length > 0);
  const last = new Map(pushed.flatMap(({ build, tags }) => tags.map((tag) => [tag, build])));
  return pushed.map(({ build, tags }) => ({ build, tags: tags.filter((tag) => last.get(tag) === build) }));
}

const protectedBy = protectionOf(DEFAULTS["protect-tags"].split("\n"));

/** What a run would delete, and its advice. */
export interface SweptImages {
  readonly deleted: ReadonlySet<Image>;
  readonly advice: Advice;
}

/** Plans the images as a run does. */
export function sweepImages(
  images: readonly Image[],
  life: Life,
  patterns: readonly string[],
  overrides: Partial<Rules>,
  times: Times = "tags",
): SweptImages {
  const listed = images.map(({ build, tags }): ListedManifest => {
    const digest = digestOf(String(build.run));
    return { digest, tags, pushedAt: times === "creation" ? null : build.time, sizeBytes: null, blobs: null };
  });
  const live = liveTagsOf(compileTagPatterns(patterns), life.refs);
  const pushed = listed.flatMap(({ tags, pushedAt }) => tags.map((tag) => ({ tag, pushedAt })));
  const lookups = pullRequestLookups(pushed, live, protectedBy);
  const commits = commitsOf(life, lookups);
  const pullRequests = pullRequestsOf(life, live, lookups, commits);
  const evidence = { live, pullRequests, commits, deletedBranches: life.deletedBranches };
  const statusOf = tagStatuses(live, pullRequests, protectedBy, evidence);
  const statuses = new Map(pushed.map(({ tag }) => [tag, statusOf(tag)]));
  const graph = new Graph(listed, statuses, true);
  for (const { digest } of listed) graph.addContent(digest, contentOf({}, {}));
  const all = rules(overrides);
  const step = makePlan("web", { graph, statuses, rules: all, kept: new Map(), times: timesOf(images, times) });
  if (!("plan" in step)) throw new Error("all times are known");
  const deleted = new Set(step.plan.deletions.map(({ digest }) => digest));
  return {
    deleted: new Set(images.filter(({ build }) => deleted.has(digestOf(String(build.run))))),
    advice: createAdvisor(evidence, patterns, all)(step.plan, statuses),
  };
}

function timesOf(images: readonly Image[], times: Times): PushTimes {
  const digest = ({ build }: Image): Digest => digestOf(String(build.run));
  const pushes = images.flatMap((image) =>
    image.tags.map((tag) => [tag, { digest: digest(image), pushedAt: image.build.time }] as const),
  );
  return {
    createdAt: times === "creation" ? new Map(images.map((image) => [digest(image), image.build.time])) : null,
    tags: times === "tags" ? new Map(pushes) : null,
  };
}

/** What GitHub and Git return for the lookups. */
function commitsOf({ commits, reachable, pullRequests }: Life, { commits: texts }: PullRequestLookups): Commits {
  const graph = new CommitGraph(reachable);
  const unknown = [...texts].filter((text) => graph.startingWith(text).length === 0);
  const find = (text: string): Commit | "missing" => commits.find(({ id }) => id.startsWith(text)) ?? "missing";
  return {
    graph,
    pullRequestHeads: new Map(pullRequests.map(({ number, headCommit }) => [number, headCommit])),
    others: new Map(unknown.map((text) => [text, find(text)])),
    unread: null,
  };
}

function pullRequestsOf(
  { pullRequests }: Life,
  { refs }: LiveTags,
  { numbers, branchTags, commits: texts }: PullRequestLookups,
  commits: Commits,
): PullRequests {
  const find = (number: number): PullRequest | "missing" =>
    pullRequests.find((each) => each.number === number) ?? "missing";
  const all = new Set([...numbers, ...ownersOfCommits(commits, refs, texts)]);
  return {
    byNumber: new Map([...all].map((number) => [number, find(number)])),
    open: pullRequests.filter(({ state }) => state === "open"),
    closed: branchTags.size === 0 ? [] : pullRequests.filter(({ state }) => state !== "open"),
  };
}
