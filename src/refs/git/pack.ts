import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import { ByteReader } from "./byte-reader.ts";
import { applyDelta } from "./delta.ts";
import { GitProtocolError } from "./pkt-line.ts";

/** A commit and its parents, the first parent first. Ids have 40 or 64 hex digits in lower case. */
export interface Commit {
  readonly id: string;
  readonly parents: readonly string[];
}

/** The hash of a repository's object ids. */
export type ObjectFormat = "sha1" | "sha256";

const HASH_BYTES: Readonly<Record<ObjectFormat, number>> = { sha1: 20, sha256: 32 };
const HEADER_BYTES = 12;
/** Types of entries (gitformat-pack, "Object types"). */
const TYPES: Readonly<Record<number, string>> = { 1: "commit", 2: "tree", 3: "blob", 4: "tag" };
const REF_DELTA = 7;
const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

/** An entry of a pack: an object, or a delta that makes an object of the object `base`. */
interface Entry {
  readonly type: string | { readonly base: string };
  readonly data: Buffer;
  /** The offset of the next entry. */
  readonly end: number;
}

/**
 * Returns the commits of a pack: the answer to a `fetch` with `filter tree:0`, without thin packs and offset deltas. It has other
 * objects only if Git tags name them. Throws GitProtocolError. https://git-scm.com/docs/gitformat-pack
 */
export function readCommits(pack: Buffer, format: ObjectFormat): readonly Commit[] {
  return new PackReader(pack, format).read();
}

class PackReader {
  readonly #pack: Buffer;
  readonly #format: ObjectFormat;
  readonly #end: number;
  /** The offsets of the objects that were read. */
  readonly #offsets = new Map<string, number>();
  readonly #commits: Commit[] = [];

  constructor(pack: Buffer, format: ObjectFormat) {
    this.#pack = pack;
    this.#format = format;
    this.#end = pack.length - HASH_BYTES[format];
  }

  read(): readonly Commit[] {
    const count = this.#readHeader();
    const deltas: number[] = [];
    let offset = HEADER_BYTES;
    for (let index = 0; index < count; index += 1) {
      const entry = this.#entryAt(offset);
      if (typeof entry.type === "string") this.#add(offset, entry.type, entry.data);
      else deltas.push(offset);
      offset = entry.end;
    }
    if (offset !== this.#end) throw malformed(`${this.#end - offset} bytes follow the last object of the pack`);
    this.#addDeltas(deltas);
    return this.#commits;
  }

  /** Checks header and checksum, and returns the number of objects. */
  #readHeader(): number {
    const pack = this.#pack;
    if (this.#end < HEADER_BYTES) throw new GitProtocolError("truncated", "the pack has no end");
    const version = pack.readUInt32BE(4);
    if (pack.toString("latin1", 0, 4) !== "PACK" || (version !== 2 && version !== 3)) {
      throw malformed("the pack has an unknown header");
    }
    const checksum = createHash(this.#format).update(pack.subarray(0, this.#end)).digest();
    if (checksum.equals(pack.subarray(this.#end))) return pack.readUInt32BE(8);
    throw new GitProtocolError("truncated", "the pack does not match its checksum");
  }

  /** A delta may come before the object that it is based on. */
  #addDeltas(offsets: readonly number[]): void {
    let remaining = offsets;
    while (remaining.length > 0) {
      const waiting = remaining.filter((offset) => !this.#addDelta(offset));
      if (waiting.length === remaining.length) throw malformed("a delta is based on an object that is not in the pack");
      remaining = waiting;
    }
  }

  /** Returns false if the object that the delta at `offset` is based on is not known yet. */
  #addDelta(offset: number): boolean {
    const deltas: Buffer[] = [];
    for (let at: number | undefined = offset; at !== undefined; ) {
      const { type, data } = this.#entryAt(at);
      if (typeof type === "string") {
        this.#add(offset, type, deltas.reduceRight(applyDelta, data));
        return true;
      }
      deltas.push(data);
      at = this.#offsets.get(type.base);
    }
    return false;
  }

  #add(offset: number, type: string, data: Buffer): void {
    const id = createHash(this.#format).update(`${type} ${data.length}\0`).update(data).digest("hex");
    this.#offsets.set(id, offset);
    if (type === "commit") this.#commits.push({ id, parents: parentsOf(data, id.length) });
  }

  #entryAt(offset: number): Entry {
    const reader = new ByteReader(this.#pack.subarray(0, this.#end), offset);
    const first = reader.byte();
    const number = (first >> 4) & 0x07;
    const size = (first & 0x80) === 0 ? first & 0x0f : reader.varint(first & 0x0f, 0x10);
    const isDelta = number === REF_DELTA;
    const type = isDelta ? { base: reader.take(HASH_BYTES[this.#format]).toString("hex") } : TYPES[number];
    if (type === undefined) throw malformed(`the pack has an object of the unknown type ${number}`);
    if (size > MAX_OBJECT_BYTES) throw malformed(`the pack has an object of ${size} bytes`);
    const { data, length } = inflate(this.#pack.subarray(reader.at, this.#end), size);
    return { type, data, end: reader.at + length };
  }
}

/** Decompresses the object at the start of `bytes`. `length`: the bytes that it takes there. */
function inflate(bytes: Buffer, size: number): { readonly data: Buffer; readonly length: number } {
  let result: unknown;
  try {
    result = inflateSync(bytes, { info: true, chunkSize: Math.max(64, size + 1), maxOutputLength: size + 1 });
  } catch {
    throw malformed("an object of the pack cannot be decompressed");
  }
  if (!isInflated(result) || result.buffer.length !== size) throw malformed("an object of the pack has a wrong size");
  return { data: result.buffer, length: result.engine.bytesWritten };
}

/** The result of `inflateSync` with the option `info`, which its type does not describe (Node's docs, "zlib", "Class: Options"). */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

function isInflated(result: unknown): result is Inflated {
  return typeof result === "object" && result !== null && "buffer" in result && "engine" in result;
}

/** Returns the parents of a commit. They follow its first line, `tree ID` (git-cat-file, "commit"). */
function parentsOf(commit: Buffer, digits: number): readonly string[] {
  const parents: string[] = [];
  for (let at = "tree \n".length + digits; commit.toString("latin1", at, at + 7) === "parent "; ) {
    parents.push(commit.toString("latin1", at + 7, at + 7 + digits));
    at += "parent \n".length + digits;
  }
  return parents;
}

function malformed(message: string): GitProtocolError {
  return new GitProtocolError("malformed", message);
}
