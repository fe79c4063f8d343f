import { describe, expect, test } from "vitest";
import { Fault } from "../../src/fault.ts";
import { compileGlobs } from "../../src/glob.ts";
import { readSettings } from "../../src/inputs/read-settings.ts";
import type { Settings } from "../../src/settings.ts";

function settingsOf(inputs: Readonly<Record<string, string>>): Settings {
  const all = { registry: "registry.example.com", "github-token": "t0ken", "git-repository": "octo/web", ...inputs };
  return readSettings(
    Object.fromEntries(Object.entries(all).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
    () => "{}",
  );
}

describe("inputs that made other cleaners delete everything", () => {
  test("blanks after commas are not part of a name", () => {
    expect(settingsOf({ "protect-tags": " main , release-* ,, " }).protectTags).toEqual(
      expect.arrayContaining(["main", "release-*"]),
    );
  });

  test.each([
    ["an empty exclusion", { "repository-pattern": "web, !" }],
    ["only commas", { "repository-pattern": ", ," }],
    ["a duration that overflows", { "grace-period": "999999d" }],
    ["a negative duration", { "grace-period": "-1d" }],
    ["an unknown boolean", { "dry-run": "yes" }],
  ])("%s is an invalid input", (_title, inputs) => {
    expect(() => settingsOf(inputs)).toThrow(Fault);
  });

  test("dry-run: true is a dry run", () => {
    expect(settingsOf({ "dry-run": "true" }).dryRun).toBe(true);
  });

  test("a pattern with many wildcards is matched in linear time", () => {
    const pattern = `${"*a".repeat(60)}b`;
    expect(compileGlobs([pattern], "case-sensitive")("a".repeat(1_000))).toBe(false);
  });
});
