import { GitProtocolError } from "./pkt-line.ts";

/** Reads bytes one after another. Throws GitProtocolError `truncated` at their end. */
export class ByteReader {
  #at: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The offset of the next byte. */
  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const [byte] = this.take(1);
    return byte ?? 0;
  }

  take(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new GitProtocolError("truncated", `an object ends within ${count} bytes`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** Reads a number in groups of 7 bits, the lowest first. Each byte but the last has its highest bit set. */
  varint(value = 0, factor = 1): number {
    const byte = this.byte();
    const sum = value + (byte & 0x7f) * factor;
    if (!Number.isSafeInteger(sum)) throw new GitProtocolError("malformed", "a number is too large");
    return (byte & 0x80) === 0 ? sum : this.varint(sum, factor * 0x80);
  }

  /** Reads a number of which only those bytes are present whose bit is set in `present`, the lowest first. */
  sparse(present: number): number {
    let value = 0;
    for (let bit = 0, factor = 1; present >> bit !== 0; bit += 1, factor *= 0x100) {
      if (((present >> bit) & 1) !== 0) value += this.byte() * factor;
    }
    return value;
  }
}
