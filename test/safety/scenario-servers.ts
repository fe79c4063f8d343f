import { GITHUB_TOKEN } from "../e2e/example.ts";
import { pushImage, pushMultiArch } from "../servers/content.ts";
import { serveDigitalOceanRegistry } from "../servers/digitalocean/registry.ts";
import { createFakeClock } from "../servers/fake-clock.ts";
import { active, type Packages, type PackageVersion } from "../servers/ghcr/packages.ts";
import { type GhcrServer, serveGhcr } from "../servers/ghcr/server.ts";
import type { RecordedRequest } from "../servers/http-server.ts";
import type { OciBehaviour } from "../servers/oci/behaviour.ts";
import { serveOci } from "../servers/oci/server.ts";
import { RegistryStore, referencesOf, type StoredManifest } from "../servers/oci/store.ts";
import type { DeletedReference, Scenario, ScenarioKind, ScenarioOptions, StoreView } from "./scenario.ts";

type Serve = (store: RegistryStore, options: ScenarioOptions) => Promise<Scenario<StoreView>>;

/** Serves a store as each kind of registry. */
export const SERVED = {
  digitalocean: serveDigitalOceanScenario,
  // Docker Distribution 2.8, the most common version.
  distribution: (store, { behaviour }) =>
    serveOciScenario("distribution", store, {
      referrersApi: "no",
      tagDeletes: "refused",
      paging: "ignore-n",
      ...behaviour,
    }),
  oci: (store, { maxPerPage, behaviour }) =>
    serveOciScenario("oci", store, { ...(maxPerPage === undefined ? {} : { pageSize: maxPerPage }), ...behaviour }),
  ghcr: serveGhcrScenario,
} satisfies Record<ScenarioKind, Serve>;

async function serveOciScenario(
  kind: "distribution" | "oci",
  store: RegistryStore,
  behaviour: OciBehaviour,
): Promise<Scenario> {
  const server = await serveOci(store, behaviour);
  return {
    kind,
    store,
    inputs: { registry: server.url.host },
    environment: {},
    servers: { registry: server },
    others: othersOf(store),
    collections: null,
    deletionOf: (request) => deletedReference(request, /\/v2\/(.+)\/manifests\/(.+)$/),
    close: () => server.close(),
  };
}

async function serveDigitalOceanScenario(store: RegistryStore, { maxPerPage }: ScenarioOptions): Promise<Scenario> {
  const token = "dop_v1_example";
  const behaviour = maxPerPage === undefined ? {} : { maxPerPage };
  const served = await serveDigitalOceanRegistry(store, { registry: "acme", token, behaviour });
  return {
    kind: "digitalocean",
    store,
    inputs: { registry: served.address, provider: "digitalocean", "api-url": served.api.apiUrl.href, token },
    environment: {},
    servers: { api: served.api, oci: served.oci },
    others: othersOf(store),
    collections: served.api.state.collections,
    deletionOf: (request) => deletedReference(request, /\/repositories\/(.+)\/(?:digests|tags)\/(.+)$/),
    close: () => served.close(),
  };
}

function othersOf(store: RegistryStore): Scenario["others"] {
  return {
    push: ({ seed, tags }) => pushImage(store, { repository: "web", seed, tags }),
    tag: (digest, tag) => store.tag("web", tag, digest),
    drop: (digest) => void store.deleteManifest("web", digest),
    replace: (digest, tag) => {
      const manifest = store.resolve("web", digest);
      store.deleteManifest("web", digest);
      if (manifest !== null) store.putManifest("web", tag, manifest.bytes, manifest.mediaType);
    },
    change: (apply) => apply(store),
  };
}

function deletedReference(
  { method, path }: Pick<RecordedRequest, "method" | "path">,
  pattern: RegExp,
): DeletedReference | null {
  const [, repository, reference] = pattern.exec(path) ?? [];
  if (method !== "DELETE" || repository === undefined || reference === undefined) return null;
  return { repository: decodeURIComponent(repository), reference: decodeURIComponent(reference) };
}

const DAY = 86_400_000;

