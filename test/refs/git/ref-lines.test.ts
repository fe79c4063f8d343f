import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GitProtocolError, type Packet } from "../../../src/refs/git/pkt-line.ts";
import { liveRefs, parseAdvertisement, parseLsRefs } from "../../../src/refs/git/ref-lines.ts";
import { encodePackets, textPacket } from "./packets.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);
const WIDE = "c".repeat(64);
const FLUSH: Packet = { type: "flush" };
const BANNER = [textPacket("# service=git-upload-pack"), FLUSH];
const CAPABILITIES = "multi_ack symref=HEAD:refs/heads/main object-format=sha1 agent=git/2.39.5";

const parsers = { "ls-refs": parseLsRefs, advertisement: parseAdvertisement };

describe("a response to ls-refs", () => {
  it.each<[string, string[], { branches: string[]; tags: string[] }]>([
    ["no refs", [], { branches: [], tags: [] }],
    ["a branch", [`${A} refs/heads/main`], { branches: [`main ${A}`], tags: [] }],
    ["a branch with slashes", [`${A} refs/heads/a/b/c`], { branches: [`a/b/c ${A}`], tags: [] }],
    ["a lightweight tag", [`${A} refs/tags/v1`], { branches: [], tags: [`v1 ${A}`] }],
    ["an annotated tag, as its commit", [`${A} refs/tags/v1 peeled:${B}`], { branches: [], tags: [`v1 ${B}`] }],
    ["a SHA-256 branch", [`${WIDE} refs/heads/main`], { branches: [`main ${WIDE}`], tags: [] }],
    [
      "attributes in any order, also unknown ones",
      [`${A} refs/tags/v1 new:thing peeled:${B} symref-target:refs/tags/x`],
      { branches: [], tags: [`v1 ${B}`] },
    ],
    [
      "other refs, which are skipped",
      [
        `${A} HEAD symref-target:refs/heads/main`,
        `${A} refs/pull/1/head`,
        `${A} refs/headsx/y`,
        `${B} refs/heads/main`,
      ],
      { branches: [`main ${B}`], tags: [] },
    ],
    ["a ref with an empty name, which is skipped", [`${A} refs/heads/`, `${A} refs/tags/`], { branches: [], tags: [] }],
    [
      "a HEAD without a commit, which is skipped",
      ["unborn HEAD symref-target:refs/heads/main"],
      { branches: [], tags: [] },
    ],
    ["a name beyond ASCII", [`${A} refs/heads/größe`], { branches: [`größe ${A}`], tags: [] }],
    ["a name with a byte order mark", [`${A} refs/heads/\ufeffx`], { branches: [`\ufeffx ${A}`], tags: [] }],
  ])("with %s", (_what, lines, expected) => {
    expect(shown(parseLsRefs(response(lines)))).toEqual(expected);
  });

  it("may have lines without line feeds", () => {
    const packet: Packet = { type: "line", payload: Buffer.from(`${A} refs/heads/main`) };
    expect(shown(parseLsRefs(encodePackets([packet, FLUSH])))).toEqual({ branches: [`main ${A}`], tags: [] });
  });

  it.each<[string, Packet[], string]>([
    ["without its flush packet", [textPacket(`${A} refs/heads/main`)], "truncated"],
    ["without any packet", [], "truncated"],
    ["with a short id", [textPacket(`${A.slice(1)} refs/heads/main`), FLUSH], "malformed"],
    ["with an id of 41 digits", [textPacket(`${A}a refs/heads/main`), FLUSH], "malformed"],
    ["with an id in capitals", [textPacket(`${A.toUpperCase()} refs/heads/main`), FLUSH], "malformed"],
    ["with a bad peeled id", [textPacket(`${A} refs/tags/v1 peeled:abc`), FLUSH], "malformed"],
    ["with a bad id of a ref that is skipped", [textPacket("xyz refs/pull/1/head"), FLUSH], "malformed"],
    ["with a line of one word", [textPacket("NAK"), FLUSH], "malformed"],
    ["with a line of one word and no end", [textPacket("NAK")], "malformed"],
    ["with an empty line", [textPacket(""), FLUSH], "malformed"],
    ["with a delimiter", [{ type: "delim" }, FLUSH], "malformed"],
    ["with a response end", [{ type: "response-end" }], "malformed"],
    ["with data after its end", [FLUSH, textPacket(`${A} refs/heads/main`)], "malformed"],
    ["with two ends", [FLUSH, FLUSH], "malformed"],
    ["with capabilities", [textPacket("version 2"), textPacket("ls-refs=unborn"), FLUSH], "malformed"],
    ["that is an error packet", [textPacket("ERR access denied")], "refused"],
    [
      "with an error packet after a ref",
      [textPacket(`${A} refs/heads/main`), textPacket("ERR gone"), FLUSH],
      "refused",
    ],
  ])("%s is an error", (_what, packets, code) => {
    expect(() => parseLsRefs(encodePackets(packets))).toThrow(expect.objectContaining({ code }));
  });

  it("has the message of the server's error packet", () => {
    expect(() => parseLsRefs(encodePackets([textPacket("ERR access denied")]))).toThrow(/^access denied$/);
  });
});

