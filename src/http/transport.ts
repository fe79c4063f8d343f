import type { Dispatcher } from "undici";
import { decompress } from "./decompress.ts";
import { networkError } from "./network-error.ts";
import { receive } from "./receive.ts";
import type { OutgoingRequest, SendResult } from "./request.ts";

/** The most bytes to read of an unexpected response, for its error. */
const UNEXPECTED_MAX_BYTES = 256 * 1024;
/** A complete response may take this many timeouts. */
const SLOW_FACTOR = 10;

/** Sends a request once and reads the complete response. Never throws. `signal` aborts the request. */
export async function sendOnce(
  dispatcher: Dispatcher,
  request: OutgoingRequest,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<SendResult> {
  try {
    const { url, method, headers, body, expected } = request;
    const maxBytes = (status: number): number =>
      expected.includes(status) ? request.maxBytes : Math.max(request.maxBytes, UNEXPECTED_MAX_BYTES);
    const options = { origin: url.origin, path: url.pathname + url.search, method, headers, body };
    const limits = { maxBytes, timeoutMs: timeoutMs * SLOW_FACTOR };
    const raw = await receive(dispatcher, options, limits, signal);
    const plain = joinHeaders(raw.headers);
    const decompressed = await decompress(raw.body, plain["content-encoding"] ?? "", maxBytes(raw.status));
    return { status: raw.status, headers: plain, body: decompressed };
  } catch (cause) {
    return networkError(request, cause, timeoutMs);
  }
}

function joinHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) joined[name] = typeof value === "string" ? value : value.join(", ");
  }
  return joined;
}
