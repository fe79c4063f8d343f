import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { type Reply, type ServerFault, writeReply } from "./http-faults.ts";

export type { Reply, ServerFault } from "./http-faults.ts";

/** A received request with its complete body. */
export interface ServedRequest {
  readonly method: string;
  /** Path and query as sent: `%2F` is not decoded. */
  readonly path: string;
  /** The parsed path; its `pathname` is not decoded. */
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export type Handler = (request: ServedRequest) => Reply | Promise<Reply>;

/** Decides the fault of each request; `ordinal` is 1 for the server's first one. */
export type FaultScript = (request: ServedRequest, ordinal: number) => ServerFault | null;

export interface ServeOptions {
  /** Milliseconds before every response; default 0. */
  readonly latencyMs?: number;
  /** A script, or a list with the fault of the first request, the second and so on; null: no fault. */
  readonly faults?: FaultScript | readonly (ServerFault | null)[];
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The status of the response; null: not sent yet, or the connection was closed. */
  readonly status: number | null;
}

export interface TestServer {
  /** `http://127.0.0.1:PORT/` */
  readonly url: URL;
  readonly requests: readonly RecordedRequest[];
  /** Replaces the faults; ordinals start at 1 again. */
  inject(faults: FaultScript | readonly (ServerFault | null)[]): void;
  /** The highest number of concurrent requests. */
  peak(): number;
  close(): Promise<void>;
}

/** Returns the fault that answers with this reply: `refuse(429, { "retry-after": "3" })`. */
export function refuse(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: unknown = "",
): ServerFault {
  return { kind: "reply", reply: { status, headers, body } };
}

/** Serves `handler` over HTTP on 127.0.0.1, on a free port. */
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
    if (fault?.kind === "raw") return void incoming.socket.end(fault.text, "latin1");
    const handled = fault?.kind === "reply" ? fault.reply : await handler(request);
    if (fault?.kind === "reset after") return void incoming.socket.destroy();
    if (fault?.kind === "silent after") return;
    const reply = fault?.kind === "altered" ? fault.alter(handled) : handled;
    recorded.status = reply.status;
    await writeReply(outgoing, request.method, reply, fault);
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
      if (address === null || typeof address === "string") return reject(new Error("the server has no port"));
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
