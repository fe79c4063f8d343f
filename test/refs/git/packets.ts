import type { Packet } from "../../../src/refs/git/pkt-line.ts";

const SPECIAL_PACKETS = ["flush", "delim", "response-end"] as const;

/** Returns packets as bytes. */
export function encodePackets(packets: readonly Packet[]): Buffer {
  return Buffer.concat(packets.map(encodePacket));
}

/** Returns a packet with a line of text, and its line feed. */
export function textPacket(text: string): Packet {
  return { type: "line", payload: Buffer.from(`${text}\n`) };
}

function encodePacket(packet: Packet): Buffer {
  const length = packet.type === "line" ? packet.payload.length + 4 : SPECIAL_PACKETS.indexOf(packet.type);
  const digits = Buffer.from(length.toString(16).padStart(4, "0"));
  return packet.type === "line" ? Buffer.concat([digits, packet.payload]) : digits;
}
