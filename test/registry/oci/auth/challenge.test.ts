import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseChallenges } from "../../../../src/registry/oci/auth/challenge.ts";

const HUB = {
  realm: "https://auth.example/token",
  service: "registry.example",
  scope: "repository:team/app:pull,delete",
};

describe("parseChallenges returns", () => {
  it.each<[string, string, unknown]>([
    ["nothing for an empty header", "", []],
    ["nothing for blanks and commas", " , ,\t,", []],
    ["Basic of distribution with htpasswd", 'Basic realm="basic-realm"', [["basic", { realm: "basic-realm" }]]],
    [
      "Bearer with a comma in a quoted string",
      `Bearer realm="${HUB.realm}",service="${HUB.service}",scope="${HUB.scope}"`,
      [["bearer", HUB]],
    ],
    ["schemes and names in lower case", 'BEARER Realm="x"', [["bearer", { realm: "x" }]]],
    [
      "parameters with blanks around `=` and `,`",
      'Bearer realm = "x" ,  scope=y',
      [["bearer", { realm: "x", scope: "y" }]],
    ],
    ["unescaped quoted strings", 'Basic realm="a \\"b\\" \\\\ c"', [["basic", { realm: 'a "b" \\ c' }]]],
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
      "no challenge from a quoted string",
      'Basic realm="r, Bearer realm=evil"',
      [["basic", { realm: "r, Bearer realm=evil" }]],
    ],
    [
      "a challenge after a token68",
      'Negotiate YWJj==, Bearer realm="x"',
      [
        ["negotiate", {}],
        ["bearer", { realm: "x" }],
      ],
    ],
    [
      "a challenge after a scheme without parameters",
      'NTLM, Basic realm="r"',
      [
        ["ntlm", {}],
        ["basic", { realm: "r" }],
      ],
    ],
    ["parameters without a comma between them", 'Bearer realm="x" error="y"', [["bearer", { realm: "x", error: "y" }]]],
  ])("%s", (_what, header, challenges) => {
    expect(parseChallenges(header).map(({ scheme, parameters }) => [scheme, { ...parameters }])).toEqual(challenges);
  });

  it.each([
    ["an unterminated quoted string", 'Basic realm="r", Bearer realm="x'],
    ["a missing value", 'Basic realm="r", Bearer realm=,'],
    ["a missing value before others", 'Basic realm="r", Bearer service="s",scope=,realm="x"'],
  ])("only the parameters before %s", (_what, header) => {
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

describe("parseChallenges", () => {
  it("parses every serialized header to the same challenges", () => {
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

  it("throws no error for any text", () => {
    const noise = fc.string({ unit: fc.constantFrom(...'aB =,"\\/+~\u0000é'), maxLength: 200 });
    fc.assert(fc.property(noise, (header) => Array.isArray(parseChallenges(header))));
  });

  it("does not change the prototype of the parameters", () => {
    const parameters = parseChallenges('Bearer __proto__="x", realm="y"')[0]?.parameters ?? {};
    expect(parameters["realm"]).toBe("y");
    expect(parameters["service"]).toBeUndefined();
  });
});

function quoted([name, value]: [string, string]): string {
  return `${name}="${value.replaceAll(/["\\]/g, "\\$&")}"`;
}
