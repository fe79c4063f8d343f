/** A body larger than its limit, before or after decompression. */
export class TooLargeError extends Error {}

/** A body that cannot be decompressed. */
export class DecompressionError extends Error {}

const MAX_ENCODINGS = 3;

/** Undoes `content-encoding`. Stops after `maxBytes`, because a small body can decompress to a huge one. */
export async function decompress(body: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  if (encoding === "" || body.length === 0) return body;
  const names = encoding
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "identity");
  if (names.length > MAX_ENCODINGS) throw new DecompressionError(`it has ${names.length} content encodings`);
  let decompressed = body;
  // The last encoding was applied last.
  for (const name of names.reverse()) decompressed = await decompressOnce(name, decompressed, maxBytes);
  return decompressed;
}

async function decompressOnce(name: string, bytes: Buffer, maxBytes: number): Promise<Buffer> {
  const [zlib, { promisify }] = await Promise.all([import("node:zlib"), import("node:util")]);
  const decompressors = new Map([
    ["gzip", zlib.gunzip],
    ["x-gzip", zlib.gunzip],
    ["deflate", zlib.inflate],
    ["br", zlib.brotliDecompress],
  ]);
  const decompressor = decompressors.get(name);
  if (decompressor === undefined) {
    throw new DecompressionError(`its content-encoding "${name.slice(0, 40)}" is not supported`);
  }
  try {
    return await promisify(decompressor)(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (codeOf(cause) === "ERR_BUFFER_TOO_LARGE") throw new TooLargeError();
    throw new DecompressionError("it cannot be decompressed", { cause });
  }
}

/** The `code` of a system's or a library's error; empty: it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}
