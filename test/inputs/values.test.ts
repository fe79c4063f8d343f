import { readFileSync } from "node:fs";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Settings } from "../../src/settings.ts";
import { DIGEST, LOCAL, read, VALID } from "./setup.ts";

describe("an empty input has its default", () => {
  it("for each input", () => {
    const settings = read({ "protect-tags": "", "grace-period": " ", "keep-count": "\n" });
    expect(settings).toMatchObject({
      registry: { provider: "digitalocean", path: "team", name: "registry.digitalocean.com/team" },
      repositoryPattern: ["Web-App", "Web-App/**"],
      protectTags: ["latest", "edge", "nightly", "stable", "buildcache*"],
      protectDigests: { digests: [], files: [] },
      protectApps: false,
      untagged: "delete",
      unmatchedTags: "keep",
      removeStaleTags: false,
      keepCount: 0,
      gracePeriodMs: 24 * 3_600_000,
      event: null,
      scope: "repository",
      maxDeletions: 0,
      dryRun: false,
      runGc: "false",
      gcType: "unreferenced blobs only",
      gcCommand: [],
      gcTimeoutMs: 3_600_000,
      concurrency: 16,
      workspace: process.cwd(),
    });
    expect(settings.tagPatterns).toHaveLength(13);
    expect(settings.apiUrl.href).toBe("https://api.digitalocean.com/");
    expect(settings.github.apiUrl.href).toBe("https://api.github.com/");
    expect(settings.github.graphqlUrl.href).toBe("https://api.github.com/graphql");
    expect(settings.github.serverUrl.href).toBe("https://github.com/");
  });

  it("which is the default of action.yml", () => {
    const inputs: unknown = parse(readFileSync(new URL("../../action.yml", import.meta.url), "utf8")).inputs;
    const described = Object.entries(
      v.parse(v.record(v.string(), v.object({ default: v.optional(v.string()) })), inputs),
    );
    const defaults = described.flatMap(([name, { default: text = "" }]) =>
      text.includes("$" + "{{") ? [] : [[name, text]],
    );
    expect(defaults.length).toBeGreaterThan(20);
    expect(read({ ...Object.fromEntries(defaults), ...VALID })).toEqual(read());
  });

  it("which depends on the runner's environment", () => {
    const settings = read(
      { "git-repository": "" },
      {
        GITHUB_REPOSITORY: "octo/api",
        GITHUB_API_URL: "https://ghe.example/api/v3",
        GITHUB_GRAPHQL_URL: "https://ghe.example/api/graphql",
        GITHUB_SERVER_URL: "https://ghe.example",
        GITHUB_WORKSPACE: "/workspace",
      },
    );
    expect(settings.github.repository).toBe("octo/api");
    expect(settings.repositoryPattern).toEqual(["api", "api/**"]);
    expect(settings.github.apiUrl.href).toBe("https://ghe.example/api/v3");
    expect(settings.github.graphqlUrl.href).toBe("https://ghe.example/api/graphql");
    expect(settings.github.serverUrl.href).toBe("https://ghe.example/");
    expect(settings.workspace).toBe("/workspace");
  });
});

const PROTECTED = ["latest", "edge", "nightly", "stable", "buildcache*"];

