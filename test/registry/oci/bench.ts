import { createHttpClient } from "../../../src/http/client.ts";
import type { HttpClient } from "../../../src/http/http.ts";
import type { Log } from "../../../src/log.ts";
import { createOciClient, type OciClient } from "../../../src/registry/oci/client.ts";
import type { Credential } from "../../../src/settings.ts";
import { createFakeClock, type FakeClock } from "../../servers/fake-clock.ts";
import { type Handler, type ServeOptions, serve, type TestServer } from "../../servers/http-server.ts";
import type { OciBehaviour } from "../../servers/oci/behaviour.ts";
import { playOci } from "../../servers/oci/server.ts";
import { RegistryStore } from "../../servers/oci/store.ts";

export interface OciBenchOptions {
  readonly behaviour?: OciBehaviour;
  readonly serve?: ServeOptions;
  /** What answers in place of the played registry, with that at hand. */
  readonly handler?: (registry: Handler) => Handler;
  readonly credential?: Credential | null;
  readonly mayReceiveCredential?: (realm: URL) => boolean;
}

/** A client, and the registry that it talks to. */
export interface OciBench {
  readonly oci: OciClient;
  readonly store: RegistryStore;
  readonly server: TestServer;
  readonly clock: FakeClock;
  readonly http: HttpClient;
  /** What was told, and what was masked. */
  readonly lines: readonly string[];
  readonly masked: readonly string[];
  /** What was asked since the last call: `GET /v2/…`. */
  asked(): readonly string[];
  close(): Promise<void>;
}

export const CREDENTIAL: Credential = { username: "robot", secret: "se:cret" };

export async function openOciBench(options: OciBenchOptions = {}): Promise<OciBench> {
  const clock = createFakeClock();
  const store = new RegistryStore(clock);
  const played = playOci(store, options.behaviour);
  const server = await serve(options.handler?.(played) ?? played, options.serve);
  const http = createHttpClient({ clock, concurrency: 16 });
  const lines: string[] = [];
  const masked: string[] = [];
  let told = 0;
  const oci = createOciClient({
    ...{ http, clock, origin: server.url, log: logInto(lines, masked) },
    credential: options.credential === undefined ? CREDENTIAL : options.credential,
    mayReceiveCredential: options.mayReceiveCredential ?? (() => true),
    remedy: "Check the credential.",
  });
  return {
    ...{ oci, store, server, clock, http, lines, masked },
    asked() {
      const fresh = server.requests.slice(told).map(({ method, path }) => `${method} ${path}`);
      told = server.requests.length;
      return fresh;
    },
    async close() {
      await http.close();
      await server.close();
    },
  };
}

function logInto(lines: string[], masked: string[]): Log {
  return {
    info: (text) => void lines.push(text),
    warn: (kind, text) => void lines.push(`${kind}: ${text}`),
    error: (kind, text) => void lines.push(`${kind}: ${text}`),
    group: (_title, work) => work(),
    mask: (secret) => void masked.push(secret),
    progress: () => () => undefined,
  };
}
