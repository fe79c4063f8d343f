import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLinks } from "../../src/http/link.ts";

describe("parseLinks returns", () => {
  it.each<[string, string, readonly (readonly [string, readonly string[]])[]]>([
    ["nothing for an empty header", "", []],
    ["distribution's link", '</v2/_catalog?last=app&n=1>; rel="next"', [["/v2/_catalog?last=app&n=1", ["next"]]]],
    ["a relation without quotes, in upper case", "</a>;REL=NEXT", [["/a", ["next"]]]],
    ["a link with optional blanks", ' </a> ; rel = "next" ', [["/a", ["next"]]]],
    ["several relations", '</a>; rel="last next"', [["/a", ["last", "next"]]]],
    ["a link with a comma in its title", '</a>; title="a, b"; rel="next"', [["/a", ["next"]]]],
    ["no relation from a title", '</a>; title="x; rel=next"', [["/a", []]]],
    ["no link from a title", '</a>; title="a, <b>; rel=next"', [["/a", []]]],
    ["a longer relation as another one", '</a>; rel="next-archive"', [["/a", ["next-archive"]]]],
    ["a target with a comma", '</a?last=x,y>; rel="next"', [["/a?last=x,y", ["next"]]]],
    ["a long target", `</a?last=${"x".repeat(5_000)}>; rel=next`, [[`/a?last=${"x".repeat(5_000)}`, ["next"]]]],
    ["the first of two rel parameters", '</a>; rel="prev"; rel="next"', [["/a", ["prev"]]]],
    ["a link with a parameter without value", '</a>; crossorigin; rel="next";', [["/a", ["next"]]]],
    [
      "two links",
      '</a>; rel="prev", <https://x.example/b>; rel="next"',
      [
        ["/a", ["prev"]],
        ["https://x.example/b", ["next"]],
      ],
    ],
  ])("%s", (_what, header, links) => {
    expect(parseLinks(header)?.map(({ target, relations }) => [target, relations])).toEqual(links);
  });

  it.each(["/a; rel=next", "</a; rel=next", '</a>; rel="next', '</a> rel="next"', "</a>; =x"])(
    "null for the invalid `%s`, because it can have a next page",
    (header) => {
      expect(parseLinks(header)).toBeNull();
    },
  );

  it("only targets of the header, for any text", () => {
    const noise = fc.string({ unit: fc.constantFrom(...'<>;,="\\ arelnxt'), maxLength: 200 });
    fc.assert(
      fc.property(noise, (header) => {
        const links = parseLinks(header);
        expect(links === null || links.every(({ target }) => header.includes(`<${target}>`))).toBe(true);
      }),
    );
  });
});
