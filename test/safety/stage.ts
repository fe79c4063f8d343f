import { type Forge, GITHUB_TOKEN, serveForgeOf } from "../e2e/team.ts";
import { pushImage, pushIndex, pushMultiArch, pushReferrer } from "../servers/content.ts";
import { serveDigitalOceanRegistry } from "../servers/digitalocean-registry.ts";
import { createFakeClock } from "../servers/fake-clock.ts";
import { serveGhcr } from "../servers/ghcr.ts";
import { active, type Packages, type PlayedVersion } from "../servers/ghcr-packages.ts";
import { pullRequest } from "../servers/github.ts";
import type { TestServer } from "../servers/http-server.ts";
import { serveOci } from "../servers/oci.ts";
import { RegistryStore, referencesOf, type StoredManifest } from "../servers/store.ts";

const DAY = 86_400_000;
/** When all stages play, so that no clock decides what is young. */
export const NOW = Date.UTC(2026, 10, 21, 12);
const AT = { repository: "web", pushedAt: NOW - 10 * DAY } as const;

/** What a stage holds, by whatever server it is held. */
export type Holdings = Pick<RegistryStore, "repositories" | "manifests" | "tags" | "tagsOf" | "resolve" | "blob">;

/** A registry with a little of all that can go wrong in it, served, and what a sweep needs to know of it. */
export interface Stage<S extends Holdings = RegistryStore> {
  readonly kind: StageKind;
  readonly store: S;
  readonly inputs: Readonly<Record<string, string>>;
  /** What the runner tells of this stage otherwise than of the forge. */
  readonly environment: Readonly<Record<string, string>>;
  /** The registry's servers, by name. */
  readonly servers: Readonly<Record<string, Pick<TestServer, "requests" | "inject">>>;
  close(): Promise<void>;
}

/** Stages whose servers are over a RegistryStore, so that a test can push to it. */
export type StoreKind = "digitalocean" | "distribution";
export type StageKind = StoreKind | "ghcr";

/** `octo/web` with the refs that the stages' images are named after; one for all stages, as nothing changes it. */
export function serveStageForge(): Promise<Forge> {
  const closed = { createdAt: NOW - 20 * DAY, closedAt: NOW - 5 * DAY, updatedAt: NOW - 5 * DAY };
  return serveForgeOf({
    branches: ["main", "next"],
    pullRequests: [1, 2, 3].map((number) => pullRequest(number, { state: "merged", ...closed })),
  });
}

/** A shared child, staging tags, a stale tag, referrers, a leftover, and what no ref names. */
export function fillStage(store: RegistryStore): void {
  const shared = pushImage(store, { ...AT, seed: "shared" });
  const own = pushImage(store, { ...AT, seed: "own" });
  const amd64 = pushImage(store, { ...AT, seed: "staged", tags: ["pr-2-amd64"] });
  const kept = pushIndex(store, { ...AT, children: [shared], tags: ["main"] });
  const both = pushMultiArch(store, { ...AT, seed: "both", tags: ["next", "pr-1"] });
  pushIndex(store, { ...AT, children: [shared, own], tags: ["pr-1-build"] });
  const gone = pushIndex(store, { ...AT, children: [amd64, own], tags: ["pr-2"] });
  pushImage(store, { ...AT, seed: "single", tags: ["pr-3"] });
  pushImage(store, { ...AT, seed: "by hand", tags: ["jane"] });
  for (const subject of [kept, both.index, gone]) {
    pushReferrer(store, { ...AT, subject, artifactType: "application/spdx+json", by: "referrers-tag" });
  }
  pushImage(store, { ...AT, seed: "leftover" });
}

export async function openStage(kind: StoreKind): Promise<Stage>;
export async function openStage(kind: StageKind): Promise<Stage<Holdings>>;
export async function openStage(kind: StageKind): Promise<Stage<Holdings>> {
  const store = new RegistryStore({ now: () => NOW });
  fillStage(store);
  switch (kind) {
    case "digitalocean":
      return openDigitalOceanStage(store);
    case "distribution":
      return openDistributionStage(store);
    case "ghcr":
      return openGhcrStage(store);
  }
}

