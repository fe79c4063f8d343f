import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileTagPatterns, namesOf, TagPatternError } from "../../src/tags/live-tags.ts";
import { branchSlugs, tagSlugs } from "../../src/tags/slugs.ts";
import { statusesOf } from "../../src/tags/status.ts";
import { allKnown, commitOf, defaultPatterns, pullRequestOf, refsOf } from "./names.ts";
import { oracle } from "./oracle.ts";

interface World {
  readonly branches?: readonly string[];
  readonly tags?: readonly string[];
}

/** What keeps `tag` where these refs live and no pull request is known; null: nothing. */
function keptBy(tag: string, world: World, patterns: readonly string[] = defaultPatterns): string | null {
  const names = namesOf(compileTagPatterns(patterns), refsOf(world));
  const status = statusesOf(names, allKnown([]), () => null)(tag);
  return status.status === "live" ? status.reason : null;
}

describe("a living branch gives birth to its slugs", () => {
  test.each([
    ["releases/v1", "releases-v1"],
    ["feature//x", "feature-x"],
    ["feature/-x", "feature--x"],
    ["Feat/ABC_1", "Feat-ABC_1"],
    ["Feat/ABC_1", "feat-abc_1"],
    ["Feat/ABC_1", "feat-abc-1"],
    ["dependabot/npm_and_yarn/lodash-4.17.21", "dependabot-npm_and_yarn-lodash-4.17.21"],
    ["my/feature#1245", "my-feature-1245"],
    ["feat/ünïcode", "feat-n-code"],
    ["feat/ünïcode", "feat--n-code"],
    ["a+b", "a-b"],
    ["it's=a+b/c", "it-x27-s-x3D-a-b-c"],
    ["it's=a+b/c", "it-s-a-b-c"],
    ["gh-readonly-queue/main/pr-104-sha", "gh-readonly-queue-main-pr-104-sha"],
    ["pr-2-x", "pr-2-x"],
    ["main", "MAIN"],
  ])("trap 12: branch %s keeps the tag %s", (branch, tag) => {
    expect(keptBy(tag, { branches: [branch] })).toBe(`branch ${branch}`);
  });

  test("many branches make one tag, and any living one keeps it", () => {
    for (const branch of ["a/b", "a-b", "a+b"]) expect(keptBy("a-b", { branches: [branch] })).toBe(`branch ${branch}`);
    expect(keptBy("a-b", { branches: ["a/b", "a-b", "a+b"] })).toBe("branch a-b");
  });

  test.each([
    ["main", "main-2"],
    ["feature/x", "feature"],
    ["feature/x", "feature-xy"],
    ["a.b", "axb"],
  ])("branch %s does not keep the tag %s", (branch, tag) => {
    expect(keptBy(tag, { branches: [branch] })).toBeNull();
  });

  test("the reason does not depend on the order of the refs", () => {
    expect(keptBy("a-b", { branches: ["a+b", "a/b"] })).toBe(keptBy("a-b", { branches: ["a/b", "a+b"] }));
  });
});

describe("a living Git tag gives birth to its versions", () => {
  test.each([
    ["v1.2.3", "1.2.3"],
    ["v1.2.3", "v1.2.3"],
    ["v1.2.3", "1.2"],
    ["v1.2.3", "v1.2"],
    ["v1.2.3", "1"],
    ["v1.2.3", "v1"],
    ["1.2.3", "v1.2.3"],
    ["v1.2.3+build.5", "1.2.3"],
    ["v1.2.3-rc.1", "1.2.3-rc.1"],
    ["1.2.3beta2", "1.2.3b2"],
    ["1.2post1", "1.2.post1"],
    ["1.0dev4", "1.0.dev4"],
    ["v1.2", "1.2"],
    ["Release/1", "release-1"],
    ["v1.2.3/rc.1", "1.2.3-rc.1"],
    ["v1.2.3/rc.1", "v1.2.3-rc.1"],
    ["1.2/post1", "1.2.post1"],
    ["v2026.01.05", "2026.01.05"],
    ["v2026.01.05", "2026.1.5"],
    ["v01.2.3", "01.2.3"],
    ["v1.2.3.4", "1.2.3.4"],
    ["v1.2.3-alpine3.20_1", "1.2.3-alpine3.20_1"],
  ])("Git tag %s keeps the image tag %s", (name, tag) => {
    expect(keptBy(tag, { tags: [name] })).toBe(`git tag ${name}`);
  });

  test.each([
    ["v1.2.3-rc.1", "1.2"],
    ["v1.2.3-rc.1", "1"],
    ["v1.2.3-rc.1", "1.2.3"],
    ["v1.2", "1"],
    ["=v1.2.3", "1.2.3"],
    ["release-1.2.3", "1.2.3"],
    ["1.2.3.4", "1.2.3"],
    ["v01.2.3", "1.2"],
    ["V1.2.3", "1.2"],
    ["v1.2.3", "1.3"],
    ["v11.2.3", "1"],
    ["v1.2.3/rc.1", "1.2"],
    ["web/v1.2.3", "1.2.3"],
    ["vnext", "next"],
  ])("Git tag %s does not keep the image tag %s", (name, tag) => {
    expect(keptBy(tag, { tags: [name] })).toBeNull();
  });

  test("rolling tags live as long as any Git tag of their line", () => {
    expect(keptBy("1.2", { tags: ["v1.2.0", "v1.2.1"] })).toBe("git tag v1.2.0");
    expect(keptBy("1.2", { tags: ["v1.2.1"] })).toBe("git tag v1.2.1");
  });

  test("one Git tag fills all of {major}.{minor}", () => {
    expect(keptBy("1.5", { tags: ["v1.2.0", "v2.5.0"] })).toBeNull();
  });
});