/** Also serves a package with orphaned tags only. GitHub refuses to delete its last tagged version. */
async function serveGhcrScenario(store: RegistryStore, { maxPerPage }: ScenarioOptions): Promise<Scenario<StoreView>> {
  const at = { repository: "web/preview", pushedAt: store.now() - 10 * DAY };
  pushMultiArch(store, { ...at, seed: "older preview", tags: ["pr-1"], pushedAt: at.pushedAt - DAY });
  pushMultiArch(store, { ...at, seed: "newer preview", tags: ["pr-3"] });
  const served = await serveGhcr({
    owner: "octo",
    token: GITHUB_TOKEN,
    clock: createFakeClock({ startAt: store.now() }),
    behaviour: { token: "classic", ...(maxPerPage === undefined ? {} : { maxPerPage }) },
  });
  copyTo(served.packages, store);
  return {
    kind: "ghcr",
    store: viewOf(served.packages, store),
    inputs: { registry: `${served.origin.host}/octo`, provider: "ghcr" },
    environment: { GITHUB_API_URL: served.apiUrl.href.replace(/\/$/, "") },
    servers: { api: served.api, oci: served.oci },
    others: othersAt(served, store),
    collections: null,
    deletionOf: (request) => {
      const deleted = deletedReference(request, /\/container\/(.+)\/versions\/(\d+)$/);
      if (deleted === null) return null;
      const versions = served.packages.get(deleted.repository)?.versions ?? [];
      const version = versions.find(({ id }) => String(id) === deleted.reference);
      return version === undefined ? null : { ...deleted, reference: version.digest };
    },
    close: () => served.close(),
  };
}

function othersAt({ packages }: GhcrServer, pushed: RegistryStore): Scenario["others"] {
  return {
    push: ({ seed, tags }) => {
      const image = new RegistryStore(pushed);
      const digest = pushImage(image, { repository: "web", seed, tags });
      pushImage(pushed, { repository: "web", seed });
      copyTo(packages, image);
      return digest;
    },
    tag: (digest, tag) => {
      const stored = packages.get("web");
      if (stored === null) return;
      stored.versions = stored.versions.map((version) =>
        version.digest === digest ? { ...version, tags: [...version.tags, tag] } : version,
      );
    },
    drop: (digest) => {
      const version = packages.find("web", digest);
      if (version !== null) packages.setDeleted("web", version.id, pushed.now());
    },
    replace: (digest, tag) => {
      const version = packages.find("web", digest);
      if (version === null) return;
      packages.pushManifest("web", version.mediaType, version.bytes, { tags: [tag], at: pushed.now() });
    },
    change: (apply) => changePackage(packages, pushed, apply),
  };
}

/** Applies a change to a copy of the package `web`, then brings the package up to date. */
function changePackage(packages: Packages, pushed: RegistryStore, apply: (store: RegistryStore) => void): void {
  const before = new Map(active(packages.get("web")).map((version) => [version.digest, version]));
  const copy = new RegistryStore(pushed);
  for (const { digest, bytes, mediaType, tags, createdAt } of before.values()) {
    copy.putManifest("web", null, bytes, mediaType, createdAt);
    for (const tag of tags) copy.tag("web", tag, digest);
  }
  apply(copy);
  for (const [digest, { id }] of before)
    if (copy.resolve("web", digest) === null) packages.setDeleted("web", id, pushed.now());
  for (const { digest, bytes, mediaType, pushedAt } of copy.manifests("web")) {
    const tags = copy.tagsOf("web", digest);
    if (before.get(digest)?.createdAt !== pushedAt)
      packages.pushManifest("web", mediaType, bytes, { tags, at: pushedAt });
    for (const blob of referencesOf(bytes).blobs) {
      const content = copy.blob(blob.digest);
      if (content !== null) pushed.putBlob(content);
    }
  }
  const stored = packages.get("web");
  if (stored === null) return;
  stored.versions = stored.versions.map((version) =>
    version.deletedAt === null ? { ...version, tags: copy.tagsOf("web", version.digest) } : version,
  );
}

function copyTo(packages: Packages, store: RegistryStore): void {
  for (const repository of store.repositories()) {
    for (const { digest, mediaType, bytes, pushedAt: at } of store.manifests(repository)) {
      packages.pushManifest(repository, mediaType, bytes, { tags: store.tagsOf(repository, digest), at });
    }
  }
}

/** Shows active versions as a store. GitHub never deletes blobs here, so all pushed ones exist. */
function viewOf(packages: Packages, pushed: RegistryStore): StoreView {
  const versions = (repository: string) => active(packages.get(repository));
  const names = () => packages.all().map(({ name }) => name);
  return {
    repositories: () => names().sort(),
    manifests: (repository) => versions(repository).map(stored),
    tags: (repository) => [...versions(repository).flatMap(({ tags }) => tags)].sort(),
    tagsOf: (repository, digest) => versions(repository).find((version) => version.digest === digest)?.tags ?? [],
    resolve: (repository, reference) => {
      const found = packages.find(repository, reference);
      return found === null ? null : stored(found);
    },
    blob: (digest) => pushed.blob(digest),
  };
}

function stored({ digest, bytes, mediaType, createdAt: pushedAt }: PackageVersion): StoredManifest {
  return { digest, bytes, mediaType, pushedAt };
}
