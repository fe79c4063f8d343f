import { createHash } from "node:crypto";
import { type Digest, isDigest } from "../../../src/digest.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import type { Log } from "../../../src/log.ts";
import {
  type DigitalOceanOptions,
  type ManifestReader,
  openDigitalOcean,
} from "../../../src/registry/digitalocean/registry.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import type { ApiBehaviour, PlayedApi } from "../../servers/digitalocean/api.ts";
import type { CollectionScript } from "../../servers/digitalocean/collections.ts";
import { HeldContent, type HeldManifest } from "../../servers/digitalocean/content.ts";
import { type DigitalOceanServer, serveDigitalOcean } from "../../servers/digitalocean/server.ts";
import { createFakeClock, type FakeClock } from "../../servers/fake-clock.ts";

/** The adapter over HTTP in front of a played API whose content has no bytes: all but the OCI endpoint. */
export interface Bench {
  readonly registry: Registry;
  readonly content: HeldContent;
  readonly server: DigitalOceanServer;
  readonly behaviour: ApiBehaviour;
  readonly collections: PlayedApi["collections"];
  readonly clock: FakeClock;
  readonly lines: string[];
  readonly cancel: AbortController;
  readonly options: DigitalOceanOptions;
  /** `METHOD path` of every request so far; empties the record. */
  asked(): readonly string[];
  close(): Promise<void>;
}

export interface BenchOptions {
  readonly behaviour?: Partial<ApiBehaviour>;
  readonly collection?: Partial<CollectionScript>;
  readonly adapter?: Partial<DigitalOceanOptions>;
}

export const TOKEN = "dop_v1_secret";
export const REGISTRY = "acme";

const NO_MANIFESTS: ManifestReader = {
  read: async () => "missing",
  referrers: async () => null,
};

export async function openBench(options: BenchOptions = {}): Promise<Bench> {
  const clock = createFakeClock();
  const content = new HeldContent();
  const { behaviour: asked = {}, collection = {} } = options;
  const served = { registry: REGISTRY, token: TOKEN, content, clock, collection };
  const server = await serveDigitalOcean({ ...served, behaviour: asked });
  const { behaviour, collections } = server.state;
  const lines: string[] = [];
  const cancel = new AbortController();
  const http = createHttpClient({ clock, concurrency: 16, signal: cancel.signal });
  const adapter: DigitalOceanOptions = {
    ...{ http, clock, log: logInto(lines), manifests: NO_MANIFESTS, signal: cancel.signal },
    address: {
      provider: "digitalocean",
      origin: new URL("https://registry.digitalocean.com"),
      path: REGISTRY,
      name: `registry.digitalocean.com/${REGISTRY}`,
    },
    credential: { username: TOKEN, secret: TOKEN },
    apiUrl: server.apiUrl,
    gcType: "unreferenced blobs only",
    gcTimeoutMs: 3_600_000,
    ...options.adapter,
  };
  let reported = 0;
  return {
    ...{ content, server, behaviour, collections, clock, lines, cancel },
    options: adapter,
    registry: openDigitalOcean(adapter),
    asked: () => {
      const fresh = server.requests.slice(reported).map(({ method, path }) => `${method} ${path}`);
      reported = server.requests.length;
      return fresh;
    },
    close: async () => {
      await http.close();
      await server.close();
    },
  };
}

function logInto(lines: string[]): Log {
  return {
    info: (text) => void lines.push(text),
    warn: (_kind, text) => void lines.push(text),
    error: (_kind, text) => void lines.push(text),
    group: (_title, work) => work(),
    mask: () => undefined,
    progress: () => () => undefined,
  };
}

/** The sha256 digest of `text`. */
export function digestOf(text: string): Digest {
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  if (!isDigest(digest)) throw new Error(`${digest} is no digest`);
  return digest;
}

/** An image called `name`: of one layer of 1,000 bytes and a config of 10, pushed on 2026-11-01 unless it is said otherwise. */
export function image(name: string, more: Partial<HeldManifest> = {}): HeldManifest {
  return {
    digest: digestOf(name),
    tags: [],
    bytes: 500,
    pushedAt: Date.UTC(2026, 10, 1),
    blobs: [
      { digest: digestOf(`${name} config`), bytes: 10 },
      { digest: digestOf(`${name} layer`), bytes: 1000 },
    ],
    children: [],
    ...more,
  };
}

/** An index called `name` of those children. */
export function index(name: string, children: readonly Digest[], more: Partial<HeldManifest> = {}): HeldManifest {
  return image(name, { blobs: [], children, ...more });
}
