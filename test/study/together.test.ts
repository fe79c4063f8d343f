import { describe, expect, test } from "vitest";
import type { Rules } from "../../src/plan/plan.ts";
import { defaultPatterns } from "../tags/fixtures.ts";
import { type Build, lifeOf, type MergeStyle } from "./life.ts";
import type { Scheme } from "./scheme.ts";
import { SCHEMES } from "./schemes.ts";
import { type Image, imagesOf, sweepImages } from "./sweep-scheme.ts";

interface SchemeBuild extends Build {
  readonly scheme: Scheme;
}

const STYLES: readonly MergeStyle[] = ["merge commits", "squash"];
const RULES: readonly Partial<Rules>[] = [{}, { superseded: "delete" }];

/** One image repository that all schemes push to. */
function pushAll(builds: readonly Build[]): readonly Image<SchemeBuild>[] {
  const all = SCHEMES.flatMap((scheme, index) =>
    builds.filter(scheme.builds).map((build) => ({ ...build, run: build.run + 1_000 * index, scheme })),
  );
  return imagesOf(
    all.toSorted((a, b) => a.time - b.time),
    (build) => build.scheme.tags(build),
  );
}

describe.each(STYLES)("all schemes in one repository, with %s", (style) => {
  const life = lifeOf(style);
  const images = pushAll(life.builds);
  const suggested = sweepImages(images, life, defaultPatterns, {}).advice.patterns.map(({ pattern }) => pattern);
  const best = SCHEMES.flatMap(({ patterns }) => patterns);

  test.each([
    ["the default patterns", []],
    ["the suggested patterns", suggested],
    ["the patterns of all schemes", best],
  ])("keep live images with %s", (_, patterns) => {
    for (const rules of RULES) {
      const { deleted } = sweepImages(images, life, [...defaultPatterns, ...patterns], rules);
      const live = images.filter(({ build, tags }) => {
        const isDeployed = tags.some((tag) => tag === "latest" || build.scheme.words?.includes(tag) === true);
        return tags.length > 0 && (build.group === "live" || isDeployed);
      });
      expect(live.length).toBeGreaterThan(50);
      expect(live.filter((image) => deleted.has(image)).map(({ tags }) => tags)).toEqual([]);
      expect(deleted.size).toBeGreaterThan(50);
    }
  });
});
