import { describe, expect, it } from "vitest";
import { describeRule } from "../../src/plan/retention.ts";
import { errorsOf, read } from "./setup.ts";

describe("retention", () => {
  it("has one rule a line, in order", () => {
    const { retention } = read({
      retention: "  main-*   keep=10\r\n# a comment\n\n{nightly,weekly}-* older-than=2w keep=0\nbuild-? older-than=0",
    });
    expect(retention).toEqual([
      { glob: "main-*", keep: 10, olderThanMs: null },
      { glob: "{nightly,weekly}-*", keep: 0, olderThanMs: 14 * 24 * 3_600_000 },
      { glob: "build-?", keep: null, olderThanMs: 0 },
    ]);
    expect(retention.map(describeRule)).toEqual([
      "main-* keep=10",
      "{nightly,weekly}-* keep=0 older-than=14d",
      "build-? older-than=0",
    ]);
  });

  it("is empty by default", () => {
    expect(read({ retention: " \n# keep=1\n" }).retention).toEqual([]);
    expect(read().olderThanMs).toBe(0);
  });

  it.each([
    ["main-*", "it has neither keep=N nor older-than=DURATION"],
    ["keep=5", "it does not start with a glob"],
    ["main-* keep=-1", '"keep=-1" is not valid. Use an integer of at least 0'],
    ["main-* keep=", '"keep=" is not valid'],
    ["main-* older-than=7 days", '"older-than=7" is not valid. Use a duration such as'],
    ["main-* older-than=7d days", '"days" is not an option'],
    ["main-* keep=1 keep=2", "it has keep twice"],
    ["main-* KEEP=1", '"KEEP=1" is not an option'],
    ["main-*,dev-* keep=1", "a rule has one glob"],
    ["!main-* keep=1", "a rule has no exclusions"],
    ["release/* keep=1", 'no image tag contains "/"'],
    ["main-{a keep=1", "main-{a"],
  ])("rejects %j", (line, problem) => {
    const [error, ...others] = errorsOf({ retention: `ok-* keep=1\n${line}` });
    expect(others).toEqual([]);
    expect(error).toContain("`retention`");
    expect(error).toContain(problem);
    expect(error).toContain("Use one rule a line");
  });
});