describe("a value", () => {
  it.each<[string, string, keyof Settings, unknown]>([
    ["keep-count", "0", "keepCount", 0],
    ["keep-count", " 12 ", "keepCount", 12],
    ["keep-count", "9007199254740991", "keepCount", Number.MAX_SAFE_INTEGER],
    ["max-deletions", "500", "maxDeletions", 500],
    ["concurrency", "1", "concurrency", 1],
    ["concurrency", "64", "concurrency", 64],
    ["grace-period", "0", "gracePeriodMs", 0],
    ["grace-period", "0h", "gracePeriodMs", 0],
    ["grace-period", "90m", "gracePeriodMs", 5_400_000],
    ["grace-period", "36h", "gracePeriodMs", 129_600_000],
    ["grace-period", "7d", "gracePeriodMs", 604_800_000],
    ["grace-period", "2w", "gracePeriodMs", 1_209_600_000],
    ["grace-period", "36525d", "gracePeriodMs", 3_155_760_000_000],
    ["older-than", "30d", "olderThanMs", 2_592_000_000],
    ["gc-timeout", "0", "gcTimeoutMs", 0],
    ["dry-run", "true", "dryRun", true],
    ["dry-run", "True", "dryRun", true],
    ["dry-run", "TRUE", "dryRun", true],
    ["dry-run", "False", "dryRun", false],
    ["dry-run", "FALSE", "dryRun", false],
    ["remove-stale-tags", "true", "removeStaleTags", true],
    ["protect-apps", "true", "protectApps", true],
    ["run-gc", "True", "runGc", "true"],
    ["run-gc", "FALSE", "runGc", "false"],
    ["run-gc", "always", "runGc", "always"],
    ["untagged", "keep", "untagged", "keep"],
    ["unmatched-tags", "delete", "unmatchedTags", "delete"],
    ["gc-type", "untagged manifests only", "gcType", "untagged manifests only"],
    ["scope", "repository", "scope", "repository"],
    ["repository-pattern", "a, b ,\n c\r\nd,,\n\n", "repositoryPattern", ["a", "b", "c", "d"]],
    ["repository-pattern", "a\n# b, c\n  # d\ne", "repositoryPattern", ["a", "e"]],
    ["repository-pattern", "\ufeff_a-1.2*\u00a0", "repositoryPattern", ["_a-1.2*"]],
    ["protect-digests", "a\n# b, c\n  # d\ne # f", "protectDigests", { digests: [], files: ["a", "e # f"] }],
    ["repository-pattern", "{a,b}, {c,{d,e}},f", "repositoryPattern", ["{a,b}", "{c,{d,e}}", "f"]],
    ["protect-tags", "v*,!v1", "protectTags", [...PROTECTED, "v*", "!v1"]],
    ["protect-tags", "!latest", "protectTags", [...PROTECTED, "!latest"]],
    ["protect-tags", "stable, edge\nprod", "protectTags", [...PROTECTED, "prod"]],
    ["protect-tags", "# none", "protectTags", PROTECTED],
    ["repository-pattern", "web, web/**, !web/old", "repositoryPattern", ["web", "web/**", "!web/old"]],
    ["tag-patterns", "{branch}\npr-{pr}, sha-{sha}", "tagPatterns", ["{branch}", "pr-{pr}", "sha-{sha}"]],
    [
      "protect-digests",
      `${DIGEST}, deploy/{a,b}.yaml\n!deploy/old`,
      "protectDigests",
      { digests: [DIGEST], files: ["deploy/{a,b}.yaml", "!deploy/old"] },
    ],
  ])("%s: %j is read", (name, value, key, expected) => expect(read({ [name]: value })[key]).toEqual(expected));

  it.each<[string, NodeJS.Platform, readonly string[]]>([
    ["docker exec registry gc --config /a.yml", "linux", ["docker", "exec", "registry", "gc", "--config", "/a.yml"]],
    [`sh -c "a 'b' c" '' d\\ e`, "linux", ["sh", "-c", "a 'b' c", "", "d e"]],
    ["echo $HOME && x | y > z", "linux", ["echo", "$HOME", "&&", "x", "|", "y", ">", "z"]],
    ["C:\\bin\\gc.exe 'C:\\my files' \"D:\\it's\\x\"", "win32", ["C:\\bin\\gc.exe", "C:\\my files", "D:\\it's\\x"]],
    ["gc C:\\registry\\", "win32", ["gc", "C:\\registry\\"]],
  ])("gc-command: %s is split on %s", (command, platform, words) => {
    expect(read({ ...LOCAL, "gc-command": command }, {}, {}, platform).gcCommand).toEqual(words);
  });
});
