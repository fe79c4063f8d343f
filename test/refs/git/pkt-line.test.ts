import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePackets as decodeLazily, GitProtocolError, type Packet } from "../../../src/refs/git/pkt-line.ts";
import { encodePackets, textPacket } from "./packets.ts";

const decodePackets = (bytes: Uint8Array): readonly Packet[] => [...decodeLazily(bytes)];

const packet: fc.Arbitrary<Packet> = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => line(bytes)) },
  fc.constantFrom<Packet>({ type: "flush" }, { type: "delim" }, { type: "response-end" }),
);

describe("packet lines", () => {
  it("are decoded to the packets that were encoded", () => {
    fc.assert(
      fc.property(fc.array(packet), (packets) => {
        expect(decodePackets(encodePackets(packets))).toEqual(packets);
      }),
    );
  });

  it("match the examples of the specification", () => {
    // https://git-scm.com/docs/gitprotocol-common#_pkt_line_format
    const examples: readonly [string, Packet][] = [
      ["0006a\n", line("a\n")],
      ["0005a", line("a")],
      ["000bfoobar\n", line("foobar\n")],
      ["0004", line("")],
      ["0000", { type: "flush" }],
      ["0001", { type: "delim" }],
      ["0002", { type: "response-end" }],
    ];
    for (const [bytes, expected] of examples) {
      expect(decodePackets(Buffer.from(bytes))).toEqual([expected]);
      expect(encodePackets([expected]).toString()).toBe(bytes);
    }
  });

  it("may have a length in upper case", () => {
    expect(decodePackets(Buffer.from("000Bfoobar\n"))).toEqual([textPacket("foobar")]);
  });

  it("have at most 65,516 bytes of payload", () => {
    const longest = line(Buffer.alloc(65_516, "x"));
    expect(decodePackets(encodePackets([longest]))).toEqual([longest]);
    expect(() => decodePackets(encodePackets([line(Buffer.alloc(65_517))]))).toThrow(GitProtocolError);
  });

  it("that end within a packet are an error", () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 8 }), fc.nat(), (packets, cut) => {
        const all = encodePackets(packets);
        const bytes = all.subarray(0, cut % (all.length + 1));
        const boundaries = packets.map((_, index) => encodePackets(packets.slice(0, index)).length);
        if (bytes.length === all.length || boundaries.includes(bytes.length)) decodePackets(bytes);
        else expect(() => decodePackets(bytes)).toThrow(expect.objectContaining({ code: "truncated" }));
      }),
    );
  });

  it.each([
    ["<!DOCTYPE html>", "malformed"],
    ["0003", "malformed"],
    ["fff1", "malformed"],
    ["ffff", "malformed"],
    ["-001", "malformed"],
    ["0x1f", "malformed"],
    ["   4", "malformed"],
    ["<", "malformed"],
    ["00", "truncated"],
    ["0009done", "truncated"],
    ["00000009done", "truncated"],
  ])("%j is %s", (bytes, code) => {
    const decode = () => decodePackets(Buffer.from(bytes));
    expect(decode).toThrow(GitProtocolError);
    expect(decode).toThrow(expect.objectContaining({ code }));
  });
});

function line(payload: string | Uint8Array): Packet {
  return { type: "line", payload: Buffer.from(payload) };
}

it("decodes one packet at a time, so that millions of them need no memory", () => {
  const packets = decodeLazily(Buffer.alloc(16 * 1024 * 1024, "0004"));
  const before = process.memoryUsage().heapUsed;
  expect(packets.next().value).toEqual({ type: "line", payload: Buffer.alloc(0) });
  // As objects they would be 600 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50 * 1024 * 1024);
});
