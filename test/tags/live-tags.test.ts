import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findCommit, type Live } from "../../src/tags/live-tags.ts";
import { branchSlugs, tagSlugs } from "../../src/tags/slugs.ts";
import { commitOf, defaultPatterns, pullRequestOf, refsOf, statusOf } from "./fixtures.ts";

interface Names {
  readonly branches?: readonly string[];
  readonly tags?: readonly string[];
}

/** Returns why `tag` is live if only these refs exist; null: it is not live. */
function liveBecause(tag: string, names: Names): string | null {
  const { status, reason } = statusOf(tag, { refs: refsOf(names) });
  return status === "live" ? reason : null;
}

describe("branches", () => {
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
  ])("branch %s keeps the tag %s", (branch, tag) => {
    expect(liveBecause(tag, { branches: [branch] })).toBe(`branch ${branch}`);
  });

  test("any of several branches with the same tag keeps it", () => {
    for (const branch of ["a/b", "a-b", "a+b"])
      expect(liveBecause("a-b", { branches: [branch] })).toBe(`branch ${branch}`);
    expect(liveBecause("a-b", { branches: ["a/b", "a-b", "a+b"] })).toBe("branch a-b");
  });

  test.each([
    ["main", "main-2"],
    ["feature/x", "feature"],
    ["feature/x", "feature-xy"],
    ["a.b", "axb"],
  ])("branch %s does not keep the tag %s", (branch, tag) => {
    expect(liveBecause(tag, { branches: [branch] })).toBeNull();
  });

  test("the reason does not depend on the order of the refs", () => {
    expect(liveBecause("a-b", { branches: ["a+b", "a/b"] })).toBe(liveBecause("a-b", { branches: ["a/b", "a+b"] }));
  });

  test("the reason names the branch that is spelled like the tag", () => {
    expect(liveBecause("a-b", { branches: ["A-B", "a-b"] })).toBe("branch a-b");
    expect(liveBecause("A-B", { branches: ["A-B", "a-b"] })).toBe("branch A-B");
    expect(liveBecause("A-b", { branches: ["A-B"] })).toBe("branch A-B");
  });
});

describe("Git tags", () => {
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
    expect(liveBecause(tag, { tags: [name] })).toBe(`Git tag ${name}`);
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
    expect(liveBecause(tag, { tags: [name] })).toBeNull();
  });

  test("any Git tag of a line keeps its rolling tag", () => {
    expect(liveBecause("1.2", { tags: ["v1.2.0", "v1.2.1"] })).toBe("Git tag v1.2.0");
    expect(liveBecause("1.2", { tags: ["v1.2.1"] })).toBe("Git tag v1.2.1");
  });

  test("{major} and {minor} come from the same Git tag", () => {
    expect(liveBecause("1.5", { tags: ["v1.2.0", "v2.5.0"] })).toBeNull();
  });
});

describe("commits of branches and Git tags", () => {
  const tip = commitOf("main");
  test.each([
    [`sha-${tip.slice(0, 7)}`, "tip of branch main"],
    [`sha-${tip}`, "tip of branch main"],
    [tip.slice(0, 12), "tip of branch main"],
    [`sha-${tip.slice(0, 7).toUpperCase()}`, "tip of branch main"],
    [`sha-${commitOf("v1.2.3").slice(0, 7)}`, "commit of Git tag v1.2.3"],
    [`sha-${tip.slice(0, 6)}`, null],
    [`sha-${tip}0`, null],
    [`sha-${commitOf("unknown").slice(0, 7)}`, null],
  ])("%s is live because of: %s", (tag, reason) => {
    expect(liveBecause(tag, { branches: ["main"], tags: ["v1.2.3"] })).toBe(reason);
  });

  test("are found by their first digits", () => {
    const hex = fc
      .array(fc.constantFrom("a", "1", "F"), { minLength: 7, maxLength: 12 })
      .map((digits) => digits.join(""));
    fc.assert(
      fc.property(fc.array(hex, { maxLength: 12 }), hex, (commits, start) => {
        const entries = commits.map((commit): [string, Live] => [
          commit.toLowerCase(),
          { status: "live", reason: commit },
        ]);
        const first = commits.find((commit) => commit.toLowerCase().startsWith(start.toLowerCase()));
        expect(findCommit(entries)(start)?.reason).toBe(first);
      }),
    );
  });
});

test("every tag that a build gives to a ref is live by the default patterns, in any case", () => {
  const pieces = ["a", "B", "z", "feat", "pr-2", "1", "v1.2.3", "2.0.0-rc1", "/", "-", ".", "_", "+", "ü", "'", "="];
  const name = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 7 }).map((parts) => parts.join(""));
  const names = fc.record({
    branches: fc.array(name, { minLength: 1, maxLength: 8 }),
    tags: fc.array(name, { maxLength: 8 }),
  });
  const pullRequests = [2, 12].map((number) => pullRequestOf({ number, headBranch: "gone/b" }));
  fc.assert(
    fc.property(names, ({ branches, tags }) => {
      const world = { patterns: defaultPatterns, refs: refsOf({ branches, tags }), pullRequests };
      for (const slug of [...branches.flatMap(branchSlugs), ...tags.flatMap(tagSlugs)]) {
        for (const tag of [slug, slug.toLowerCase(), slug.toUpperCase()])
          expect(statusOf(tag, world)).toMatchObject({ status: "live" });
      }
    }),
  );
});
