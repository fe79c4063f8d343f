import { promisify } from "node:util";
import { brotliDecompress, gunzip, type InputType, inflate, type ZlibOptions } from "node:zlib";

/** A body above its limit, before or after decompression. */
export class TooLarge extends Error {}

/** A body that could not be decompressed: cut short, or not what its header says. */
export class Undecodable extends Error {}

/** A body that never ends: bytes keep coming, but slower than anything of use. */
export class TooSlow extends Error {}

type Decoder = (bytes: InputType, options: ZlibOptions) => Promise<Buffer>;

const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: promisify<InputType, ZlibOptions, Buffer>(gunzip),
  "x-gzip": promisify<InputType, ZlibOptions, Buffer>(gunzip),
  deflate: promisify<InputType, ZlibOptions, Buffer>(inflate),
  br: promisify(brotliDecompress),
};

const MOST_ENCODINGS = 3;

/** Undoes `content-encoding`, the last one first; what comes out is at most `maxBytes` long (a small body can be a bomb). */
export async function decode(bytes: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  if (encoding === undefined || encoding === "" || bytes.length === 0) return bytes;
  const names = encoding
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "identity");
  if (names.length > MOST_ENCODINGS) throw new Undecodable(`it is encoded ${names.length} times`);
  let decoded = bytes;
  for (const name of names.reverse()) {
    const decoder = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
    if (decoder === undefined) throw new Undecodable(`its content-encoding "${name.slice(0, 40)}" was not asked for`);
    decoded = await decodeOnce(decoder, decoded, maxBytes);
  }
  return decoded;
}

async function decodeOnce(decoder: Decoder, bytes: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await decoder(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if (codeOf(error) === "ERR_BUFFER_TOO_LARGE") throw new TooLarge();
    throw new Undecodable("it cannot be decompressed", { cause: error });
  }
}

/** The `code` of a system's or a library's error; empty: none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}
