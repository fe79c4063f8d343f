import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLinks } from "../../../src/registry/oci/link.ts";

describe("the links of a header", () => {
  it.each<[string, string, readonly (readonly [string, readonly string[]])[]]>([
    ["none", "", []],
    ["distribution's", '</v2/_catalog?last=app&n=1>; rel="next"', [["/v2/_catalog?last=app&n=1", ["next"]]]],
    ["without quotes, in capitals", "</a>;REL=NEXT", [["/a", ["next"]]]],
    ["with blanks wherever they may be", ' </a> ; rel = "next" ', [["/a", ["next"]]]],
    ["of several relations", '</a>; rel="last next"', [["/a", ["last", "next"]]]],
    ["with a title that holds a comma", '</a>; title="a, b"; rel="next"', [["/a", ["next"]]]],
    ["with a title that speaks of another", '</a>; title="x; rel=next"', [["/a", []]]],
    ["whose relation only begins so", '</a>; rel="next-archive"', [["/a", ["next-archive"]]]],
    ["with a comma in the address", '</a?last=x,y>; rel="next"', [["/a?last=x,y", ["next"]]]],
    ["that names its relation twice", '</a>; rel="prev"; rel="next"', [["/a", ["prev"]]]],
    ["with a parameter without value", '</a>; crossorigin; rel="next";', [["/a", ["next"]]]],
    [
      "two",
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
    "`%s` cannot be read, which is not to say that there is no next page",
    (header) => {
      expect(parseLinks(header)).toBeNull();
    },
  );

  it("are read to an end, whatever they are", () => {
    const noise = fc.string({ unit: fc.constantFrom(...'<>;,="\\ arelnxt'), maxLength: 200 });
    fc.assert(
      fc.property(noise, (header) => {
        const links = parseLinks(header);
        expect(links === null || links.every(({ target }) => header.includes(`<${target}>`))).toBe(true);
      }),
    );
  });
});
