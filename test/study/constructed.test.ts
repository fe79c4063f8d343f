import { describe, expect, test } from "vitest";
import type { DeletedBranch, PullRequest } from "../../src/refs/refs.ts";
import { DAY, NOW } from "../plan/world.ts";
import { closed, defaultPatterns, merged, open } from "../tags/fixtures.ts";
import { type Build, type Life, lifeOf, type MergeStyle } from "./life.ts";
import { type Image, sweepImages } from "./sweep-scheme.ts";

const STYLES: readonly MergeStyle[] = ["merge commits", "squash"];
const MODES = [
  { mode: "by default", patterns: [], rules: {} },
  { mode: "with more patterns", patterns: ["{pr}", "{pr}-*", "{branch}-*", "*-{sha}", "pr-{branch:last}"], rules: {} },
  { mode: "with superseded: delete", patterns: ["*-{sha}"], rules: { superseded: "delete", keepCount: 2 } },
] as const;
/** The images were pushed while the pull requests were open. */
const PUSHED = NOW - 30 * DAY;
const ENDED = { closedAt: NOW - 29 * DAY };

/** Returns the tags of the image that are deleted, next to an image of a closed pull request. */
function deletedTags(
  life: Life,
  tags: readonly string[],
  { patterns, rules }: (typeof MODES)[number],
): readonly string[] {
  const build: Build = { event: "push", ref: "main", sha: "", number: null, run: 1, time: PUSHED, group: "live" };
  const images: readonly Image[] = [
    { build, tags },
    ...[2, 3, 4].map((run): Image => ({ build: { ...build, run, time: PUSHED + run }, tags: [`pr-12-${run}`] })),
  ];
  return [...sweepImages(images, life, [...defaultPatterns, ...patterns], rules).deleted].flatMap(
    (image) => image.tags,
  );
}

function withMore(life: Life, pullRequests: readonly PullRequest[], deleted: readonly DeletedBranch[] = []): Life {
  const numbers = new Set(pullRequests.map(({ number }) => number));
  const others = life.pullRequests.filter(({ number }) => !numbers.has(number));
  return {
    ...life,
    pullRequests: [...others, ...pullRequests],
    deletedBranches: [...life.deletedBranches, ...deleted],
  };
}

function mergeCommitOf(life: Life, number: number): string {
  return life.pullRequests.find((each) => each.number === number)?.mergeCommit ?? "";
}

function tipOfMain({ refs }: Life): string {
  return refs.branches.find(({ name }) => name === "main")?.commit ?? "";
}

const BUILD_NUMBER = `1234567${"0123456789abcdef".repeat(3).slice(0, 33)}`;

const CASES: readonly { title: string; tags: (life: Life) => readonly string[]; given?: (life: Life) => Life }[] = [
  {
    title: "the image of a pull request that was promoted with the merge commit",
    tags: (life) => ["pr-10", `sha-${mergeCommitOf(life, 10).slice(0, 7)}`],
  },
  {
    title: "the image of a merge queue whose commit is the tip of main",
    tags: (life) => [`gh-readonly-queue-main-pr-104-${tipOfMain(life)}`],
    given: (life) => withMore(life, [merged(104, ENDED)]),
  },
  {
    title: "pr-11 from branch fix/11 of an open pull request, although #11 is closed",
    tags: () => ["pr-11"],
    given: (life) => withMore(life, [closed(11, ENDED), open(13, { headBranch: "fix/11" })]),
  },
  {
    title: "a version that is also the name of a deleted branch",
    tags: () => ["1.3.0"],
    given: (life) =>
      withMore(
        life,
        [merged(16, { ...ENDED, headBranch: "1.3.0" })],
        [{ name: "1.3.0", commit: null, deletedAt: ENDED.closedAt }],
      ),
  },
  {
    title: "a build number that is also the start of a commit of a closed pull request",
    tags: () => ["1234567"],
    given: (life) => {
      const commit = { id: BUILD_NUMBER, parents: [tipOfMain(life)] };
      const more = withMore(life, [closed(16, { ...ENDED, headCommit: commit.id })]);
      return { ...more, commits: [...life.commits, commit], reachable: [...life.reachable, commit] };
    },
  },
];

describe.each(STYLES)("with %s", (style) => {
  describe.each(MODES)("$mode", (mode) => {
    test.each(CASES)("keeps $title", ({ tags, given = (life: Life) => life }) => {
      const life = given(lifeOf(style));
      const deleted = deletedTags(life, tags(life), mode);
      expect(deleted).toContain("pr-12-2");
      expect(deleted.filter((tag) => tags(life).includes(tag))).toEqual([]);
    });
  });
});

/** Adds a commit of seven decimal digits to main, and one after it. */
function withDigitsOnMain(life: Life): Life {
  const [digits, tip] = [BUILD_NUMBER, `c${BUILD_NUMBER.slice(1)}`];
  const commits = [
    { id: digits, parents: [tipOfMain(life)] },
    { id: tip, parents: [digits] },
  ];
  const branches = life.refs.branches.map((ref) => (ref.name === "main" ? { ...ref, commit: tip } : ref));
  return {
    ...life,
    refs: { ...life.refs, branches },
    commits: [...life.commits, ...commits],
    reachable: [...life.reachable, ...commits],
  };
}

test.each([
  ["keep", "keep", []],
  ["keep", "delete", []],
  ["delete", "keep", []],
  ["delete", "delete", ["sha-1234567"]],
] as const)(
  "an older build of main named by decimal digits, with superseded: %s and unmatched-tags: %s",
  (...given) => {
    const [superseded, unmatchedTags, expected] = given;
    const life = withDigitsOnMain(lifeOf("squash"));
    const build: Build = { event: "push", ref: "main", sha: "", number: null, run: 1, time: PUSHED, group: "older" };
    // Commits are read for another tag.
    const images: readonly Image[] = [
      { build, tags: ["sha-1234567"] },
      ...[10, 12].map((number): Image => {
        const tags = [`sha-${mergeCommitOf(life, number).slice(0, 7)}`];
        return { build: { ...build, run: number, time: PUSHED + number }, tags };
      }),
    ];
    const { deleted } = sweepImages(images, life, defaultPatterns, { superseded, unmatchedTags });
    const tags = [...deleted].flatMap((image) => image.tags);
    expect(tags.filter((tag) => tag === "sha-1234567")).toEqual(expected);
    expect(tags.length > expected.length).toBe(superseded === "delete");
  },
);