async function openDistributionStage(store: RegistryStore): Promise<Stage> {
  const server = await serveOci(store, { referrersApi: "no", tagDeletes: "refused", paging: "ignore-n" });
  return {
    kind: "distribution",
    store,
    inputs: { registry: server.url.host },
    environment: {},
    servers: { registry: server },
    close: () => server.close(),
  };
}

async function openDigitalOceanStage(store: RegistryStore): Promise<Stage> {
  const token = "dop_v1_played";
  const served = await serveDigitalOceanRegistry(store, { registry: "acme", token });
  return {
    kind: "digitalocean",
    store,
    inputs: { registry: served.address, provider: "digitalocean", "api-url": served.api.apiUrl.href, token },
    environment: {},
    servers: { api: served.api, oci: served.oci },
    close: () => served.close(),
  };
}

/** Beside the others' images, a package of dead tags only: GitHub keeps the last of them. */
async function openGhcrStage(store: RegistryStore): Promise<Stage<Holdings>> {
  const at = { repository: "web/preview", pushedAt: AT.pushedAt };
  pushMultiArch(store, { ...at, seed: "older preview", tags: ["pr-1"], pushedAt: at.pushedAt - DAY });
  pushMultiArch(store, { ...at, seed: "newer preview", tags: ["pr-3"] });
  const clock = createFakeClock({ startAt: NOW });
  const served = await serveGhcr({ owner: "octo", token: GITHUB_TOKEN, clock });
  copyTo(served.packages, store);
  return {
    kind: "ghcr",
    store: holdingsOf(served.packages, store),
    inputs: { registry: `${served.origin.host}/octo`, provider: "ghcr" },
    environment: { GITHUB_API_URL: served.apiUrl.href.replace(/\/$/, "") },
    servers: { api: served.api, oci: served.oci },
    close: () => served.close(),
  };
}

function copyTo(packages: Packages, store: RegistryStore): void {
  for (const repository of store.repositories()) {
    for (const { digest, mediaType, bytes, pushedAt: at } of store.manifests(repository)) {
      packages.pushManifest(repository, mediaType, bytes, { tags: store.tagsOf(repository, digest), at });
    }
  }
}

/** The versions that are there. GitHub looks after blobs by itself, so those that were pushed are all there. */
function holdingsOf(packages: Packages, pushed: RegistryStore): Holdings {
  const versions = (repository: string) => active(packages.get(repository));
  const stored = ({ digest, bytes, mediaType, createdAt: pushedAt }: PlayedVersion): StoredManifest => ({
    digest,
    bytes,
    mediaType,
    pushedAt,
  });
  return {
    repositories: () =>
      packages
        .all()
        .map(({ name }) => name)
        .sort(),
    manifests: (repository) => versions(repository).map(stored),
    tags: (repository) =>
      versions(repository)
        .flatMap(({ tags }) => tags)
        .sort(),
    tagsOf: (repository, digest) => versions(repository).find((version) => version.digest === digest)?.tags ?? [],
    resolve: (repository, reference) => {
      const found = packages.find(repository, reference);
      return found === null ? null : stored(found);
    },
    blob: (digest) => pushed.blob(digest),
  };
}

/** Manifests and tags as they lie there, one line each. */
export function contentsOf(store: Holdings): readonly string[] {
  return store
    .repositories()
    .flatMap((name) =>
      store.manifests(name).map(({ digest }) => `${digest} ${[...store.tagsOf(name, digest)].sort().join(" ")}`),
    )
    .sort();
}

/** What a pull of `tag` would miss: digests of manifests and blobs. Empty: it can be pulled whole. */
export function missingBelow(store: Holdings, tag: string): readonly string[] {
  const missing: string[] = [];
  const open: string[] = [tag];
  for (let reference = open.pop(); reference !== undefined; reference = open.pop()) {
    const manifest = store.resolve("web", reference);
    if (manifest === null) {
      missing.push(reference);
      continue;
    }
    const { children, blobs } = referencesOf(manifest.bytes);
    missing.push(...blobs.map(({ digest }) => digest).filter((digest) => store.blob(digest) === null));
    open.push(...children);
  }
  return missing;
}