describe("a commit of a living ref keeps its tags", () => {
  const tip = commitOf("main");
  test.each([
    [`sha-${tip.slice(0, 7)}`, "tip of branch main"],
    [`sha-${tip}`, "tip of branch main"],
    [tip.slice(0, 12), "tip of branch main"],
    [`sha-${tip.slice(0, 7).toUpperCase()}`, "tip of branch main"],
    [`sha-${commitOf("v1.2.3").slice(0, 7)}`, "commit of git tag v1.2.3"],
    [`sha-${tip.slice(0, 6)}`, null],
    [`sha-${tip}0`, null],
    [`sha-${commitOf("nothing").slice(0, 7)}`, null],
  ])("%s: %s", (tag, reason) => {
    expect(keptBy(tag, { branches: ["main"], tags: ["v1.2.3"] })).toBe(reason);
  });
});

test("a longer number than any pull request's is none, whatever is known of it", () => {
  const largest = 2 ** 31 - 1;
  const known = allKnown([largest, largest + 1].map((number) => pullRequestOf({ number })));
  const statusOf = statusesOf(namesOf(compileTagPatterns(["pr-{pr}"]), refsOf({})), known, () => null);
  expect(statusOf(`pr-${largest}`)).toMatchObject({ status: "orphaned" });
  expect(statusOf(`pr-${largest + 1}`)).toMatchObject({ status: "unmatched" });
});

describe("a user's patterns", () => {
  const world = { branches: ["main", "feature/x", "feature/x-y"], tags: ["v1.2.3"] };
  const short = commitOf("main").slice(0, 7);
  test.each([
    ["{version}-alpine", "1.2.3-alpine", "git tag v1.2.3"],
    ["{version}-alpine", "1.2.3-ALPINE", "git tag v1.2.3"],
    ["{version}-alpine", "1.2.4-alpine", null],
    ["{branch}*", "feature-x-20261121", "branch feature/x"],
    ["{branch}*", "feature-x", "branch feature/x"],
    ["{tag}-linux-*", "v1.2.3-linux-amd64", "git tag v1.2.3"],
    ["{branch}-{sha}", `main-${short}`, "branch main, tip of branch main"],
    ["{branch}-{sha}", "main-0000000", null],
    ["{branch}-{sha}", `feature-x-y-${short}`, "branch feature/x-y, tip of branch main"],
    ["*-{branch}", "web-main", "branch main"],
    ["web-{tag}", "web-v1.2.3", "git tag v1.2.3"],
    ["{major}*", "1-alpine", "git tag v1.2.3"],
    ["{major}*", "15-alpine", null],
    ["{version}*", "1.2.30", null],
    ["{branch}{tag}", "mainv1.2.3", "branch main, git tag v1.2.3"],
  ])("%s over %s: %s", (pattern, tag, reason) => {
    expect(keptBy(tag, world, [pattern])).toBe(reason);
  });

  test.each([
    ["", 1, "names no ref"],
    ["nightly", 1, "names no ref"],
    ["*", 1, "names no ref"],
    ["pr-{PR}", 4, '"{PR}" is unknown'],
    ["pr-{}", 4, '"{}" is unknown'],
    ["pr-{pr", 4, "never closed"],
    ["{{version}}", 1, "one brace on each side"],
    ["pr-pr}", 6, 'hold "}"'],
    ["{branch}/x", 9, 'hold "/"'],
    ["{branch} x", 9, 'hold " "'],
    ["ü{branch}", 1, 'hold "ü"'],
    ["pr{pr}0", 3, "digit"],
    ["1{pr}", 2, "digit"],
    ["{branch}*".repeat(5), 37, "more than 8"],
    [`{branch}${"x".repeat(300)}`, 257, "longer than 256"],
  ])("%s is refused at character %i: %s", (pattern, position, problem) => {
    const compiling = (): unknown => compileTagPatterns(["{branch}", pattern]);
    expect(compiling).toThrow(TagPatternError);
    expect(compiling).toThrow(
      expect.objectContaining({ pattern, position, message: expect.stringContaining(problem) }),
    );
  });
});

