import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlobs, GlobError, hasWildcard } from "../src/glob.ts";

describe("a glob", () => {
  it.each([
    ["web", ["web"], ["we", "webs", "a/web", "web/a", "Web", ""]],
    ["*", ["web", "a.b", ""], ["a/b", "/"]],
    ["**", ["web", "a/b/c", ""], []],
    ["web/*", ["web/a", "web/"], ["web", "web/a/b"]],
    ["web/**", ["web/a", "web/a/b"], ["web", "webs/a"]],
    ["*/web", ["a/web"], ["web", "a/b/web"]],
    ["**/web", ["web", "a/web", "a/b/web"], ["aweb", "a/aweb", "web/a"]],
    ["a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["az", "a/bz", "a/z/b"]],
    ["a/**/**/z", ["a/z", "a/b/z"], ["az"]],
    ["a**z", ["az", "a/z", "abz", "a/b/z"], ["a", "z"]],
    ["a**/z", ["a/z", "ab/z", "a/b/z"], ["az"]],
    ["?", ["a", "."], ["", "/", "ab"]],
    ["pr-?*", ["pr-1", "pr-12"], ["pr-", "pr-1/2"]],
    ["{web,api}", ["web", "api"], ["{web,api}", "web,api", "webapi"]],
    ["{web,api}-{a,b}", ["web-a", "api-b"], ["web-", "web-c"]],
    ["{web{,-old},api}", ["web", "web-old", "api"], ["-old", "web,"]],
    ["{web/{a,b},api}/*", ["web/a/x", "web/b/x", "api/x"], ["web/x", "web/c/x"]],
    ["{a*,b?}", ["a", "axx", "bx"], ["b", "bxx"]],
    ["v1.2", ["v1.2"], ["v1x2"]],
    ["a+(b)|[c]^$", ["a+(b)|[c]^$"], ["ab"]],
    ["a,b", ["a,b"], ["a", "b"]],
    ["a!b", ["a!b"], ["ab"]],
  ])("%s", (pattern, matching, others) => {
    const matches = compileGlobs([pattern], "case-sensitive");
    expect([...matching, ...others].filter(matches)).toEqual(matching);
  });

  it("matches what a slow implementation of the definition matches", () => {
    const token = fc.constantFrom("a", "b", "/", "*", "**", "?", "{a,b}", "{a/,*b}", "{a,{b,**}}");
    const pattern = fc.array(token, { minLength: 1, maxLength: 6 }).map((tokens) => tokens.join(""));
    const name = fc.array(fc.constantFrom("a", "b", "/"), { maxLength: 7 }).map((letters) => letters.join(""));
    fc.assert(
      fc.property(pattern, name, (glob, text) => {
        expect(compileGlobs([glob], "case-sensitive")(text)).toBe(matchesByDefinition(glob, text));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ["*a*a…", "*a".repeat(400)],
    ["**a**a…", "**a".repeat(300)],
    ["**/**/…", `${"**/".repeat(300)}b`],
    ["?*?*…", `${"?*".repeat(400)}b`],
    ["{a,aa}{a,aa}…*b", `${"{a,aa}".repeat(9)}*b`],
  ])("matches in linear time: %s", (_, pattern) => {
    const matches = compileGlobs([pattern], "case-sensitive");
    expect(matches(`${"a".repeat(5_000)}!`)).toBe(false);
  });
});

/** Tries everything that the definition allows. It takes exponential time: for small patterns only. */
function matchesByDefinition(pattern: string, name: string): boolean {
  const brace = /\{([^{}]*)\}/.exec(pattern);
  if (brace !== null) {
    const before = pattern.slice(0, brace.index);
    const after = pattern.slice(brace.index + brace[0].length);
    // The innermost braces first. Their commas must not split the braces around them.
    return expanded(brace[1] ?? "").some((choice) =>
      matchesByDefinition(before + choice.replaceAll(",", "\0") + after, name),
    );
  }
  return matchesFrom(pattern, name, "segment start");
}

function expanded(choices: string): readonly string[] {
  return choices.split(",");
}

function matchesFrom(pattern: string, name: string, place: "segment start" | "inside segment"): boolean {
  if (pattern === "") return name === "";
  const ends = [...Array(name.length + 1).keys()];
  const stars = /^\*+/.exec(pattern)?.[0].length ?? 0;
  if (stars >= 2) {
    const rest = pattern.slice(stars);
    if (place === "segment start" && rest.startsWith("/")) {
      const starts = ends.filter((end) => end === 0 || name[end - 1] === "/");
      return starts.some((start) => matchesFrom(rest.slice(1), name.slice(start), "segment start"));
    }
    return ends.some((end) => matchesFrom(rest, name.slice(end), "inside segment"));
  }
  if (stars === 1) {
    const within = ends.filter((end) => !name.slice(0, end).includes("/"));
    return within.some((end) => matchesFrom(pattern.slice(1), name.slice(end), "inside segment"));
  }
  const [first, letter] = [pattern.charAt(0), name.charAt(0)];
  const isSame = first === "?" ? letter !== "" && letter !== "/" : letter === first;
  const next = first === "/" ? "segment start" : "inside segment";
  return isSame && matchesFrom(pattern.slice(1), name.slice(1), next);
}

describe("a list of globs", () => {
  it.each([
    [["web", "api"], ["web", "api"], ["x"]],
    [["*", "!web"], ["api"], ["web"]],
    [["!web", "*"], ["api"], ["web"]],
    [
      ["**", "!**/test", "!{a,b}/**"],
      ["web", "c/d"],
      ["test", "x/test", "a/x", "b/x"],
    ],
    [["!web"], [], ["api", "web"]],
    [[], [], ["web", ""]],
  ])("%j", (patterns, matching, others) => {
    const matches = compileGlobs(patterns, "case-sensitive");
    expect([...matching, ...others].filter(matches)).toEqual(matching);
  });

  it("compares case-sensitively or case-insensitively", () => {
    const names = ["Web/A", "web/a", "WEB/x"];
    expect(names.filter(compileGlobs(["WEB/{A,b}"], "case-insensitive"))).toEqual(["Web/A", "web/a"]);
    expect(names.filter(compileGlobs(["W*/*", "!WEB/*"], "case-sensitive"))).toEqual(["Web/A"]);
    expect(names.filter(compileGlobs(["**", "!WEB/*"], "case-insensitive"))).toEqual([]);
  });

  it.each([
    ["an empty pattern", "", "empty"],
    ["a lone !", "!", "empty"],
    ["an open brace", "{a", "no `}` after it"],
    ["an open brace around a closed one", "a{b,{c}", "no `}` after it"],
    ["an unmatched closing brace", "a}", "no `{` before it"],
    ["an open brace in an exclusion", "!{a", "no `}` after it"],
    ["1,024 alternatives", "{a,b}".repeat(10), "more than 1000"],
    ["endless alternatives", "{a,b,c,d}".repeat(100), "more than 1000"],
    ["a pattern of 1,001 characters", "a".repeat(1_001), "at most 1000"],
    ["900 open braces", "{".repeat(900), "no `}` after it"],
  ])("refuses %s", (_, pattern, part) => {
    const compile = () => compileGlobs(["fine", pattern], "case-sensitive");
    expect(compile).toThrow(GlobError);
    expect(compile).toThrow(part);
  });

  it("takes up to 1,000 alternatives", () => {
    const numbers = "{0,1,2,3,4,5,6,7,8,9}".repeat(3);
    const matches = compileGlobs([`pr-${numbers}`], "case-sensitive");
    expect(["pr-000", "pr-999", "pr-1000"].map(matches)).toEqual([true, true, false]);
  });
});

describe("a wildcard", () => {
  it.each([
    ["web", false],
    ["web/api-1.2_x", false],
    ["we*", true],
    ["we?", true],
    ["{a,b}", true],
  ])("%s: %s", (pattern, expected) => expect(hasWildcard(pattern)).toBe(expected));
});
