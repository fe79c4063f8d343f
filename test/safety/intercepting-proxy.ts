import { createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers a request itself. Adds the sent bytes to `sent`. */
export type ResponseWriter = (outgoing: ServerResponse, sent: { bytes: number }) => Promise<void>;

/** A proxy in front of a test server that answers some requests itself and forwards the others. */
export interface InterceptingProxy {
  readonly host: string;
  /** The number of requests that it answered itself. */
  answered(): number;
  /** Body bytes of these responses that the client received. */
  sentBytes(): number;
  close(): Promise<void>;
}

/**
 * @param target `HOST:PORT` of the server
 * @param intercepts selects the requests that `respond` answers
 */
export async function startInterceptingProxy(
  target: string,
  intercepts: (method: string, path: string, headers: IncomingMessage["headers"]) => boolean,
  respond: ResponseWriter,
): Promise<InterceptingProxy> {
  const sent = { bytes: 0 };
  let answered = 0;
  const server = createServer((incoming, outgoing) => {
    const { method = "GET", url = "/", headers } = incoming;
    outgoing.on("error", () => undefined);
    if (intercepts(method, url, headers)) {
      answered += 1;
      incoming.resume();
      respond(outgoing, sent).catch(() => outgoing.destroy());
      return;
    }
    const forwarded = send(`http://${target}${url}`, { method, headers }, (response) => {
      // The server's own address in its headers becomes the proxy's.
      const ownHeaders = JSON.parse(JSON.stringify(response.headers).replaceAll(target, hostOf(server)));
      outgoing.writeHead(response.statusCode ?? 500, ownHeaders);
      response.pipe(outgoing);
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

/** A body that never ends, or of `declared` bytes, sent as fast as the client reads. */
export function largeBody(declared: number | null, type = "application/json"): ResponseWriter {
  const chunk = Buffer.alloc(64 * 1024, " ");
  return async (outgoing, sent) => {
    outgoing.writeHead(200, { "content-type": type, ...(declared === null ? {} : { "content-length": declared }) });
    for (let rest = declared ?? Number.POSITIVE_INFINITY; rest > 0 && !outgoing.destroyed; rest -= chunk.length) {
      const piece = chunk.subarray(0, Math.min(rest, chunk.length));
      const isBuffered = outgoing.write(piece);
      sent.bytes += piece.length;
      if (!isBuffered) await drained(outgoing);
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

/** A complete response. */
export function fixedBody(body: Buffer, headers: Readonly<Record<string, string>>, status = 200): ResponseWriter {
  return async (outgoing, sent) => {
    outgoing.writeHead(status, headers);
    outgoing.end(body);
    sent.bytes += body.length;
  };
}