const refName = fc
  .array(
    fc.constantFrom("a", "B", "z", "feat", "pr-2", "1", "v1.2.3", "2.0.0-rc1", "/", "-", ".", "_", "+", "ü", "'", "="),
    {
      minLength: 1,
      maxLength: 7,
    },
  )
  .map((pieces) => pieces.join(""));

/** What a pattern may hold at most. */
const MOST_PLACEHOLDERS = 8;

describe("properties", () => {
  test("every slug of every living ref is alive by the default patterns, in any case", () => {
    fc.assert(
      fc.property(
        fc.array(refName, { minLength: 1, maxLength: 8 }),
        fc.array(refName, { maxLength: 8 }),
        (branches, tags) => {
          const statusOf = statusesOf(
            namesOf(compileTagPatterns(defaultPatterns), refsOf({ branches, tags })),
            allKnown([2, 12].map((number) => pullRequestOf({ number, headBranch: "gone/b" }))),
            () => null,
          );
          const slugs = [...branches.flatMap(branchSlugs), ...tags.flatMap(tagSlugs)];
          for (const slug of slugs) {
            for (const tag of [slug, slug.toLowerCase(), slug.toUpperCase()])
              expect(statusOf(tag)).toMatchObject({ status: "live" });
          }
        },
      ),
    );
  });

  test("whatever is read, an oracle of regular expressions reads the same", () => {
    const piece = fc.constantFrom(
      "{branch}",
      "{tag}",
      "{pr}",
      "{sha}",
      "*",
      "-",
      "x",
      "pr-",
      "{version}",
      "{major}.{minor}",
    );
    const pattern = fc
      .array(piece, { minLength: 1, maxLength: 5 })
      .map((pieces) => pieces.join(""))
      .filter((text) => /\{/.test(text));
    const name = fc.constantFrom("x", "a", "A", "a-x", "a/x", "x-pr", "v1.2.3", "1.4.0", "v2.0.0-rc1", "12");
    const world = fc.record({
      branches: fc.uniqueArray(name, { maxLength: 4 }),
      tags: fc.uniqueArray(name, { maxLength: 4 }),
      pullRequests: fc.uniqueArray(
        fc.record({
          number: fc.integer({ min: 1, max: 13 }),
          state: fc.constantFrom("open", "closed", "merged"),
          headBranch: name,
          fromFork: fc.boolean(),
          headCommit: fc.constantFrom("a", "ab", "12").map((text) => text.repeat(40).slice(0, 40)),
        }),
        { maxLength: 4, selector: ({ number }) => number },
      ),
    });
    const tagPiece = fc.constantFrom(
      "x",
      "a",
      "A",
      "-",
      "pr-",
      "12",
      "1",
      "3",
      "1.2.3",
      "1.2",
      "aaaaaaa",
      "abababab",
      "1212121",
      "v1.4",
      "0",
    );
    const tag = fc.array(tagPiece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(
        fc.array(
          pattern.filter((text) => (text.match(/[{*]/g) ?? []).length <= MOST_PLACEHOLDERS),
          { minLength: 1, maxLength: 3 },
        ),
        world,
        fc.array(tag, { maxLength: 12 }),
        (patterns, told, tags) => {
          const compiled = compileTagPatterns(patterns);
          const pullRequests = told.pullRequests.map(pullRequestOf);
          const refs = refsOf(told);
          const statusOf = statusesOf(namesOf(compiled, refs), allKnown(pullRequests), () => null);
          for (const each of tags)
            expect({ tag: each, status: statusOf(each).status }).toEqual({
              tag: each,
              status: oracle(each, patterns, refs, pullRequests),
            });
        },
      ),
      { numRuns: 800 },
    );
  });

  test("hostile patterns over the longest tags come to an end, and what is longer than a tag is not read", () => {
    const names = namesOf(
      compileTagPatterns([
        "*{branch}*{branch}*{branch}*{sha}",
        "{major}*{major}*{major}*{sha}*",
        "{pr}*{sha}*{sha}*{tag}*",
      ]),
      refsOf({ branches: Array.from({ length: 60 }, (_, index) => "a".repeat(index + 1)), tags: ["v1.1.1"] }),
    );
    const statusOf = statusesOf(names, allKnown([]), () => null);
    for (const tag of ["a".repeat(128), "1".repeat(128), "1-".repeat(64), "a".repeat(127)])
      expect(statusOf(`${tag}`)).toBeDefined();
    expect(statusOf("a".repeat(100_000))).toEqual({ status: "unmatched", reason: "no known ref" });
  });
});
