import { onTestFinished } from "vitest";
import { createHttpClient } from "../../../src/http/client.ts";
import type { HttpClient } from "../../../src/http/http.ts";
import type { Log } from "../../../src/log.ts";
import { OciClient } from "../../../src/registry/oci/client.ts";
import type { Credential } from "../../../src/settings.ts";
import { createFakeClock, type FakeClock } from "../../servers/fake-clock.ts";
import { type Handler, type ServeOptions, serve, type TestServer } from "../../servers/http-server.ts";
import type { OciBehaviour } from "../../servers/oci/behaviour.ts";
import { createOciHandler } from "../../servers/oci/server.ts";
import { RegistryStore } from "../../servers/oci/store.ts";

export interface SetupOptions {
  readonly behaviour?: OciBehaviour;
  readonly serve?: ServeOptions;
  /** Wraps or replaces the embedded registry. */
  readonly handler?: (registry: Handler) => Handler;
  readonly credential?: Credential | null;
  readonly mayReceiveCredential?: (realm: URL) => boolean;
}

/** An OCI client and the embedded registry that it sends requests to. */
export interface Setup {
  readonly oci: OciClient;
  readonly store: RegistryStore;
  readonly server: TestServer;
  readonly clock: FakeClock;
  readonly http: HttpClient;
  /** The lines of the log, and the masked secrets. */
  readonly lines: readonly string[];
  readonly masked: readonly string[];
  /** Returns the requests since the last call: `GET /v2/…`. */
  requests(): readonly string[];
}

export const CREDENTIAL: Credential = { username: "robot", secret: "se:cret" };
/** For deletions that can be sent at any time. */
export const LATER = Number.POSITIVE_INFINITY;

/** Starts a registry and opens a client for it. Closes both when the test ends. */
export async function setUp(options: SetupOptions = {}): Promise<Setup> {
  const clock = createFakeClock();
  const store = new RegistryStore(clock);
  const registry = createOciHandler(store, options.behaviour);
  const server = await startServer(options.handler?.(registry) ?? registry, options.serve);
  const http = createHttpClient({ clock, concurrency: 16 });
  onTestFinished(() => http.close());
  const lines: string[] = [];
  const masked: string[] = [];
  let reported = 0;
  const oci = new OciClient({
    ...{ http, clock, origin: server.url, log: logInto(lines, masked) },
    credential: options.credential === undefined ? CREDENTIAL : options.credential,
    mayReceiveCredential: options.mayReceiveCredential ?? (() => true),
    remedy: "Check the credential.",
  });
  return {
    ...{ oci, store, server, clock, http, lines, masked },
    requests() {
      const latest = server.requests.slice(reported).map(({ method, path }) => `${method} ${path}`);
      reported = server.requests.length;
      return latest;
    },
  };
}

/** Starts another server. Closes it when the test ends. */
export async function startServer(handler: Handler, options?: ServeOptions): Promise<TestServer> {
  const server = await serve(handler, options);
  onTestFinished(() => server.close());
  return server;
}

function logInto(lines: string[], masked: string[]): Log {
  return {
    info: (text) => void lines.push(text),
    warn: (kind, text) => void lines.push(`${kind}: ${text}`),
    error: (kind, text) => void lines.push(`${kind}: ${text}`),
    group: (_title, more) => void lines.push(...more),
    mask: (secret) => void masked.push(secret),
    progress: () => () => undefined,
  };
}
