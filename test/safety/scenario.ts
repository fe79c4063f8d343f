import type { Digest } from "../../src/digest.ts";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { pushImage, pushIndex, pushMultiArch, pushReferrer } from "../servers/content.ts";
import type { Collections } from "../servers/digitalocean/collections.ts";
import { pullRequest } from "../servers/github/server.ts";
import type { TestServer } from "../servers/http-server.ts";
import { RegistryStore, referencesOf } from "../servers/oci/store.ts";
import { SERVED } from "./scenario-servers.ts";

const DAY = 86_400_000;
/** When all stages play, so that no clock decides what is young. */
export const NOW = Date.UTC(2026, 10, 21, 12);
const AT = { repository: "web", pushedAt: NOW - 10 * DAY } as const;

/** What a scenario holds, by whatever server it is held. */
export type StoreView = Pick<RegistryStore, "repositories" | "manifests" | "tags" | "tagsOf" | "resolve" | "blob">;

/** A registry with a little of all that can go wrong in it, served, and what a sweep needs to know of it. */
export interface Scenario<S extends StoreView = RegistryStore> {
  readonly kind: ScenarioKind;
  readonly store: S;
  readonly inputs: Readonly<Record<string, string>>;
  /** What the runner tells of this scenario otherwise than of the gitHost. */
  readonly environment: Readonly<Record<string, string>>;
  /** The registry's servers, by name. */
  readonly servers: Readonly<Record<string, Pick<TestServer, "requests" | "inject">>>;
  /** Somebody else's doings, past all servers: an image of `seed` is pushed, a manifest is deleted. */
  readonly others: {
    push(image: { readonly seed: string; readonly tags: readonly string[] }): Digest;
    drop(digest: Digest): void;
  };
  /** Where collections are started by the API. */
  readonly collections: Pick<Collections, "begun" | "isReadOnly"> | null;
  close(): Promise<void>;
}

/** Stages whose servers are over a RegistryStore, so that a test can push to it. */
export type StoreScenarioKind = "digitalocean" | "distribution" | "oci";
export type ScenarioKind = StoreScenarioKind | "ghcr";

export interface ScenarioOptions {
  /** Default: `fillScenario`. */
  readonly fill?: (store: RegistryStore) => void;
  /** How many entries a page of a list has at most; default: as many as the registry itself gives. */
  readonly mostPerPage?: number;
}

/**
 * `octo/web` with the refs that the stages' images are named after.
 *
 * @param gitAnswers `kept`: for tests that never change a branch or a tag
 */
export function serveScenarioGitHost(gitAnswers: "fresh" | "kept" = "fresh"): Promise<GitHost> {
  const closed = { createdAt: NOW - 20 * DAY, closedAt: NOW - 5 * DAY, updatedAt: NOW - 5 * DAY };
  return serveGitHost({
    gitAnswers,
    branches: ["main", "next"],
    pullRequests: [
      ...[1, 2, 3].map((number) => pullRequest(number, { state: "merged", ...closed })),
      // What names an image after the branch of the first is dead, were it not for the second's.
      pullRequest(4, { state: "closed", headBranch: "contrib", ...closed }),
      pullRequest(5, { headBranch: "contrib", head: "fork" }),
      pullRequest(6),
      pullRequest(7),
    ],
  });
}

/** A shared child, staging tags, a stale tag, referrers, a leftover, and what no ref names. */
export function fillScenario(store: RegistryStore): void {
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

/** The same with more of it: enough that lists have pages, and something in each look that somebody else may delete. */
export function fillLargerScenario(store: RegistryStore): void {
  fillScenario(store);
  for (const repository of ["base", "cache", "docs", "tools"])
    pushImage(store, { ...AT, repository, seed: repository, tags: ["main"] });
  for (const tag of ["main", "pr-2"]) {
    const subject = store.resolve("web", tag)?.digest;
    if (subject === undefined) continue;
    pushReferrer(store, { ...AT, subject, artifactType: "application/vnd.cyclonedx+json", by: "subject" });
  }
  pushImage(store, { ...AT, seed: "open", tags: ["pr-6"] });
  pushImage(store, { ...AT, seed: "fork", tags: ["contrib"] });
  pushImage(store, { ...AT, seed: "extra", tags: [EXTRA_TAG], pushedAt: NOW - 2 * DAY });
}

/** The newest, so that lists by time shift when it goes. */
export const EXTRA_TAG = "pr-2-extra";

export async function openScenario(kind: StoreScenarioKind, options?: ScenarioOptions): Promise<Scenario>;
export async function openScenario(kind: ScenarioKind, options?: ScenarioOptions): Promise<Scenario<StoreView>>;
export async function openScenario(kind: ScenarioKind, options: ScenarioOptions = {}): Promise<Scenario<StoreView>> {
  const store = new RegistryStore({ now: () => NOW });
  (options.fill ?? fillScenario)(store);
  return SERVED[kind](store, options);
}

/** Manifests and tags as they lie there, one line each. */
export function contentsOf(store: StoreView): readonly string[] {
  return store
    .repositories()
    .flatMap((name) =>
      store.manifests(name).map(({ digest }) => `${digest} ${[...store.tagsOf(name, digest)].sort().join(" ")}`),
    )
    .sort();
}

/** What a pull of `tag` would miss: digests of manifests and blobs. Empty: it can be pulled whole. */
export function missingBelow(store: StoreView, tag: string, repository = "web"): readonly string[] {
  const missing: string[] = [];
  const open: string[] = [tag];
  for (let reference = open.pop(); reference !== undefined; reference = open.pop()) {
    const manifest = store.resolve(repository, reference);
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
