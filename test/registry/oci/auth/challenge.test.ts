import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseChallenges } from "../../../../src/registry/oci/auth/challenge.ts";

const HUB = {
  realm: "https://auth.example/token",
  service: "registry.example",
  scope: "repository:team/app:pull,delete",
};

describe("what registries and proxies ask for", () => {
  it.each<[string, string, unknown]>([
    ["nothing", "", []],
    ["blanks and commas", " , ,\t,", []],
    ["Basic, as htpasswd has it", 'Basic realm="basic-realm"', [["basic", { realm: "basic-realm" }]]],
    [
      "Bearer, with a comma inside quotes",
      `Bearer realm="${HUB.realm}",service="${HUB.service}",scope="${HUB.scope}"`,
      [["bearer", HUB]],
    ],
    ["a scheme in capitals, names too", 'BEARER Realm="x"', [["bearer", { realm: "x" }]]],
    ["blanks around `=` and `,`", 'Bearer realm = "x" ,  scope=y', [["bearer", { realm: "x", scope: "y" }]]],
    ["escapes in a quoted string", 'Basic realm="a \\"b\\" \\\\ c"', [["basic", { realm: 'a "b" \\ c' }]]],
    ["an empty quoted string", 'Bearer realm=""', [["bearer", { realm: "" }]]],
    [
      "two challenges in one header",
      'Basic realm="r", Bearer realm="x",service="y"',
      [
        ["basic", { realm: "r" }],
        ["bearer", { realm: "x", service: "y" }],
      ],
    ],
    [
      "a challenge in the text of another is none",
      'Basic realm="r, Bearer realm=evil"',
      [["basic", { realm: "r, Bearer realm=evil" }]],
    ],
    [
      "a token68 before another challenge",
      'Negotiate YWJj==, Bearer realm="x"',
      [
        ["negotiate", {}],
        ["bearer", { realm: "x" }],
      ],
    ],
    [
      "a scheme alone before another challenge",
      'NTLM, Basic realm="r"',
      [
        ["ntlm", {}],
        ["basic", { realm: "r" }],
      ],
    ],
    ["parameters without a comma between", 'Bearer realm="x" error="y"', [["bearer", { realm: "x", error: "y" }]]],
  ])("%s", (_what, header, challenges) => {
    expect(parseChallenges(header).map(({ scheme, parameters }) => [scheme, { ...parameters }])).toEqual(challenges);
  });

  it.each([
    ["a quoted string that does not end", 'Basic realm="r", Bearer realm="x'],
    ["a value that is missing", 'Basic realm="r", Bearer realm=,'],
    ["a value that is missing before others", 'Basic realm="r", Bearer service="s",scope=,realm="x"'],
  ])("%s ends the reading, and what came before it stands", (_what, header) => {
    const [first, second] = parseChallenges(header);
    expect(first).toEqual({ scheme: "basic", parameters: { realm: "r" } });
    expect(second?.parameters["realm"]).toBeUndefined();
  });
});

const token = fc.stringMatching(/^[a-z][a-z0-9!#$%&'*+.^_`|~-]{0,9}$/);
const text = fc.string({ unit: fc.constantFrom(...'abc ,="\\;:/?&%é\t'), maxLength: 20 });
const challenge = fc.record({
  scheme: token,
  parameters: fc.dictionary(
    token.filter((name) => name !== "__proto__"),
    text,
    { minKeys: 1, maxKeys: 4 },
  ),
});

describe("whatever is asked for", () => {
  it("is read back as it was written", () => {
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
        const header = challenges
          .map(({ scheme, parameters }) => `${scheme} ${Object.entries(parameters).map(quoted).join(", ")}`)
          .join(", ");
        const read = parseChallenges(header).map(({ scheme, parameters }) => [scheme, { ...parameters }]);
        expect(read).toEqual(challenges.map(({ scheme, parameters }) => [scheme, { ...parameters }]));
      }),
    );
  });

  it("is read to an end, without an error", () => {
    const noise = fc.string({ unit: fc.constantFrom(...'aB =,"\\/+~\u0000é'), maxLength: 200 });
    fc.assert(fc.property(noise, (header) => Array.isArray(parseChallenges(header))));
  });

  it("has no parameter that was not sent", () => {
    const parameters = parseChallenges('Bearer __proto__="x", realm="y"')[0]?.parameters ?? {};
    expect(parameters["realm"]).toBe("y");
    expect(parameters["service"]).toBeUndefined();
  });
});

function quoted([name, value]: [string, string]): string {
  return `${name}="${value.replaceAll(/["\\]/g, "\\$&")}"`;
}
