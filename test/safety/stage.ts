import { type Forge, serveForgeOf } from "../e2e/team.ts";
import { pushImage, pushIndex, pushMultiArch, pushReferrer } from "../servers/content.ts";
import { serveDigitalOceanRegistry } from "../servers/digitalocean-registry.ts";
import { pullRequest } from "../servers/github.ts";
import type { TestServer } from "../servers/http-server.ts";
import { serveOci } from "../servers/oci.ts";
import { RegistryStore, referencesOf } from "../servers/store.ts";

const DAY = 86_400_000;
/** When all stages play, so that no clock decides what is young. */
export const NOW = Date.UTC(2026, 10, 21, 12);
const AT = { repository: "web", pushedAt: NOW - 10 * DAY } as const;

/** A registry with a little of all that can go wrong in it, served, and what a sweep needs to know of it. */
export interface Stage {
  readonly kind: StageKind;
  readonly store: RegistryStore;
  readonly inputs: Readonly<Record<string, string>>;
  /** The registry's servers, by name. */
  readonly servers: Readonly<Record<string, Pick<TestServer, "requests" | "inject">>>;
  close(): Promise<void>;
}

export type StageKind = "digitalocean" | "distribution";

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

export async function openStage(kind: StageKind): Promise<Stage> {
  const store = new RegistryStore({ now: () => NOW });
  fillStage(store);
  if (kind === "distribution") {
    const server = await serveOci(store, { referrersApi: "no", tagDeletes: "refused", paging: "ignore-n" });
    return {
      kind,
      store,
      inputs: { registry: server.url.host },
      servers: { registry: server },
      close: () => server.close(),
    };
  }
  const token = "dop_v1_played";
  const served = await serveDigitalOceanRegistry(store, { registry: "acme", token });
  return {
    kind,
    store,
    inputs: { registry: served.address, provider: "digitalocean", "api-url": served.api.apiUrl.href, token },
    servers: { api: served.api, oci: served.oci },
    close: () => served.close(),
  };
}

/** Manifests and tags as they lie there, one line each. */
export function contentsOf(store: RegistryStore): readonly string[] {
  return store
    .manifests("web")
    .map(({ digest }) => `${digest} ${[...store.tagsOf("web", digest)].sort().join(" ")}`)
    .sort();
}

/** What a pull of `tag` would miss: digests of manifests and blobs. Empty: it can be pulled whole. */
export function missingBelow(store: RegistryStore, tag: string): readonly string[] {
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
