import { performance } from "node:perf_hooks";
import type { PullRequest, PullRequests } from "../../src/refs/refs.ts";
import { compileTagPatterns, namesOf } from "../../src/tags/live-tags.ts";
import { answeredBy, questionsOf } from "../../src/tags/lookups.ts";
import { statusesOf } from "../../src/tags/status.ts";
import { commitOf, defaultPatterns } from "../tags/names.ts";

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
    fromFork: index % 10 === 0,
    headCommit: commitOf(`head ${index}`),
    mergeCommit: commitOf(`merge ${index}`),
  }),
);
const pullRequests: PullRequests = {
  byNumber: new Map(closed.map((pullRequest) => [pullRequest.number, pullRequest])),
  open: [],
  closed,
};

/** Half of them name something that lives, the others what is gone or was never there. */
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
    `nobody-knows-this-one-${index}`,
  ];
  return kinds[index % kinds.length] ?? "";
}

const tags = Array.from({ length: TAGS }, (_, index) => ({ tag: imageTag(index), pushedAt: Date.UTC(2026, 8, 1) }));

function measure(title: string, patterns: readonly string[]): void {
  const marks: [string, number][] = [];
  let before = performance.now();
  const lap = (name: string): void => {
    const now = performance.now();
    marks.push([name, now - before]);
    before = now;
  };
  const names = namesOf(compileTagPatterns(patterns), { branches, tags: gitTags });
  lap("names");
  const questions = questionsOf(tags, names, () => null);
  lap("questions");
  const answers = answeredBy(questions, names);
  const settled = closed.reduce((sum, pullRequest) => sum + answers(pullRequest).length, 0);
  lap("answers");
  const statusOf = statusesOf(names, pullRequests, () => null);
  const statuses = new Map<string, number>();
  for (const { tag } of tags) {
    const { status } = statusOf(tag);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  lap("statuses");
  const total = marks.reduce((sum, [, milliseconds]) => sum + milliseconds, 0);
  const times = marks.map(([name, milliseconds]) => `${name} ${milliseconds.toFixed(0)}`).join(", ");
  const counts = [...statuses].map(([status, count]) => `${count} ${status}`).join(", ");
  console.log(`${title}\n  ${total.toFixed(0)} ms (${times})\n  ${counts}; ${settled} tags settled by branches`);
}

console.log(`${REFS} refs x ${TAGS} image tags, ${CLOSED} closed pull requests`);
measure("default patterns", defaultPatterns);
measure("default and composites", [
  ...defaultPatterns,
  "{branch}-{sha}",
  "{branch}*",
  "{version}-alpine",
  "{major}.{minor}-alpine",
]);
measure("hostile patterns", [
  "*{branch}*",
  "*{branch}*{sha}*",
  "*{branch}*{tag}*{branch}*",
  "{branch}{branch}{branch}{sha}",
]);
console.log(`peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
