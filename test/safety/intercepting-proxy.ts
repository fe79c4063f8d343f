import { createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers a request in position of the server behind; `sent` counts the bytes that went out. */
export type ResponseWriter = (outgoing: ServerResponse, sent: { bytes: number }) => Promise<void>;

/** A server in proxy of another: what it does not answer itself goes through. */
export interface InterceptingProxy {
  readonly host: string;
  /** Requests that it answered itself. */
  answered(): number;
  /** Bytes of the bodies of these, as far as the client took them. */
  sentBytes(): number;
  close(): Promise<void>;
}

export async function startInterceptingProxy(
  behind: string,
  meets: (method: string, path: string, headers: IncomingMessage["headers"]) => boolean,
  answer: ResponseWriter,
): Promise<InterceptingProxy> {
  const sent = { bytes: 0 };
  let answered = 0;
  const server = createServer((incoming, outgoing) => {
    const { method = "GET", url = "/", headers } = incoming;
    outgoing.on("error", () => undefined);
    if (meets(method, url, headers)) {
      answered += 1;
      incoming.resume();
      answer(outgoing, sent).catch(() => outgoing.destroy());
      return;
    }
    const forwarded = send(`http://${behind}${url}`, { method, headers }, (answered) => {
      // What a server says of its own address leads here.
      const own = JSON.parse(JSON.stringify(answered.headers).replaceAll(behind, hostOf(server)));
      outgoing.writeHead(answered.statusCode ?? 500, own);
      answered.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: hostOf(server),
    answered: () => answered,
    sentBytes: () => sent.bytes,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function hostOf(server: { address(): AddressInfo | string | null }): string {
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

/** A body without an end, or of `declared` bytes, as fast as it is taken. */
export function endlessBody(declared: number | null, type = "application/json"): ResponseWriter {
  const chunk = Buffer.alloc(64 * 1024, " ");
  return async (outgoing, sent) => {
    outgoing.writeHead(200, { "content-type": type, ...(declared === null ? {} : { "content-length": declared }) });
    for (let left = declared ?? Number.POSITIVE_INFINITY; left > 0 && !outgoing.destroyed; left -= chunk.length) {
      const piece = chunk.subarray(0, Math.min(left, chunk.length));
      const taken = outgoing.write(piece);
      sent.bytes += piece.length;
      if (!taken) await drained(outgoing);
    }
    outgoing.end();
  };
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off("drain", done).off("close", done);
      resolve();
    };
    outgoing.on("drain", done).on("close", done);
  });
}

/** A body as it is. */
export function body(body: Buffer, headers: Readonly<Record<string, string>>, status = 200): ResponseWriter {
  return async (outgoing, sent) => {
    outgoing.writeHead(status, headers);
    outgoing.end(body);
    sent.bytes += body.length;
  };
}
