import { createHash } from "node:crypto";
import { onTestFinished } from "vitest";
import { type Digest, isDigest } from "../../../src/digest.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import type { HttpClient } from "../../../src/http/http.ts";
import { type DigitalOceanSettings, openDigitalOcean } from "../../../src/registry/digitalocean/registry.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import type { DigitalOceanApi } from "../../servers/digitalocean/api.ts";
import type { ApiBehaviour } from "../../servers/digitalocean/behaviour.ts";
import type { CollectionBehaviour } from "../../servers/digitalocean/collections.ts";
import { MemoryContent, type RegistryManifest } from "../../servers/digitalocean/content.ts";
import { type DigitalOceanServer, serveDigitalOcean } from "../../servers/digitalocean/server.ts";
import { createFakeClock, type FakeClock } from "../../servers/fake-clock.ts";
import { serve, type TestServer } from "../../servers/http-server.ts";
import { createMemoryLog } from "../memory-log.ts";

/** The registry over HTTP, with an embedded API whose manifests have no bytes. The OCI endpoint answers 404. */
export interface Fixture {
  readonly registry: Registry;
  readonly http: HttpClient;
  readonly content: MemoryContent;
  readonly server: DigitalOceanServer;
  /** The OCI endpoint. */
  readonly oci: TestServer;
  readonly behaviour: ApiBehaviour;
  readonly collections: DigitalOceanApi["collections"];
  readonly clock: FakeClock;
  /** The log. */
  readonly lines: string[];
  readonly cancel: AbortController;
  /** Returns `METHOD path` of each request since the last call. */
  requests(): readonly string[];
}

export interface FixtureOptions {
  readonly behaviour?: Partial<ApiBehaviour>;
  readonly collection?: Partial<CollectionBehaviour>;
  readonly settings?: Partial<DigitalOceanSettings>;
  /** The registry's name in the settings; default: the one that the server has. */
  readonly registry?: string;
}

export const TOKEN = "dop_v1_secret";
export const REGISTRY = "acme";
/** A `sendBy` that never passes. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** Opens a fixture that is closed at the end of the test. */
export async function openFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const clock = createFakeClock();
  const content = new MemoryContent();
  const { behaviour = {}, collection = {}, registry: name = REGISTRY } = options;
  const server = await serveDigitalOcean({ registry: REGISTRY, token: TOKEN, content, clock, collection, behaviour });
  const oci = await serve(() => ({ status: 404, body: { errors: [{ code: "MANIFEST_UNKNOWN" }] } }));
  const lines: string[] = [];
  const cancel = new AbortController();
  const { signal } = cancel;
  const http = createHttpClient({ clock, concurrency: 16, signal });
  onTestFinished(async () => {
    await http.close();
    await server.close();
    await oci.close();
  });
  const settings: DigitalOceanSettings = {
    registry: {
      provider: "digitalocean",
      origin: oci.url,
      path: name,
      name: `registry.digitalocean.com/${name}`,
    },
    credential: { username: TOKEN, secret: TOKEN },
    apiUrl: server.apiUrl,
    gcType: "unreferenced blobs only",
    gcTimeoutMs: 3_600_000,
    ...options.settings,
  };
  let read = 0;
  return {
    ...{ http, content, server, oci, clock, lines, cancel },
    ...server.state,
    registry: openDigitalOcean(settings, { http, clock, log: createMemoryLog(lines), signal }),
    requests: () => {
      const unread = server.requests.slice(read).map(({ method, path }) => `${method} ${path}`);
      read = server.requests.length;
      return unread;
    },
  };
}

/** Returns the sha256 digest of `text`. */
export function digestOf(text: string): Digest {
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  if (!isDigest(digest)) throw new Error(`${digest} is not a digest`);
  return digest;
}

/** Returns an image with a layer of 1,000 bytes and a config of 10, pushed on 2026-11-01 by default. */
export function image(name: string, more: Partial<RegistryManifest> = {}): RegistryManifest {
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

/** Returns an index of `children`. */
export function index(
  name: string,
  children: readonly Digest[],
  more: Partial<RegistryManifest> = {},
): RegistryManifest {
  return image(name, { blobs: [], children, ...more });
}

/** Pushes `count` images; only the first has a tag. */
export function fill(fixture: Fixture, repository: string, count: number): void {
  for (let number = 1; number <= count; number++) {
    const tags = number === 1 ? ["main"] : [];
    fixture.content.push(repository, image(`${repository} ${number}`, { tags }));
  }
}

/** Answers requests by method and last path segment; the embedded API answers the others. */
export function answer(fixture: Fixture, answers: Readonly<Record<string, { status: number; body: unknown }>>): void {
  fixture.server.inject(({ method, url }) => {
    const reply = answers[`${method} ${url.pathname.split("/").at(-1)}`];
    return reply === undefined ? null : { kind: "reply", reply };
  });
}
