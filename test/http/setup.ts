import { onTestFinished } from "vitest";
import { createHttpClient, type HttpOptions } from "../../src/http/client.ts";
import { HttpError } from "../../src/http/errors.ts";
import type { HttpClient, HttpRequest } from "../../src/http/http.ts";
import { createFakeClock, type FakeClock } from "../servers/fake-clock.ts";
import { type Handler, type ServeOptions, serve, type TestServer } from "../servers/http-server.ts";

export interface Stage {
  readonly server: TestServer;
  readonly client: HttpClient;
  readonly clock: FakeClock;
  /** Returns a request for a path of the server: by default a GET that expects 200. */
  to(path: string, request?: Partial<HttpRequest>): HttpRequest;
}

const ok: Handler = () => ({ status: 200, body: "ok" });

/** Starts a server and a client with a fake clock, and closes them at the end of the test. */
export async function stage(
  options: {
    readonly handler?: Handler;
    readonly serve?: ServeOptions;
    readonly client?: Partial<HttpOptions>;
    readonly clock?: FakeClock;
  } = {},
): Promise<Stage> {
  const server = await serve(options.handler ?? ok, options.serve);
  const clock = options.clock ?? createFakeClock();
  const client = createHttpClient({ clock, concurrency: 16, ...options.client });
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  const to: Stage["to"] = (path, request) => ({
    method: "GET",
    url: new URL(path, server.url),
    expected: [200],
    ...request,
  });
  return { server, client, clock, to };
}

/** Returns a handler that responds after `release`. */
export function holdResponses(): { readonly handler: Handler; release(): void } {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { handler: () => released.then(() => ({ status: 200 })), release };
}

/** Returns the HttpError that rejects `work`. */
export async function failure(work: Promise<unknown>): Promise<HttpError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof HttpError) return error;
    throw error;
  }
  throw new Error("the request did not fail");
}
