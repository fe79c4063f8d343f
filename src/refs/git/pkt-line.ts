/** The packets without payload, by their length. */
const SPECIAL_PACKETS = ["flush", "delim", "response-end"] as const;

/**
 * A packet of Git's packet-line format: four hex digits with its length, then the payload. Lengths 0 to 2 have no payload.
 * https://git-scm.com/docs/gitprotocol-common#_pkt_line_format,
 * https://git-scm.com/docs/gitprotocol-v2#_packet_line_framing
 */
export type Packet =
  | { readonly type: "line"; readonly payload: Buffer }
  | { readonly type: (typeof SPECIAL_PACKETS)[number] };

/**
 * Why a response cannot be read.
 *
 * - `truncated`: its end is missing.
 * - `malformed`: it does not follow the protocol.
 * - `refused`: the server sent an error packet. `message` is its text, which is untrusted.
 */
type GitProtocolErrorCode = "truncated" | "malformed" | "refused";

/** A Git server's response that cannot be read completely. */
export class GitProtocolError extends Error {
  readonly code: GitProtocolErrorCode;

  constructor(code: GitProtocolErrorCode, message: string) {
    super(message);
    this.name = "GitProtocolError";
    this.code = code;
  }
}

const LENGTH_DIGITS = 4;
/** The length of the longest packet, including its length digits (gitprotocol-common: 65,516 bytes of payload). */
const MAX_PACKET = 65_520;

/**
 * Yields the packets in `bytes`, one at a time because a response may contain millions of empty packets. Payloads are views of
 * `bytes`. Throws GitProtocolError when it reaches an invalid length or an incomplete packet.
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

/** Returns a line as a packet, with the line feed that the protocol recommends. */
export function encodeLine(text: string): string {
  const length = Buffer.byteLength(text) + LENGTH_DIGITS + 1;
  return `${length.toString(16).padStart(LENGTH_DIGITS, "0")}${text}\n`;
}

export const DELIMITER = "0001";
export const FLUSH = "0000";

function packetLength(buffer: Buffer, offset: number): number {
  const digits = buffer.toString("latin1", offset, offset + LENGTH_DIGITS);
  if (!/^[0-9a-f]*$/i.test(digits)) {
    throw new GitProtocolError("malformed", `invalid packet length ${JSON.stringify(digits)} at byte ${offset}`);
  }
  if (digits.length < LENGTH_DIGITS) {
    throw new GitProtocolError("truncated", `the response ends within a packet length, at byte ${buffer.length}`);
  }
  return Number.parseInt(digits, 16);
}

function packetAt(buffer: Buffer, offset: number, length: number): Packet {
  const special = SPECIAL_PACKETS[length];
  if (special !== undefined) return { type: special };
  if (length < LENGTH_DIGITS || length > MAX_PACKET) {
    throw new GitProtocolError("malformed", `invalid packet length ${length} at byte ${offset}`);
  }
  const end = offset + length;
  if (end > buffer.length) {
    throw new GitProtocolError(
      "truncated",
      `the response ends at byte ${buffer.length}, within a packet that ends at byte ${end}`,
    );
  }
  return { type: "line", payload: buffer.subarray(offset + LENGTH_DIGITS, end) };
}
