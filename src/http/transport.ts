import type { Dispatcher } from "undici";
import { decode } from "./body.ts";
import type { HttpError } from "./errors.ts";
import { failureOf, type Reach } from "./failure.ts";
import { type Hop, isExpected } from "./hop.ts";
import { type Flight, receive } from "./receive.ts";

/** A whole answer, whatever its status. */
export interface Answer {
  readonly kind: "answer";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What one sending came to. */
export type Outcome = Answer | { readonly kind: "failure"; readonly error: HttpError; readonly reach: Reach };

/** Of an answer that nobody expects, this much is read, to say what it was. */
const UNEXPECTED_MAX_BYTES = 256 * 1024;
/** A body that keeps dripping is given up after this many times the timeout. */
const SLOWEST = 10;

/** Sends `hop` once, and reads the answer to its end. Never throws. */
export async function exchange(dispatcher: Dispatcher, hop: Hop, flight: Flight, timeoutMs: number): Promise<Outcome> {
  try {
    const { url, method, body } = hop;
    const maxBytes = (status: number): number =>
      isExpected(hop, status) ? hop.maxBytes : Math.max(hop.maxBytes, UNEXPECTED_MAX_BYTES);
    const request = { origin: url.origin, path: url.pathname + url.search, method, headers: hop.headers, body };
    const raw = await receive(dispatcher, request, { maxBytes, withinMs: timeoutMs * SLOWEST }, flight);
    const { status } = raw;
    const headers = plainHeaders(raw.headers);
    const encoding = method === "HEAD" ? undefined : headers["content-encoding"];
    const decoded = encoding === undefined ? raw.bytes : await decode(raw.bytes, encoding, maxBytes(status));
    return { kind: "answer", status, headers, body: decoded };
  } catch (cause) {
    return { kind: "failure", ...failureOf(hop, cause, timeoutMs) };
  }
}

function plainHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) plain[name] = typeof value === "string" ? value : value.join(", ");
  }
  return plain;
}
