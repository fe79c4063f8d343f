import { onTestFinished } from "vitest";
import type { Digest } from "../../src/digest.ts";
import { createHttpClient } from "../../src/http/client.ts";
import type { ListedManifest } from "../../src/registry/manifest.ts";
import type { Provider } from "../../src/registry/provider.ts";
import { providerFor } from "../../src/registry/providers.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { settingsOf, silentLog } from "../run.ts";
import { createFakeClock, type FakeClock } from "../servers/fake-clock.ts";
import type { FaultScript } from "../servers/http-server.ts";
import type { ConformanceAdapter, ConformanceServer } from "./adapter.ts";

/** A registry that a provider opened over HTTP in front of its embedded server. */
export interface OpenRegistry {
  readonly provider: Provider;
  readonly registry: Registry;
  readonly server: ConformanceServer;
  readonly clock: FakeClock;
  /** Returns the requests to all hosts so far, as `METHOD path`. */
  requests(): readonly string[];
  /** Replaces the answers of all hosts. */
  inject(faults: FaultScript): void;
}

/** Opens a registry as a run does: inputs, settings, rate policy, provider. Closes it when the test ends. */
export async function openRegistry(
  adapter: ConformanceAdapter,
  inputs: Readonly<Record<string, string>> = {},
): Promise<OpenRegistry> {
  const clock = createFakeClock();
  const server = await adapter.start(clock);
  const provider = providerFor(adapter.provider);
  const settings = settingsOf({ provider: provider.name, ...server.inputs, ...inputs }, server.environment);
  const { concurrency } = settings;
  const http = createHttpClient({ clock, concurrency, policy: provider.ratePolicy(settings) });
  onTestFinished(async () => {
    await http.close();
    await server.close();
  });
  const services = { http, clock, log: silentLog, signal: new AbortController().signal };
  return {
    provider,
    registry: await provider.open(settings, services),
    server,
    clock,
    requests: () => server.hosts.flatMap(({ requests }) => requests.map(({ method, path }) => `${method} ${path}`)),
    inject(faults) {
      for (const host of server.hosts) host.inject(faults);
    },
  };
}

/** Returns a listed manifest. Throws if the list does not have it. */
export async function listed(registry: Registry, repository: string, digest: Digest): Promise<ListedManifest> {
  const { manifests } = await registry.list(repository);
  const found = manifests.find((manifest) => manifest.digest === digest);
  if (found === undefined) throw new Error(`${repository}@${digest} is not listed`);
  return found;
}
