import { describe, expect, test } from "vitest";
import {
  branchSlugs,
  githubSlug,
  gitlabSlug,
  provingSlugs,
  sanitize,
  sanitizeEscaped,
  tagSlugs,
} from "../../src/tags/slugs.ts";
import { pep440Of, semverOf } from "../../src/tags/versions.ts";

describe("docker/metadata-action's sanitizer", () => {
  test.each([
    ["releases/v1", "releases-v1"],
    ["feature//x", "feature-x"],
    ["feature/-x", "feature--x"],
    ["Feat/ABC_1", "Feat-ABC_1"],
    ["dependabot/npm_and_yarn/lodash-4.17.21", "dependabot-npm_and_yarn-lodash-4.17.21"],
    ["my/feature#1245", "my-feature-1245"],
    ["feat/ünïcode", "feat-n-code"],
    ["a+b", "a-b"],
    ["gh-readonly-queue/main/pr-104-sha", "gh-readonly-queue-main-pr-104-sha"],
    ["-leading.", "-leading."],
    ["a😀/b", "a-b"],
  ])("%s gives %s", (ref, tag) => {
    expect(sanitize(ref)).toBe(tag);
  });

  test("does not lower-case, trim or cut", () => {
    const long = `.${"A".repeat(200)}-`;
    expect(sanitize(long)).toBe(long);
  });

  test.each([
    ["it's=a+b/c", "it-x27-s-x3D-a-b-c"],
    ["a&b", "a-amp-b"],
    ['<">`', "-lt-quot-gt-x60-"],
    ["plain/name", "plain-name"],
  ])("after an HTML escape, %s gives %s", (ref, tag) => {
    expect(sanitizeEscaped(ref)).toBe(tag);
  });
});

describe("GitLab's CI_COMMIT_REF_SLUG", () => {
  test.each([
    ["Feature/ABC_1.2", "feature-abc-1-2"],
    ["a//b", "a--b"],
    ["/edge/", "edge"],
    ["über", "ber"],
    ["x".repeat(80), "x".repeat(63)],
    [`${"x".repeat(62)}-y`, "x".repeat(62)],
    ["---", ""],
  ])("%s gives %s", (ref, slug) => {
    expect(gitlabSlug(ref)).toBe(slug);
  });
});

describe("github-slug-action's GITHUB_REF_SLUG", () => {
  test.each([
    ["Feature/ABC_1.2", "feature-abc_1.2"],
    ["/Edge/", "edge"],
    ["x".repeat(80), "x".repeat(63)],
    ["a+b", "a-b"],
  ])("%s gives %s", (ref, slug) => {
    expect(githubSlug(ref)).toBe(slug);
  });
});

describe("all slugs of a ref", () => {
  test.each([
    ["main", ["main"]],
    ["Feat/a_b", ["Feat-a_b", "feat-a-b", "feat-a_b"]],
    ["it's", ["it-s", "it-x27-s"]],
    ["a/ü/b", ["a-b", "a---b"]],
    ["feature//x", ["feature-x", "feature--x"]],
    ["x".repeat(129), ["x".repeat(63), "x".repeat(128)]],
    [`A/${"x".repeat(70)}`, [`A-${"x".repeat(70)}`, `A-${"x".repeat(61)}`, `a-${"x".repeat(61)}`]],
    ["v1+b", ["v1-b", "v1_b"]],
  ])("of the branch %s", (name, slugs) => {
    expect(branchSlugs(name)).toEqual(slugs);
  });

  test.each([
    ["v1.2.3", ["v1.2.3", "v1-2-3", "1.2.3"]],
    ["v1.2.3+b.1", ["v1.2.3-b.1", "v1.2.3_b.1", "v1-2-3-b-1", "1.2.3-b.1", "1.2.3_b.1"]],
    ["1.2.3beta2", ["1.2.3beta2", "1-2-3beta2", "1.2.3b2"]],
    ["release-1", ["release-1"]],
    ["1.0+ubuntu.1", ["1.0-ubuntu.1", "1.0_ubuntu.1", "1-0-ubuntu-1"]],
  ])("of the Git tag %s", (name, slugs) => {
    expect(tagSlugs(name)).toEqual(slugs);
  });
});

describe("strict semantic versions", () => {
  test.each([
    ["v1.2.3", { version: "1.2.3", major: 1, minor: 2, prerelease: [] }],
    ["1.2.3", { version: "1.2.3", major: 1, minor: 2, prerelease: [] }],
    ["v10.20.30+build.5", { version: "10.20.30", major: 10, minor: 20, prerelease: [] }],
    ["v2.0.0-rc.1", { version: "2.0.0-rc.1", major: 2, minor: 0, prerelease: ["rc", 1] }],
    ["v2.0.0-rc.1+b", { version: "2.0.0-rc.1", major: 2, minor: 0, prerelease: ["rc", 1] }],
    ["v1.2.3/rc.1", { version: "1.2.3-rc.1", major: 1, minor: 2, prerelease: ["rc", 1] }],
    ["0.0.0-0A.-", { version: "0.0.0-0A.-", major: 0, minor: 0, prerelease: ["0A", "-"] }],
  ])("%s is one", (name, version) => {
    expect(semverOf(name)).toMatchObject(version);
  });

  test.each([
    "v1.2",
    "V1.2.3",
    "=v1.2.3",
    "release-1.2.3",
    "1.2.3.4",
    "v01.2.3",
    "vv1.2.3",
    "12345678901234567.0.0",
    "9999999999999999.0.0",
    " 1.2.3",
    "1.2.3-01",
    "1.2.3-",
    "v1.2.3 ",
    "",
    `1.2.3-${"a".repeat(300)}`,
  ])("%s is not one", (name) => {
    expect(semverOf(name)).toBeNull();
  });
});

describe("the PEP 440 normal form", () => {
  test.each([
    ["1.2.3beta2", "1.2.3b2"],
    ["1.2post1", "1.2.post1"],
    ["1.0dev4", "1.0.dev4"],
    ["v1.0", "1.0"],
    ["1.0-ALPHA", "1.0a0"],
    ["1.1.preview3", "1.1rc3"],
    ["1.0-r4", "1.0.post4"],
    ["1.0-1", "1.0.post1"],
    ["2!01.0", "2!1.0"],
    ["0!1.0", "1.0"],
    ["1.0+Ubuntu-01", "1.0+ubuntu.1"],
    ["1.0rc1.post2.dev3", "1.0rc1.post2.dev3"],
    ["20261121", "20261121"],
  ])("of %s is %s", (name, normal) => {
    expect(pep440Of(name)).toBe(normal);
  });

  test.each(["release-1", "1.0-banana", "", "v", `1${".0".repeat(200)}`])("of %s does not exist", (name) => {
    expect(pep440Of(name)).toBeNull();
  });
});

describe("a deleted branch", () => {
  test.each<[string, readonly string[]]>([
    ["feature/Login", ["feature-Login", "feature-login"]],
    ["Fix/A_b.c", ["Fix-A_b.c", "fix-a-b-c", "fix-a_b.c"]],
    ["x", ["x"]],
    ["a_b", ["a_b", "a-b"]],
    ["_prod", ["_prod"]],
    ["prod/", ["prod-"]],
    ["修复/prod", ["-prod"]],
    ["prod/修复", ["prod-"]],
  ])("%s is recognized by %j, not by its trimmed slug", (name, slugs) => {
    expect(provingSlugs(name)).toEqual(slugs);
    expect(branchSlugs(name)).toEqual(expect.arrayContaining([...slugs]));
  });
});
