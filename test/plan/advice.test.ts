import { expect, test } from "vitest";
import { type Advice, createAdvisor } from "../../src/plan/advice.ts";
import type { RepositoryPlan, Rules } from "../../src/plan/plan.ts";
import { NO_COMMITS } from "../../src/refs/commits.ts";
import { liveTagsOf } from "../../src/tags/live-tags.ts";
import { compileTagPatterns } from "../../src/tags/patterns.ts";
import { closed, commitOf, defaultPatterns, listsOf, refsOf } from "../tags/fixtures.ts";
import { planWorld, rules, statusOf, type World } from "./world.ts";

const MIB = 2 ** 20;

function adviceFor(world: World, overrides: Partial<Rules> = {}, patterns = defaultPatterns): Advice {
  return adviceOn(planWorld(world, { rules: overrides }).plan, world, overrides, patterns);
}

function adviceOn(
  plan: RepositoryPlan,
  world: World,
  overrides: Partial<Rules> = {},
  patterns = defaultPatterns,
): Advice {
  const live = liveTagsOf(compileTagPatterns(patterns), refsOf({ branches: ["main", "dev"] }));
  const input = { live, pullRequests: listsOf([closed(12), closed(13)]), commits: NO_COMMITS, deletedBranches: [] };
  const tags = Object.values(world).flatMap((item) => item.tags ?? []);
  const statuses = new Map(tags.map((tag) => [tag, statusOf(tag)]));
  return createAdvisor(input, patterns, rules(overrides))(plan, statuses);
}

/** Returns images of 1 MiB with one tag each. */
function images(...tags: readonly string[]): World {
  return Object.fromEntries(tags.map((tag) => [tag, { tags: [tag], blobs: [{ name: tag, bytes: MIB - 500 }] }]));
}

const SNAPSHOTS = images("SNAPSHOT-PR-12-1", "SNAPSHOT-PR-12-2", "SNAPSHOT-PR-99-3");
const OLDER = images(...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((number) => `older-${number}`));

test("suggests the pattern of three tags or more", () => {
  const [found, ...others] = adviceFor({ ...SNAPSHOTS, ...images("orphaned") }).patterns;
  expect(found).toMatchObject({ pattern: "SNAPSHOT-PR-{pr}-*", tags: 3, example: "SNAPSHOT-PR-12-1" });
  expect(others).toEqual([]);
});

test("suggests no pattern for two tags", () => {
  expect(adviceFor(images("SNAPSHOT-PR-12-1", "SNAPSHOT-PR-12-2")).patterns).toEqual([]);
});

test("suggests no pattern if no number in the tags is that of a pull request", () => {
  expect(adviceFor(images("x-pr-97-1", "x-pr-98-2", "x-pr-99-3")).patterns).toEqual([]);
});

test("suggests no pattern that is set", () => {
  expect(adviceFor(SNAPSHOTS, {}, ["SNAPSHOT-PR-{pr}-*"]).patterns).toEqual([]);
});

test("suggests no pattern for undecided images, such as those of another Git repository", () => {
  const { plan } = planWorld(SNAPSHOTS);
  const decisions = plan.decisions.map((decision) => ({ ...decision, status: "undecided" as const }));
  expect(adviceOn(plan, SNAPSHOTS).patterns).toHaveLength(1);
  expect(adviceOn({ ...plan, decisions }, SNAPSHOTS).patterns).toEqual([]);
});

test("suggests no pattern for tags that are deleted", () => {
  expect(adviceFor(SNAPSHOTS, { unmatchedTags: "delete" }).patterns).toEqual([]);
});

test("suggests {branch} only if the tags name several branches", () => {
  const tagOf = (branch: string, text: string): string => `x-${branch}-${commitOf(text).slice(0, 12)}`;
  const ofMain = ["main", "a2", "a3"].map((text) => tagOf("main", text));
  expect(adviceFor(images(...ofMain)).patterns).toMatchObject([{ pattern: "x-main-{sha}" }]);
  expect(adviceFor(images(...ofMain, tagOf("dev", "a4"))).patterns).toMatchObject([{ pattern: "x-{branch}-{sha}" }]);
});

test("lists the five largest groups", () => {
  const world = images(
    ...["a", "b", "c", "d", "e", "f"].flatMap((name) => [1, 2, 3].map((run) => `${name}-pr-12-${run}`)),
  );
  const { patterns } = adviceFor({ ...world, ...images("f-pr-13-4") });
  expect(patterns.map(({ pattern, tags }) => `${pattern} ${tags}`)).toEqual([
    "f-pr-{pr}-* 4",
    ...["a", "b", "c", "d"].map((name) => `${name}-pr-{pr}-* 3`),
  ]);
});

test("counts older builds by branch, and those that keep-count would not keep", () => {
  const { superseded } = adviceFor({ ...OLDER, ...images("older2-1", "orphaned") });
  expect(superseded).toMatchObject([
    { of: "branch main", images: 12, deletable: 2 },
    { of: "branch dev", images: 1, deletable: 0 },
  ]);
});

test("adds the bytes of images, if all are known", () => {
  expect(adviceFor({ ...OLDER, ...images("orphaned") }).superseded).toMatchObject([{ sizeBytes: 12 * MIB }]);
  expect(adviceFor(OLDER).superseded).toMatchObject([{ sizeBytes: null }]);
});

test("does not count older builds that another tag keeps", () => {
  const { superseded } = adviceFor({ a: { tags: ["older-1", "other"] }, b: { tags: ["older-2", "neutral"] } });
  expect(superseded).toMatchObject([{ images: 1 }]);
});

test("gives no advice on older builds with superseded: delete, and none for one pull request", () => {
  expect(adviceFor(OLDER, { superseded: "delete", keepCount: 20 }).superseded).toEqual([]);
  expect(adviceFor({ ...OLDER, ...SNAPSHOTS }, { scope: "pull request #12" })).toEqual({
    patterns: [],
    superseded: [],
  });
});
