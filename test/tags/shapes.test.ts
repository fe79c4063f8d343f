import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_COMMITS } from "../../src/refs/commits.ts";
import { knownRefs } from "../../src/tags/evidence.ts";
import { liveTagsOf } from "../../src/tags/live-tags.ts";
import { compileTagPatterns } from "../../src/tags/patterns.ts";
import { readings } from "../../src/tags/readings.ts";
import { namesOf, shapeOf } from "../../src/tags/shapes.ts";
import { closed, commitOf, defaultPatterns, listsOf, open, refsOf } from "./fixtures.ts";

const REFS = refsOf({ branches: ["main", "feature/login", "release"], tags: ["v1.2.0"] });
const PULL_REQUESTS = listsOf([closed(12, { headBranch: "fix/crash" }), open(13, { headBranch: "chore_deps" })]);
const DELETED = [{ name: "experiment/cache", commit: commitOf("experiment"), deletedAt: 0 }];
const names = namesOf({
  live: liveTagsOf(compileTagPatterns(defaultPatterns), REFS),
  pullRequests: PULL_REQUESTS,
  commits: NO_COMMITS,
  deletedBranches: DELETED,
});
const TIP = commitOf("main");

describe("the shape of a tag", () => {
  test.each([
    ["SNAPSHOT-PR-12-7", "SNAPSHOT-PR-{pr}-*"],
    ["pr12", "pr{pr}"],
    ["pull_12", "pull_{pr}"],
    ["web.12-merge", "web.{pr}-merge"],
    [`${TIP.slice(0, 7)}-20261121`, "{sha}-*"],
    [`build-${TIP}`, "build-{sha}"],
    [`gh-main-7-${TIP.slice(0, 7)}`, "gh-{branch}-*-{sha}"],
    [`v1.2.0-14-g${TIP.slice(0, 8)}`, "v*-g{sha}"],
    ["dev-feature-login", "dev-{branch}"],
    ["dev-fix-crash", "dev-{branch}"],
    ["experiment-cache_web", "{branch}_web"],
    ["web-v1.2.0", "web-v{version}"],
    ["1.2.0-alpine", "{version}-alpine"],
  ])("of %s is %s", (tag, pattern) => {
    expect(shapeOf(tag, names)?.pattern).toBe(pattern);
  });

  test.each([
    ["a date", "20261121"],
    ["a run number", "build-128"],
    ["a word", "staging"],
    ["hex digits without a letter", "build-1234567"],
    ["hex letters without a digit", "build-deadbeef"],
    ["every build of a branch, which would be live", "main-20261121"],
    ["every build of a version, which would be live", "1.2.0-128"],
    ["more than 16 words", `${"a-".repeat(16)}feature-login`],
    ["more than three placeholders", `a-main-7-x-${TIP.slice(0, 7)}-9`],
  ])("is none for %s", (_, tag) => {
    expect(shapeOf(tag, names)).toBeNull();
  });

  test("is known if its number and its commit exist", () => {
    const isKnown = ["x-pr-12", "x-pr-99", `x-${TIP.slice(0, 9)}`, "x-1a2b3c4"].map(
      (tag) => shapeOf(tag, names)?.isKnown,
    );
    expect(isKnown).toEqual([true, false, true, false]);
  });

  test("compiles, and reads its tag", () => {
    const word = fc.constantFrom(
      "pr",
      "PR",
      "main",
      "feature-login",
      "v1.2.0",
      "1.2.0",
      "12",
      "007",
      "g",
      "x",
      TIP,
      "a1b2c3d",
    );
    const separator = fc.constantFrom("-", "_", ".", "--", "");
    const tags = fc
      .array(fc.tuple(fc.oneof(word, fc.stringMatching(/^[0-9a-fA-Fxv]{1,9}$/)), separator), {
        minLength: 1,
        maxLength: 7,
      })
      .map((parts) =>
        parts
          .flat()
          .join("")
          .replace(/^[.-]+/, "")
          .slice(0, 128),
      );
    fc.assert(
      fc.property(tags, (tag) => {
        const shape = shapeOf(tag, names);
        if (shape === null) return;
        const [pattern = []] = compileTagPatterns([shape.pattern]);
        const known = knownRefs(liveTagsOf([pattern], REFS), PULL_REQUESTS, { deletedBranches: DELETED });
        expect(readings(pattern, tag, known), `${tag} by ${shape.pattern}`).not.toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });
});
