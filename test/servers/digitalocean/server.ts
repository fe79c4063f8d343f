import { type Clock, systemClock } from "../../../src/clock.ts";
import { type Handler, type ServeOptions, serve, type TestServer } from "../http-server.ts";
import { type ApiBehaviour, type PlayedApi, playDigitalOceanApi, type Scope } from "./api.ts";
import type { CollectionScript } from "./collections.ts";
import type { RegistryContent } from "./content.ts";

export interface ServeDigitalOceanOptions extends ServeOptions {
  /** The registry's name. */
  readonly registry: string;
  readonly token: string;
  /** Default: all. */
  readonly scopes?: readonly Scope[];
  readonly content: RegistryContent;
  readonly clock?: Clock;
  readonly collection?: Partial<CollectionScript>;
  readonly behaviour?: Partial<ApiBehaviour>;
  /** Answers `/v2/registry/auth`, the realm that the OCI endpoint names; default: 404. */
  readonly realm?: Handler;
}

export interface DigitalOceanServer {
  /** `http://127.0.0.1:PORT/` */
  readonly apiUrl: URL;
  /** What may be changed while it runs. */
  readonly state: Pick<PlayedApi, "behaviour" | "collections">;
  readonly requests: TestServer["requests"];
  inject: TestServer["inject"];
  close(): Promise<void>;
}

/** DigitalOcean's API for one registry, on 127.0.0.1. */
export async function serveDigitalOcean(options: ServeDigitalOceanOptions): Promise<DigitalOceanServer> {
  const { registry, token, content, clock = systemClock, collection, realm, scopes } = options;
  const behaviour = { ...options.behaviour, ...(scopes === undefined ? {} : { scopes }) };
  const api = playDigitalOceanApi({ registry, token, content, clock, collection, behaviour });
  const handler: Handler = (request) =>
    realm !== undefined && request.url.pathname === "/v2/registry/auth" ? realm(request) : api.handler(request);
  const server = await serve(handler, options);
  return {
    apiUrl: server.url,
    state: { behaviour: api.behaviour, collections: api.collections },
    requests: server.requests,
    inject: (faults) => server.inject(faults),
    close: () => server.close(),
  };
}
