import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { applyBreak } from "./break.ts";
import { BREAKS } from "./breaks.ts";

const ROOT = join(import.meta.dirname, "../..");

test("at least 40 lines of safety code have a test that notices when they break", () => {
  expect(new Set(BREAKS.map(({ file, line }) => `${file}: ${line}`)).size).toBe(BREAKS.length);
  expect(BREAKS.length).toBeGreaterThanOrEqual(40);
});

describe.each(BREAKS)("$file: $danger", (each) => {
  test("the line exists once, and so do the tests", () => {
    const source = readFileSync(join(ROOT, "src", each.file), "utf8");
    expect(applyBreak(source, each), each.line).not.toBeNull();
    expect(each.replacement).not.toBe(each.line);
    for (const file of each.tests) expect(existsSync(join(ROOT, "test", file)), file).toBe(true);
  });
});
