import type { GcType } from "../../../src/settings.ts";
import { type Handler, serve, type TestServer } from "../http-server.ts";
import { TokenService } from "../oci/auth.ts";
import type { OciBehaviour } from "../oci/behaviour.ts";
import { createOciHandler } from "../oci/server.ts";
import { type RegistryStore, referencesOf } from "../oci/store.ts";
import type { RegistryContent, RegistryManifest } from "./content.ts";
import { type DigitalOceanServer, type ServeDigitalOceanOptions, serveDigitalOcean } from "./server.ts";

/** A complete DigitalOcean registry: its API and its OCI endpoint on one store. */
export interface DigitalOceanRegistry {
  readonly api: DigitalOceanServer;
  readonly oci: TestServer;
  /** The input `registry`. */
  readonly address: string;
  close(): Promise<void>;
}

export type DigitalOceanRegistryOptions = Omit<ServeDigitalOceanOptions, "content" | "realm"> & {
  readonly oci?: OciBehaviour;
};

/** Serves both hosts of a DigitalOcean registry on 127.0.0.1. `faults` of the options are those of the API. */
export async function serveDigitalOceanRegistry(
  store: RegistryStore,
  options: DigitalOceanRegistryOptions,
): Promise<DigitalOceanRegistry> {
  const { registry, token } = options;
  const tokens = new TokenService({
    // The API token is both user and password.
    accepts: (login) => login?.user === token && login.password === token,
    service: "registry.digitalocean.com",
    lifetimeSeconds: 300,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  const realm: Handler = (request) => tokens.issue(request);
  const api = await serveDigitalOcean({ ...options, content: contentOf(store), realm });
  const guard = tokens.guard(new URL("v2/registry/auth", api.apiUrl).href);
  const behaviour: OciBehaviour = {
    referrersApi: "no",
    deletes: "disabled",
    prefix: `${registry}/`,
    guard,
    ...options.oci,
  };
  const oci = await serve(createOciHandler(store, behaviour), { latencyMs: options.latencyMs ?? 0 });
  return {
    api,
    oci,
    address: `${oci.url.host}/${registry}`,
    close: async () => {
      await Promise.all([api.close(), oci.close()]);
    },
  };
}

/** Returns a store as the content of DigitalOcean's API. */
export function contentOf(store: RegistryStore): RegistryContent {
  return {
    repositories: () => store.repositories(),
    manifests: (repository) => (store.has(repository) ? manifestsOf(store, repository) : null),
    deleteManifest: (repository, digest) => store.deleteManifest(repository, digest),
    deleteTag: (repository, tag) => store.deleteTag(repository, tag),
    collect(type: GcType) {
      if (type !== "unreferenced blobs only") deleteUntagged(store);
      return type === "untagged manifests only" ? { blobs: 0, bytes: 0 } : store.collectGarbage();
    },
  };
}

function manifestsOf(store: RegistryStore, repository: string): readonly RegistryManifest[] {
  const tags = new Map<string, string[]>();
  for (const tag of store.tags(repository)) {
    const digest = store.resolve(repository, tag)?.digest ?? "";
    tags.set(digest, [...(tags.get(digest) ?? []), tag]);
  }
  const manifests = store.manifests(repository).map(({ digest, bytes, pushedAt }) => {
    const { children, blobs } = referencesOf(bytes);
    return { digest, tags: tags.get(digest) ?? [], bytes: bytes.length, pushedAt, blobs, children };
  });
  return manifests.sort((a, b) => b.pushedAt - a.pushedAt);
}

function deleteUntagged(store: RegistryStore): void {
  for (const repository of store.repositories()) {
    for (const { digest, tags } of manifestsOf(store, repository)) {
      if (tags.length === 0) store.deleteManifest(repository, digest);
    }
  }
}
