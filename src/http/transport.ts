import type { Dispatcher } from "undici";
import { collect, decode } from "./body.ts";
import type { HttpError } from "./errors.ts";
import { failureOf, type Reach } from "./failure.ts";
import { type Hop, isExpected } from "./hop.ts";

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
export async function exchange(
  dispatcher: Dispatcher,
  hop: Hop,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Outcome> {
  try {
    const { url, method, body } = hop;
    const path = url.pathname + url.search;
    const answer = await dispatcher.request({
      origin: url.origin,
      path,
      method,
      headers: { ...hop.headers },
      body,
      signal,
    });
    const status = answer.statusCode;
    const headers = plainHeaders(answer.headers);
    const maxBytes = isExpected(hop, status) ? hop.maxBytes : Math.max(hop.maxBytes, UNEXPECTED_MAX_BYTES);
    const raw = await collect(answer.body, maxBytes, timeoutMs * SLOWEST);
    const encoding = method === "HEAD" ? undefined : headers["content-encoding"];
    return {
      kind: "answer",
      status,
      headers,
      body: encoding === undefined ? raw : await decode(raw, encoding, maxBytes),
    };
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
