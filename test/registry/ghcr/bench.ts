import type { Digest } from "../../../src/digest.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import type { HostPolicy, HttpClient } from "../../../src/http/http.ts";
import type { Log } from "../../../src/log.ts";
import { ratePolicy } from "../../../src/registry/ghcr/limits.ts";
import { openGhcr } from "../../../src/registry/ghcr/registry.ts";
import { createOciClient } from "../../../src/registry/oci/client.ts";
import type { Listing, Registry } from "../../../src/registry/registry.ts";
import type { RegistryAddress } from "../../../src/settings.ts";
import { createFakeClock, type FakeClock } from "../../servers/fake-clock.ts";
import { type GhcrServer, type ServeGhcrOptions, serveGhcr } from "../../servers/ghcr/server.ts";

export const OWNER = "Acme";
export const TOKEN = "ghp_secret";

/** The adapter and its OCI client over HTTP, in front of a played GitHub. */
export interface GhcrBench {
  readonly registry: Registry;
  readonly server: GhcrServer;
  readonly clock: FakeClock;
  readonly http: HttpClient;
  /** What was logged. */
  readonly lines: readonly string[];
  /** `METHOD path` of every request to the API since the last time. */
  asked(): readonly string[];
  /** The same for the OCI endpoint. */
  askedOci(): readonly string[];
  close(): Promise<void>;
}

export interface GhcrBenchOptions extends Partial<ServeGhcrOptions> {
  /** Instead of what is known of GitHub's hosts. */
  readonly policy?: (host: string) => HostPolicy;
  readonly clock?: FakeClock;
}

export async function openGhcrBench(options: GhcrBenchOptions = {}): Promise<GhcrBench> {
  const { clock = createFakeClock(), policy, ...served } = options;
  const server = await serveGhcr({ owner: OWNER, token: TOKEN, ...served, clock });
  const lines: string[] = [];
  const log = logInto(lines);
  const address: RegistryAddress = {
    provider: "ghcr",
    origin: server.origin,
    path: OWNER,
    name: `${server.origin.host}/${OWNER}`,
  };
  const github = { apiUrl: server.apiUrl };
  const http = createHttpClient({
    clock,
    concurrency: 16,
    policy: policy ?? ratePolicy({ registry: address, github }),
  });
  const credential = { username: "token", secret: TOKEN };
  const manifests = createOciClient({
    ...{ http, clock, log, credential, origin: server.origin },
    mayReceiveCredential: (realm) => realm.host === server.origin.host,
    remedy: "",
  });
  return {
    ...{ server, clock, http, lines },
    registry: openGhcr({ http, clock, log, address, credential, apiUrl: server.apiUrl, manifests }),
    asked: sinceLast(server.api.requests),
    askedOci: sinceLast(server.oci.requests),
    close: async () => {
      await http.close();
      await server.close();
    },
  };
}

function sinceLast(requests: GhcrServer["api"]["requests"]): () => readonly string[] {
  let told = 0;
  return () => {
    const fresh = requests.slice(told).map(({ method, path }) => `${method} ${path}`);
    told = requests.length;
    return fresh;
  };
}

export function logInto(lines: string[]): Log {
  return {
    info: (text) => void lines.push(text),
    warn: (kind, text) => void lines.push(`${kind}: ${text}`),
    error: (_kind, text) => void lines.push(text),
    group: (_title, work) => work(),
    mask: () => undefined,
    progress: () => () => undefined,
  };
}

/** The manifest of a listing as a deletion takes it. */
export function listed(
  { manifests }: Listing,
  digest: Digest,
): { readonly digest: Digest; readonly versionId?: number } {
  const found = manifests.find((manifest) => manifest.digest === digest);
  if (found === undefined) throw new Error(`${digest} is not listed`);
  return found;
}