describe("a reference advertisement", () => {
  it.each<[string, string[], { branches: string[]; tags: string[] }]>([
    [
      "v0: refs, peeled tags, capabilities",
      [
        `${A} HEAD\0${CAPABILITIES}`,
        `${A} refs/heads/main`,
        `${A} refs/pull/1/head`,
        `${A} refs/tags/v1`,
        `${B} refs/tags/v1^{}`,
      ],
      { branches: [`main ${A}`], tags: [`v1 ${B}`] },
    ],
    [
      "v1: its version first",
      ["version 1", `${A} refs/heads/main\0${CAPABILITIES}`, `${B} refs/tags/light`],
      { branches: [`main ${A}`], tags: [`light ${B}`] },
    ],
    ["an empty repository", [`${"0".repeat(40)} capabilities^{}\0${CAPABILITIES}`], { branches: [], tags: [] }],
    ["an empty repository of v1", ["version 1"], { branches: [], tags: [] }],
    ["an empty repository without a line", [], { branches: [], tags: [] }],
    [
      "a shallow repository",
      [`${A} refs/heads/main\0${CAPABILITIES}`, `shallow ${B}`],
      { branches: [`main ${A}`], tags: [] },
    ],
    ["SHA-256", [`${WIDE} refs/heads/main\0object-format=sha256`], { branches: [`main ${WIDE}`], tags: [] }],
  ])("with %s", (_what, lines, expected) => {
    expect(shown(parseAdvertisement(encodePackets([...BANNER, ...lines.map(textPacket), FLUSH])))).toEqual(expected);
  });

  it.each<[string, Packet[], string]>([
    ["without its flush packet", [...BANNER, textPacket(`${A} refs/heads/main\0`)], "truncated"],
    ["with only a banner", BANNER, "truncated"],
    ["with a banner without flush", [textPacket("# service=git-upload-pack")], "truncated"],
    ["without a banner", [textPacket(`${A} refs/heads/main\0`), FLUSH], "malformed"],
    ["for pushing", [textPacket("# service=git-receive-pack"), FLUSH, FLUSH], "malformed"],
    ["without any packet", [], "malformed"],
    ["of v2 capabilities", [...BANNER, textPacket("version 2"), textPacket("ls-refs"), FLUSH], "malformed"],
    ["with a name of two words", [...BANNER, textPacket(`${A} refs/heads/a b`), FLUSH], "malformed"],
    ["of v2 capabilities without a banner", [textPacket("version 2"), textPacket("ls-refs"), FLUSH], "malformed"],
    ["with a bad id", [...BANNER, textPacket("abc refs/heads/main"), FLUSH], "malformed"],
    ["with a bad shallow id", [...BANNER, textPacket("shallow abc"), FLUSH], "malformed"],
    ["that is an error packet", [textPacket("ERR Repository not found.")], "refused"],
    ["with an error packet after the banner", [...BANNER, textPacket("ERR no")], "refused"],
  ])("%s is an error", (_what, packets, code) => {
    expect(() => parseAdvertisement(encodePackets(packets))).toThrow(expect.objectContaining({ code }));
  });
});

describe.each(["ls-refs", "advertisement"] as const)("a truncated response (%s)", (kind) => {
  const refs = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 12 });

  it("is an error at any length, never a shorter list", () => {
    fc.assert(
      fc.property(refs, (names) => {
        const lines = names.map((name) => textPacket(`${A} refs/heads/${name}`));
        const complete = encodePackets([...(kind === "ls-refs" ? [] : BANNER), ...lines, FLUSH]);
        expect(parsers[kind](complete)).toHaveLength(names.length);
        for (let length = 0; length < complete.length; length += 1) {
          expect(() => parsers[kind](complete.subarray(0, length))).toThrow(GitProtocolError);
        }
      }),
      { numRuns: 30 },
    );
  });
});

function response(lines: readonly string[]): Buffer {
  return encodePackets([...lines.map(textPacket), FLUSH]);
}

function shown(advertised: ReturnType<typeof parseLsRefs>) {
  const { branches, tags } = liveRefs(advertised);
  const text = (refs: typeof branches) => refs.map(({ name, commit }) => `${name} ${commit}`);
  return { branches: text(branches), tags: text(tags) };
}
