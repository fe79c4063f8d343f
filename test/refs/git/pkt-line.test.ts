import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodePackets as decodeLazily,
  encodePackets,
  GitProtocolError,
  type Packet,
  textPacket,
} from "../../../src/refs/git/pkt-line.ts";

const decodePackets = (bytes: Uint8Array): readonly Packet[] => [...decodeLazily(bytes)];

const packet: fc.Arbitrary<Packet> = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => line(bytes)) },
  fc.constantFrom<Packet>({ type: "flush" }, { type: "delim" }, { type: "response-end" }),
);

describe("packet lines", () => {
  it("come back as they were sent", () => {
    fc.assert(
      fc.property(fc.array(packet), (packets) => {
        expect(decodePackets(encodePackets(packets))).toEqual(packets);
      }),
    );
  });

  it("are the specification's examples", () => {
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

  it("read a length in capital digits too", () => {
    expect(decodePackets(Buffer.from("000Bfoobar\n"))).toEqual([textPacket("foobar")]);
  });

  it("hold 65,516 bytes and not one more", () => {
    const longest = line(Buffer.alloc(65_516, "x"));
    expect(decodePackets(encodePackets([longest]))).toEqual([longest]);
    expect(() => encodePackets([line(Buffer.alloc(65_517))])).toThrow(RangeError);
  });

  it("cut anywhere are an error, or end at a packet's border", () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 8 }), fc.nat(), (packets, cut) => {
        const whole = encodePackets(packets);
        const bytes = whole.subarray(0, cut % (whole.length + 1));
        const borders = packets.map((_, index) => encodePackets(packets.slice(0, index)).length);
        if (bytes.length === whole.length || borders.includes(bytes.length)) decodePackets(bytes);
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

it("one packet is read at a time: millions that nobody asks for cost nothing", () => {
  const packets = decodeLazily(Buffer.alloc(16 * 1024 * 1024, "0004"));
  const before = process.memoryUsage().heapUsed;
  expect(packets.next().value).toEqual({ type: "line", payload: Buffer.alloc(0) });
  // As objects they would be 600 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50 * 1024 * 1024);
});
