import type { ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

/** What a handler answers. A body that is neither a string nor bytes is sent as JSON. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: unknown;
}

/**
 * A fault of one request or its response.
 *
 * - `reply`: sends this reply without calling the handler (429, 503, HTML, an empty body, …).
 * - `reset before`, `reset after`: closes the connection before or after the handler ran, without a response.
 * - `truncated`: calls the handler and closes the connection after half the body.
 * - `short content-length`: announces half the body's length and sends all of it.
 * - `empty body`: calls the handler and sends its status and headers without the body.
 * - `drip`: calls the handler and sends the body byte by byte, `everyMs` apart.
 * - `only 102`: calls the handler and sends 102 Processing every `everyMs`, but never the final response.
 * - `delay`: calls the handler and sends its response after `ms`.
 * - `silent before`, `silent after`: never answers; the handler did not run, or ran.
 * - `stalled`: calls the handler, sends half the body and then nothing.
 * - `altered`: calls the handler and changes its reply.
 * - `raw`: sends these characters, whether they are HTTP or not, and closes the connection. The handler does not run.
 */
export type ServerFault =
  | { readonly kind: "reply"; readonly reply: Reply }
  | { readonly kind: "reset before" | "reset after" | "truncated" | "short content-length" | "empty body" }
  | { readonly kind: "silent before" | "silent after" | "stalled" }
  | { readonly kind: "altered"; readonly alter: (reply: Reply) => Reply }
  | { readonly kind: "drip" | "only 102"; readonly everyMs: number }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "raw"; readonly text: string };

/** Sends a reply, with the part of `fault` that concerns the response. */
export async function writeReply(
  outgoing: ServerResponse,
  method: string,
  reply: Reply,
  fault: ServerFault | null,
): Promise<void> {
  const { bytes, type } = encode(reply);
  // Node would set it from the machine's clock, but tests have their own.
  outgoing.sendDate = false;
  outgoing.statusCode = reply.status;
  if (type !== null) outgoing.setHeader("content-type", type);
  for (const [name, value] of Object.entries(reply.headers ?? {})) outgoing.setHeader(name, value);
  const sent = fault?.kind === "empty body" ? Buffer.alloc(0) : bytes;
  const half = Math.floor(sent.length / 2);
  if (reply.status !== 204 && reply.status !== 304 && !outgoing.hasHeader("content-length")) {
    outgoing.setHeader("content-length", fault?.kind === "short content-length" ? half : sent.length);
  }
  if (method === "HEAD") return void outgoing.end();
  if (fault?.kind === "delay") await wait(fault.ms);
  while (fault?.kind === "only 102" && !outgoing.destroyed) {
    outgoing.writeProcessing();
    await wait(fault.everyMs);
  }
  if (fault?.kind === "stalled") {
    outgoing.flushHeaders();
    return void outgoing.write(sent.subarray(0, half));
  }
  if (fault?.kind === "truncated") {
    outgoing.write(sent.subarray(0, half), () => outgoing.socket?.destroy());
    return;
  }
  if (fault?.kind === "drip") {
    for (const byte of sent) {
      outgoing.write(Buffer.of(byte));
      await wait(fault.everyMs);
      if (outgoing.destroyed) return;
    }
    return void outgoing.end();
  }
  outgoing.end(sent);
}

function encode({ body }: Reply): { bytes: Buffer; type: string | null } {
  if (body === undefined || body === null) return { bytes: Buffer.alloc(0), type: null };
  if (typeof body === "string") return { bytes: Buffer.from(body), type: "text/plain; charset=utf-8" };
  if (body instanceof Uint8Array) return { bytes: Buffer.from(body), type: "application/octet-stream" };
  return { bytes: Buffer.from(JSON.stringify(body)), type: "application/json" };
}
