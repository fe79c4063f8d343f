/**
 * Git's packet-line framing: four hex digits of length, themselves included, then the payload.
 * Lengths 0 to 2 are packets without one. https://git-scm.com/docs/gitprotocol-common#_pkt_line_format,
 * https://git-scm.com/docs/gitprotocol-v2#_packet_line_framing
 */
export type Packet =
  | { readonly type: "line"; readonly payload: Buffer }
  | { readonly type: "flush" }
  | { readonly type: "delim" }
  | { readonly type: "response-end" };

/**
 * Why an answer cannot be read.
 *
 * - `truncated`: it ends before its end.
 * - `malformed`: it is not what the protocol says.
 * - `refused`: the server sent an error packet; `message` holds its text, which is from outside.
 */
export type GitProtocolErrorCode = "truncated" | "malformed" | "refused";

/** An answer of a Git server that cannot be read whole. */
export class GitProtocolError extends Error {
  readonly code: GitProtocolErrorCode;

  constructor(code: GitProtocolErrorCode, message: string) {
    super(message);
    this.name = "GitProtocolError";
    this.code = code;
  }
}

const LENGTH_DIGITS = 4;
/** The longest packet, its four digits included (gitprotocol-common: 65,516 bytes of payload). */
const MAX_PACKET = 65_520;

/** Packets -> bytes. Throws RangeError where a payload is longer than a packet can hold. */
export function encodePackets(packets: readonly Packet[]): Buffer {
  return Buffer.concat(packets.map(encodePacket));
}

/** A line of text as the specifications want it sent: with a line feed. */
export function textPacket(text: string): Packet {
  return { type: "line", payload: Buffer.from(`${text}\n`) };
}

/**
 * Bytes -> packets, one at a time, as an answer may hold millions of empty ones. The payloads are views of `bytes`.
 * Throws GitProtocolError where the last packet is cut or a length is none, once it comes to that.
 */
export function* decodePackets(bytes: Uint8Array): Generator<Packet, void, void> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  while (offset < buffer.length) {
    const length = packetLength(buffer, offset);
    yield packetAt(buffer, offset, length);
    offset += Math.max(length, LENGTH_DIGITS);
  }
}

function encodePacket(packet: Packet): Buffer {
  switch (packet.type) {
    case "flush":
      return Buffer.from("0000");
    case "delim":
      return Buffer.from("0001");
    case "response-end":
      return Buffer.from("0002");
    case "line": {
      const length = packet.payload.length + LENGTH_DIGITS;
      if (length > MAX_PACKET) throw new RangeError(`a packet of ${length} bytes is longer than ${MAX_PACKET}`);
      return Buffer.concat([Buffer.from(length.toString(16).padStart(LENGTH_DIGITS, "0")), packet.payload]);
    }
  }
}

function packetLength(buffer: Buffer, offset: number): number {
  const digits = buffer.toString("latin1", offset, offset + LENGTH_DIGITS);
  if (!/^[0-9a-f]*$/i.test(digits)) {
    throw new GitProtocolError("malformed", `no packet length at byte ${offset}: ${JSON.stringify(digits)}`);
  }
  if (digits.length < LENGTH_DIGITS) {
    throw new GitProtocolError("truncated", `the answer ends within a packet length, at byte ${buffer.length}`);
  }
  return Number.parseInt(digits, 16);
}

function packetAt(buffer: Buffer, offset: number, length: number): Packet {
  if (length === 0) return { type: "flush" };
  if (length === 1) return { type: "delim" };
  if (length === 2) return { type: "response-end" };
  if (length < LENGTH_DIGITS || length > MAX_PACKET) {
    throw new GitProtocolError("malformed", `a packet length of ${length} at byte ${offset}`);
  }
  if (offset + length > buffer.length) {
    throw new GitProtocolError(
      "truncated",
      `the answer ends at byte ${buffer.length}, within a packet that reaches to byte ${offset + length}`,
    );
  }
  return { type: "line", payload: buffer.subarray(offset + LENGTH_DIGITS, offset + length) };
}
