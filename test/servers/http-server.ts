import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { setTimeout as wait } from "node:timers/promises";

/** A request as a handler gets it, read to its end. */
export interface ServedRequest {
  readonly method: string;
  /** Path and query as they were sent: `%2F` stays `%2F`. */
  readonly path: string;
  /** The same, taken apart; its `pathname` is still encoded. */
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What a handler answers. A body that is neither text nor bytes is sent as JSON. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: unknown;
}

export type Handler = (request: ServedRequest) => Reply | Promise<Reply>;

/**
 * What goes wrong with one request.
 *
 * - `reply`: this is answered, and the handler never sees the request (429, 503, HTML, an empty body, ...).
 * - `reset before`, `reset after`: the connection is cut before, or after, the handler acted; no answer.
 * - `truncated`: the handler acts; the connection is cut after half the body.
 * - `short content-length`: half the body's length is announced, and the whole is sent.
 * - `empty body`: the handler acts; its status and headers come without a body.
 * - `drip`: the handler acts; the body comes byte by byte, `everyMs` apart.
 * - `only 102`: the handler acts; that its answer is to come is said over and over, `everyMs` apart, and it never does.
 * - `delay`: the handler acts, and its answer comes `ms` later.
 * - `silent before`, `silent after`: no answer ever comes; the handler acted, or it did not.
 * - `stalled`: the handler acts; half the body comes, and nothing after it.
 * - `altered`: the handler acts; what it answers is changed.
 */
export type ServerFault =
  | { readonly kind: "reply"; readonly reply: Reply }
  | { readonly kind: "reset before" | "reset after" | "truncated" | "short content-length" | "empty body" }
  | { readonly kind: "silent before" | "silent after" | "stalled" }
  | { readonly kind: "altered"; readonly alter: (reply: Reply) => Reply }
  | { readonly kind: "drip" | "only 102"; readonly everyMs: number }
  | { readonly kind: "delay"; readonly ms: number };

/** Decides over every request; `ordinal` is 1 for the server's first. */
export type FaultScript = (request: ServedRequest, ordinal: number) => ServerFault | null;

export interface ServeOptions {
  /** Before every answer; default 0. */
  readonly latencyMs?: number;
  /** A script, or a list: the first fault is for the first request, and so on; null leaves that one alone. */
  readonly faults?: FaultScript | readonly (ServerFault | null)[];
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** What was answered; null: nothing yet, or the connection was cut. */
  readonly status: number | null;
}

export interface TestServer {
  /** `http://127.0.0.1:PORT/` */
  readonly url: URL;
  readonly requests: readonly RecordedRequest[];
  /** Replaces the faults; ordinals count from 1 again. */
  inject(faults: FaultScript | readonly (ServerFault | null)[]): void;
  /** How many requests were being served at once, at most. */
  peak(): number;
  close(): Promise<void>;
}

/** A refusal, as a fault: `refuse(429, { "retry-after": "3" })`. */
export function refuse(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: unknown = "",
): ServerFault {
  return { kind: "reply", reply: { status, headers, body } };
}

/** Serves `handler` over HTTP on 127.0.0.1, on a port of the system's choice. */
export async function serve(handler: Handler, options: ServeOptions = {}): Promise<TestServer> {
  const requests: Mutable<RecordedRequest>[] = [];
  let script = toScript(options.faults ?? []);
  let ordinal = 0;
  let serving = 0;
  let peak = 0;

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    const { url: _, ...seen } = request;
    const recorded: Mutable<RecordedRequest> = { ...seen, status: null };
    requests.push(recorded);
    ordinal += 1;
    const fault = script(request, ordinal);
    if (options.latencyMs) await wait(options.latencyMs);
    if (fault?.kind === "reset before") return void incoming.socket.destroy();
    if (fault?.kind === "silent before") return;
    const handled = fault?.kind === "reply" ? fault.reply : await handler(request);
    if (fault?.kind === "reset after") return void incoming.socket.destroy();
    if (fault?.kind === "silent after") return;
    const reply = fault?.kind === "altered" ? fault.alter(handled) : handled;
    recorded.status = reply.status;
    await write(outgoing, request.method, reply, fault);
  }

  const server = createServer((incoming, outgoing) => {
    serving += 1;
    peak = Math.max(peak, serving);
    answer(incoming, outgoing)
      .catch((error: unknown) => fail(outgoing, error))
      .finally(() => {
        serving -= 1;
      });
  });
  const port = await listen(server);
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    requests,
    inject(faults) {
      script = toScript(faults);
      ordinal = 0;
    },
    peak: () => peak,
    close: () => closeServer(server),
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function toScript(faults: FaultScript | readonly (ServerFault | null)[]): FaultScript {
  return typeof faults === "function" ? faults : (_request, ordinal) => faults[ordinal - 1] ?? null;
}

async function readRequest(incoming: IncomingMessage): Promise<ServedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const path = incoming.url ?? "/";
  const url = new URL(path, `http://${incoming.headers.host ?? "127.0.0.1"}`);
  return { method: incoming.method ?? "GET", path, url, headers: incoming.headers, body: Buffer.concat(chunks) };
}

function encode(reply: Reply): { bytes: Buffer; type: string | null } {
  const { body } = reply;
  if (body === undefined || body === null) return { bytes: Buffer.alloc(0), type: null };
  if (typeof body === "string") return { bytes: Buffer.from(body), type: "text/plain; charset=utf-8" };
  if (body instanceof Uint8Array) return { bytes: Buffer.from(body), type: "application/octet-stream" };
  return { bytes: Buffer.from(JSON.stringify(body)), type: "application/json" };
}

async function write(outgoing: ServerResponse, method: string, reply: Reply, fault: ServerFault | null): Promise<void> {
  const { bytes, type } = encode(reply);
  // By the machine's clock, and a test has its own.
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

function fail(outgoing: ServerResponse, error: unknown): void {
  if (outgoing.headersSent || outgoing.destroyed) return void outgoing.destroy();
  outgoing.writeHead(500, { "content-type": "text/plain" });
  outgoing.end(`the test server failed: ${error instanceof Error ? error.stack : String(error)}`);
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") return reject(new Error("the server got no port"));
      resolve(address.port);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
