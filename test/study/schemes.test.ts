import { describe, expect, test } from "vitest";
import { parseRetention } from "../../src/inputs/retention.ts";
import type { Rules } from "../../src/plan/plan.ts";
import { compileRetention } from "../../src/plan/retention.ts";
import { defaultPatterns } from "../tags/fixtures.ts";
import { type Group, lifeOf, type MergeStyle } from "./life.ts";
import type { Scheme } from "./scheme.ts";
import { SCHEMES } from "./schemes.ts";
import { type Image, imagesOf, type SweptImages, sweepImages, type Times } from "./sweep-scheme.ts";

const STYLES: readonly MergeStyle[] = ["merge commits", "squash"];
const LIVES = new Map(STYLES.map((style) => [style, lifeOf(style)]));
/** The commits of releases. */
const RELEASES = new Set([...LIVES.values()].flatMap(({ refs }) => refs.tags.map(({ commit }) => commit)));
const KEEP_COUNT = 2;

type Mode = "deletedByDefault" | "deletedWithPatterns" | "deletedWithAll";
const MODES: readonly Mode[] = ["deletedByDefault", "deletedWithPatterns", "deletedWithAll"];

interface Swept extends SweptImages {
  readonly images: readonly Image[];
}

function sweep(scheme: Scheme, style: MergeStyle, mode: Mode, { times, patterns }: Options = {}): Swept {
  const life = LIVES.get(style) ?? lifeOf(style);
  const images = imagesOf(life.builds.filter(scheme.builds), scheme.tags);
  const more = patterns ?? (mode === "deletedByDefault" ? [] : scheme.patterns);
  const rules = mode === "deletedWithAll" ? cleanUp(scheme) : {};
  return { images, ...sweepImages(images, life, [...defaultPatterns, ...more], rules, times) };
}

interface Options {
  readonly times?: Times;
  /** Default: those of the scheme. */
  readonly patterns?: readonly string[];
}

function cleanUp({ retention }: Scheme): Partial<Rules> {
  const parsed = parseRetention(retention ?? "");
  if (!("value" in parsed)) throw new Error(parsed.problem);
  return { superseded: "delete", keepCount: KEEP_COUNT, retentionOf: compileRetention(parsed.value) };
}

/** Whether an image must never be deleted. The commit of a Git tag is that of a release. */
function isLive({ words = [], namesCommit }: Scheme, { build, tags }: Image): boolean {
  const isDeployed = tags.some((tag) => tag === "latest" || words.includes(tag));
  return tags.length > 0 && (build.group === "live" || isDeployed || (namesCommit === true && RELEASES.has(build.sha)));
}

/** Images that lost their tags are deleted too. `keep-count` counts older builds of branches by themselves. */
function expectedOf(scheme: Scheme, images: readonly Image[], mode: Mode): readonly Image[] {
  const groups: readonly Group[] = scheme[mode];
  const deleted = images.filter(
    (image) => image.tags.length === 0 || (groups.includes(image.build.group) && !isLive(scheme, image)),
  );
  if (mode !== "deletedWithAll") return deleted;
  const others = deleted.filter(({ build, tags }) => build.group !== "older" || tags.length === 0);
  const newest = others.toSorted((a, b) => b.build.time - a.build.time).slice(0, KEEP_COUNT);
  return deleted.filter((image) => !newest.includes(image));
}

function describeImage({ build, tags }: Image): string {
  return `${build.group}: ${build.event} of ${build.ref} (${tags.join(", ")})`;
}

describe.each(STYLES)("with %s", (style) => {
  describe.each(SCHEMES)("$title ($example)", (scheme) => {
    test.each(MODES)("%s", (mode) => {
      const swept = sweep(scheme, style, mode);
      const expected = expectedOf(scheme, swept.images, mode);
      expect([...swept.deleted].map(describeImage)).toEqual(expected.map(describeImage));
    });
  });
});

type IsCounted = (scheme: Scheme, image: Image) => boolean;

/** Returns how many of the images that `isCounted` accepts are deleted, in percent: each scheme by the workflows that use it. */
function shareDeleted(mode: Mode, isCounted: IsCounted, options: Options = {}): number {
  let all = 0;
  let deleted = 0;
  for (const style of STYLES) {
    for (const scheme of SCHEMES) {
      const swept = sweep(scheme, style, mode, options);
      const counted = swept.images.filter((image) => image.tags.length > 0 && isCounted(scheme, image));
      all += scheme.workflows * counted.length;
      deleted += scheme.workflows * counted.filter((image) => swept.deleted.has(image)).length;
    }
  }
  return (100 * deleted) / all;
}

describe("all schemes together", () => {
  const isOfPullRequest = (_: Scheme, { build }: Image): boolean => build.group === "pull requests";

  test("delete 51 % of the images of closed pull requests by default", () => {
    expect(shareDeleted("deletedByDefault", isOfPullRequest)).toBeGreaterThanOrEqual(51);
  });

  test("delete 93 % of the images of closed pull requests with patterns", () => {
    expect(shareDeleted("deletedWithPatterns", isOfPullRequest)).toBeGreaterThanOrEqual(93);
  });

  test("delete 95 % of the older builds of branches whose tags name their commit", () => {
    const isOlder = ({ namesCommit }: Scheme, { build }: Image): boolean =>
      namesCommit === true && build.group === "older" && !RELEASES.has(build.sha);
    expect(shareDeleted("deletedWithAll", isOlder)).toBeGreaterThanOrEqual(95);
  });

  describe.each(["tags", "images", "creation"] as const)("with times of %s", (times) => {
    test.each(MODES)("delete no live image (%s)", (mode) => {
      expect(shareDeleted(mode, isLive, { times })).toBe(0);
    });
  });
});

/** A number alone may be a run number, and the last segment of a branch may be any word. */
const NOT_SUGGESTED: readonly string[] = ["{pr}", "pr-{branch:last}"];

describe.each(STYLES)("the suggested patterns, with %s", (style) => {
  test.each(SCHEMES)("$title ($example)", (scheme) => {
    const { advice } = sweep(scheme, style, "deletedByDefault");
    const patterns = advice.patterns.map(({ pattern }) => pattern);
    expect(patterns).toEqual(scheme.patterns.filter((pattern) => !NOT_SUGGESTED.includes(pattern)));
    for (const mode of MODES) {
      const { images, deleted } = sweep(scheme, style, mode, { patterns });
      expect(images.filter((image) => deleted.has(image) && isLive(scheme, image)).map(describeImage)).toEqual([]);
    }
  });
});
