import type { PullRequest, PullRequests } from "../../src/refs/refs.ts";
import { liveTagsOf } from "../../src/tags/live-tags.ts";
import { orphanedTags, pullRequestLookups } from "../../src/tags/lookups.ts";
import { compileTagPatterns } from "../../src/tags/patterns.ts";
import { tagStatuses } from "../../src/tags/status.ts";
import { commitOf, defaultPatterns } from "../tags/fixtures.ts";

const REFS = 10_000;
const TAGS = 20_000;
const CLOSED = 5_000;

const branches = Array.from({ length: REFS / 2 }, (_, index) => ({
  name: `feature/team-${index % 40}/ticket-${index}`,
  commit: commitOf(`branch ${index}`),
}));
const gitTags = Array.from({ length: REFS / 2 }, (_, index) => ({
  name: `v${Math.floor(index / 500)}.${Math.floor(index / 10) % 50}.${index % 10}`,
  commit: commitOf(`tag ${index}`),
}));
const closed = Array.from(
  { length: CLOSED },
  (_, index): PullRequest => ({
    number: index + 1,
    state: index % 3 === 0 ? "closed" : "merged",
    closedAt: Date.UTC(2026, 9, 1) - index * 60_000,
    headBranch: `feature/gone-${index}`,
    startedAt: Date.UTC(2026, 7, 1),
    baseBranch: "main",
    fromFork: index % 10 === 0,
    headCommit: commitOf(`head ${index}`),
    commitCount: 1,
    mergeCommit: commitOf(`merge ${index}`),
  }),
);
const pullRequests: PullRequests = {
  byNumber: new Map(closed.map((pullRequest) => [pullRequest.number, pullRequest])),
  open: [],
  closed,
};

/** Some name a live ref, some a gone one, and some nothing. */
function imageTag(index: number): string {
  const short = commitOf(`head ${index}`).slice(0, 7);
  const kinds = [
    `feature-team-${index % 40}-ticket-${index}`,
    `feature-gone-${index % CLOSED}`,
    `pr-${index}`,
    `pr-${index}-alpine`,
    `sha-${short}`,
    `${Math.floor(index / 500)}.${Math.floor(index / 10) % 50}.${index % 10}`,
    `${Math.floor(index / 500)}.${index % 50}-alpine`,
    `feature-team-${index % 40}-ticket-${index}-${short}`,
    `gh-readonly-queue-main-pr-${index}-${commitOf(`queue ${index}`)}`,
    `unknown-name-of-an-image-${index}`,
  ];
  return kinds[index % kinds.length] ?? "";
}

const tags = Array.from({ length: TAGS }, (_, index) => ({ tag: imageTag(index), pushedAt: Date.UTC(2026, 8, 1) }));

function measure(title: string, patterns: readonly string[]): void {
  const times: [string, number][] = [];
  let before = performance.now();
  const lap = (step: string): void => {
    const now = performance.now();
    times.push([step, now - before]);
    before = now;
  };
  const live = liveTagsOf(compileTagPatterns(patterns), { branches, tags: gitTags });
  lap("live tags");
  const lookups = pullRequestLookups(tags, live, () => null);
  lap("lookups");
  const orphanedBy = orphanedTags(lookups, live);
  const orphaned = closed.reduce((sum, pullRequest) => sum + orphanedBy(pullRequest).length, 0);
  lap("orphaned tags");
  const statusOf = tagStatuses(live, pullRequests, () => null);
  const statuses = new Map<string, number>();
  for (const { tag } of tags) {
    const { status } = statusOf(tag);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  lap("statuses");
  const total = times.reduce((sum, [, milliseconds]) => sum + milliseconds, 0);
  const steps = times.map(([step, milliseconds]) => `${step} ${milliseconds.toFixed(0)}`).join(", ");
  const counts = [...statuses].map(([status, count]) => `${count} ${status}`).join(", ");
  console.log(`${title}\n  ${total.toFixed(0)} ms (${steps})\n  ${counts}; ${orphaned} tags orphaned by a branch`);
}

console.log(`${REFS} refs x ${TAGS} image tags, ${CLOSED} closed pull requests`);
measure("default patterns", defaultPatterns);
measure("default and composite patterns", [
  ...defaultPatterns,
  "{branch}-{sha}",
  "{branch}*",
  "{version}-alpine",
  "{major}.{minor}-alpine",
]);
measure("hostile patterns", ["*{branch}*", "*{branch}-{sha}", "{branch}{tag}{branch}", "{branch}*{sha}"]);
console.log(`peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
