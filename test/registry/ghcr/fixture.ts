import { onTestFinished } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import type { HostPolicy, HttpClient } from "../../../src/http/http.ts";
import { type GhcrSettings, ratePolicy } from "../../../src/registry/ghcr/limits.ts";
import { openGhcr } from "../../../src/registry/ghcr/registry.ts";
import type { DeletionTarget, Listing, Registry } from "../../../src/registry/registry.ts";
import { createFakeClock, type FakeClock } from "../../servers/fake-clock.ts";
import { type GhcrServer, type ServeGhcrOptions, serveGhcr } from "../../servers/ghcr/server.ts";
import { createMemoryLog } from "../memory-log.ts";

export const OWNER = "Acme";
export const TOKEN = "ghp_secret";
/** A `sendBy` that never passes. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** The registry over HTTP, with embedded servers. */
export interface Fixture {
  readonly registry: Registry;
  readonly server: GhcrServer;
  readonly clock: FakeClock;
  readonly http: HttpClient;
  /** The log. */
  readonly lines: readonly string[];
  /** Returns `METHOD path` of each request to the API since the last call. */
  requests(): readonly string[];
  /** The same for the OCI endpoint. */
  ociRequests(): readonly string[];
}

export interface FixtureOptions extends Partial<ServeGhcrOptions> {
  /** Replaces the known limits of GitHub's hosts. */
  readonly policy?: (host: string) => HostPolicy;
  readonly clock?: FakeClock;
}

/** Opens a fixture that is closed at the end of the test. */
export async function openFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const { clock = createFakeClock(), policy, ...serverOptions } = options;
  const server = await serveGhcr({ owner: OWNER, token: TOKEN, ...serverOptions, clock });
  const settings: GhcrSettings = {
    registry: { provider: "ghcr", origin: server.origin, path: OWNER, name: `${server.origin.host}/${OWNER}` },
    credential: { username: "token", secret: TOKEN },
    github: { apiUrl: server.apiUrl },
    dryRun: false,
  };
  const lines: string[] = [];
  const { signal } = new AbortController();
  const http = createHttpClient({ clock, concurrency: 16, policy: policy ?? ratePolicy(settings) });
  onTestFinished(async () => {
    await http.close();
    await server.close();
  });
  return {
    ...{ server, clock, http, lines },
    registry: openGhcr(settings, { http, clock, log: createMemoryLog(lines), signal }),
    requests: sinceLastCall(server.api.requests),
    ociRequests: sinceLastCall(server.oci.requests),
  };
}

function sinceLastCall(requests: GhcrServer["api"]["requests"]): () => readonly string[] {
  let read = 0;
  return () => {
    const unread = requests.slice(read).map(({ method, path }) => `${method} ${path}`);
    read = requests.length;
    return unread;
  };
}

/** Pushes `count` untagged images. */
export function fill({ server }: Fixture, name: string, count: number): void {
  for (let number = 1; number <= count; number++) server.packages.pushImage(name, `${name} ${number}`);
}

/** Deletes a version as another job does. */
export function deleteElsewhere({ server, clock }: Fixture, reference: string): void {
  const version = server.packages.find("web", reference);
  if (version !== null) server.packages.setDeleted("web", version.id, clock.now());
}

/** Returns a listed manifest as the target of a deletion. */
export function targetOf({ manifests }: Listing, digest: Digest): DeletionTarget {
  const found = manifests.find((manifest) => manifest.digest === digest);
  if (found === undefined) throw new Error(`${digest} is not listed`);
  return found;
}

/** The path of the owner's packages. */
export const PACKAGES = `/orgs/${OWNER}/packages`;
/** The request for the owner's type, which precedes the first request to the packages API. */
export const OWNER_TYPE = `GET /users/${OWNER}`;
