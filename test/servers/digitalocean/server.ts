import { type Clock, systemClock } from "../../../src/clock.ts";
import { type Handler, type ServeOptions, serve, type TestServer } from "../http-server.ts";
import { createDigitalOceanApi, type DigitalOceanApi } from "./api.ts";
import type { ApiBehaviour, Scope } from "./behaviour.ts";
import type { CollectionBehaviour } from "./collections.ts";
import type { RegistryContent } from "./content.ts";

export interface ServeDigitalOceanOptions extends ServeOptions {
  /** The registry's name. */
  readonly registry: string;
  readonly token: string;
  /** Default: all. */
  readonly scopes?: readonly Scope[];
  readonly content: RegistryContent;
  readonly clock?: Clock;
  readonly collection?: Partial<CollectionBehaviour>;
  readonly behaviour?: Partial<ApiBehaviour>;
  /** Answers `/v2/registry/auth`, the realm of the OCI endpoint; default: 404. */
  readonly realm?: Handler;
}

export interface DigitalOceanServer {
  /** `http://127.0.0.1:PORT/` */
  readonly apiUrl: URL;
  /** Tests may change it while the server runs. */
  readonly state: Pick<DigitalOceanApi, "behaviour" | "collections">;
  readonly requests: TestServer["requests"];
  inject: TestServer["inject"];
  close(): Promise<void>;
}

/** Serves DigitalOcean's API for one registry on 127.0.0.1. */
export async function serveDigitalOcean(options: ServeDigitalOceanOptions): Promise<DigitalOceanServer> {
  const { registry, token, content, clock = systemClock, collection, realm, scopes } = options;
  const behaviour = { ...options.behaviour, ...(scopes === undefined ? {} : { scopes }) };
  const api = createDigitalOceanApi({ registry, token, content, clock, collection, behaviour });
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
