import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compileGlobs } from "../../src/glob.ts";
import { readSettings } from "../../src/inputs/read-settings.ts";
import type { Settings } from "../../src/settings.ts";

const TESTS = join(import.meta.dirname, "..");

function settings(inputs: Readonly<Record<string, string>>): Settings {
  const all = { registry: "registry.example.com", "github-token": "t0ken", "git-repository": "octo/web", ...inputs };
  return readSettings(
    Object.fromEntries(Object.entries(all).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
    () => "{}",
  );
}

describe("trap 20: inputs that deleted everything", () => {
  test("blanks after commas are no part of a name", () => {
    expect(settings({ "protect-tags": " main , release-* ,, " }).protectTags).toEqual(["main", "release-*"]);
  });

  test.each([
    ["an empty exclusion, which matched everything", { "repository-pattern": "web, !" }],
    ["nothing but commas", { "repository-pattern": ", ," }],
    ["an age that overflows", { "grace-period": "999999d" }],
    ["an age that is negative", { "grace-period": "-1d" }],
    ["a dry run that is not quite asked for", { "dry-run": "yes" }],
  ])("%s is refused", (_title, inputs) => {
    expect(() => settings(inputs)).toThrow(/bad/);
  });

  test("a dry run that is asked for is one", () => {
    expect(settings({ "dry-run": "true" }).dryRun).toBe(true);
  });

  test("a pattern that blew up in time is answered at once", () => {
    const hostile = `${"*a".repeat(60)}b`;
    expect(compileGlobs([hostile], "case-sensitive")("a".repeat(1_000))).toBe(false);
  });
});

test("each of the 29 traps has a test of its name", () => {
  const named = new Set<string>();
  for (const file of readdirSync(TESTS, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".test.ts")) continue;
    const titles = readFileSync(join(TESTS, file), "utf8").matchAll(/["'`]trap (\d\d): /g);
    for (const [, number = ""] of titles) named.add(number);
  }
  const all = Array.from({ length: 29 }, (_, index) => String(index + 1).padStart(2, "0"));
  expect(all.filter((number) => !named.has(number))).toEqual([]);
});
