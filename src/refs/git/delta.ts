import { ByteReader } from "./byte-reader.ts";
import { GitProtocolError } from "./pkt-line.ts";

/** The length of a copy instruction that has no length. */
const DEFAULT_COPY = 0x10000;

/** Returns the object that a delta makes of `base`. Throws GitProtocolError (gitformat-pack, "Deltified representation"). */
export function applyDelta(base: Buffer, delta: Buffer): Buffer {
  const reader = new ByteReader(delta);
  const baseSize = reader.varint();
  const size = reader.varint();
  if (baseSize !== base.length) throw malformed("a delta is for another object");
  const parts: Buffer[] = [];
  let length = 0;
  while (!reader.isAtEnd) {
    const part = partOf(base, reader);
    length += part.length;
    if (length > size) break;
    parts.push(part);
  }
  if (length !== size) throw malformed("a delta makes an object of a wrong size");
  return Buffer.concat(parts);
}

/** Runs one instruction: copies from the base, or takes bytes of the delta itself. */
function partOf(base: Buffer, reader: ByteReader): Buffer {
  const instruction = reader.byte();
  if (instruction === 0) throw malformed("a delta has an unknown instruction");
  if ((instruction & 0x80) === 0) return reader.take(instruction);
  const from = reader.sparse(instruction & 0x0f);
  const length = reader.sparse((instruction >> 4) & 0x07) || DEFAULT_COPY;
  return base.subarray(from, from + length);
}

function malformed(message: string): GitProtocolError {
  return new GitProtocolError("malformed", message);
}
