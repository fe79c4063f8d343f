import type { Digest } from "../../src/digest.ts";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { pushImage, pushIndex, pushMultiArch, pushReferrer } from "../servers/content.ts";
import type { Collections } from "../servers/digitalocean/collections.ts";
import type { GitResponses } from "../servers/git/server.ts";
import { pullRequest } from "../servers/github/server.ts";
import type { RecordedRequest, TestServer } from "../servers/http-server.ts";
import type { OciBehaviour } from "../servers/oci/behaviour.ts";
import { RegistryStore } from "../servers/oci/store.ts";
import { SERVED } from "./scenario-servers.ts";

const DAY = 86_400_000;
/** The time of every scenario, in milliseconds since the epoch. */
export const NOW = Date.UTC(2026, 10, 21, 12);
const AT = { repository: "web", pushedAt: NOW - 10 * DAY } as const;
/** The tag of the newest image of the larger scenario. Lists by time shift when it is deleted. */
export const EXTRA_TAG = "pr-2-extra";

/** The content of a scenario, in any kind of registry. */
export type StoreView = Pick<RegistryStore, "repositories" | "manifests" | "tags" | "tagsOf" | "resolve" | "blob">;

/** A served registry with a small example of every relation between manifests. */
export interface Scenario<S extends StoreView = RegistryStore> {
  readonly kind: ScenarioKind;
  readonly store: S;
  readonly inputs: Readonly<Record<string, string>>;
  /** Variables that differ from those of the Git host. */
  readonly environment: Readonly<Record<string, string>>;
  /** The registry's servers, by name. */
  readonly servers: Readonly<Record<string, Pick<TestServer, "requests" | "inject">>>;
  /** Changes by other clients, without requests. */
  readonly others: {
    push(image: { readonly seed: string; readonly tags: readonly string[] }): Digest;
    tag(digest: Digest, tag: string): void;
    drop(digest: Digest): void;
    /** Deletes a manifest and pushes it again with one tag. */
    replace(digest: Digest, tag: string): void;
    /** Applies any change to the manifests and tags. */
    change(apply: (store: RegistryStore) => void): void;
  };
  /** Returns what a DELETE deletes; null: it is another request. */
  deletionOf(request: Pick<RecordedRequest, "method" | "path">): DeletedReference | null;
  /** Null: this registry's API cannot start garbage collection. */
  readonly collections: Pick<Collections, "count" | "isReadOnly"> | null;
  close(): Promise<void>;
}

/** What a DELETE deletes: a manifest by its digest, or a tag. */
export interface DeletedReference {
  readonly repository: string;
  readonly reference: string;
}

/** Scenarios whose servers use a RegistryStore, so that a test can push to it. */
export type StoreScenarioKind = "digitalocean" | "distribution" | "oci";
export type ScenarioKind = StoreScenarioKind | "ghcr";

export interface ScenarioOptions {
  /** Default: `fillScenario`. */
  readonly fill?: (store: RegistryStore) => void;
  /** The largest page of a list; default: the registry's own limit. */
  readonly maxPerPage?: number;
  /** How an OCI registry differs from its kind. */
  readonly behaviour?: OciBehaviour;
}

/**
 * Serves `octo/web` with the refs that the scenarios' images are named after.
 *
 * @param gitResponses `cached`: for tests that never change a branch or a tag. A function: see `ServeGitOptions`
 */
export function serveScenarioGitHost(gitResponses: GitResponses = "fresh"): Promise<GitHost> {
  const closed = { createdAt: NOW - 20 * DAY, closedAt: NOW - 5 * DAY, updatedAt: NOW - 5 * DAY };
  return serveGitHost({
    gitResponses,
    branches: ["main", "next"],
    pullRequests: [
      ...[1, 2, 3].map((number) => pullRequest(number, { state: "merged", ...closed })),
      // The branch of 4 is gone, but 5 is open and has the same branch name.
      pullRequest(4, { state: "closed", headBranch: "contrib", ...closed }),
      pullRequest(5, { headBranch: "contrib", head: "fork" }),
      pullRequest(6),
      pullRequest(7),
    ],
  });
}

/** Pushes indexes with a shared child, staging tags, a stale tag, referrers, an untagged image and an unmatched tag. */
export function fillScenario(store: RegistryStore): void {
  const shared = pushImage(store, { ...AT, seed: "shared" });
  const second = pushImage(store, { ...AT, seed: "second" });
  const amd64 = pushImage(store, { ...AT, seed: "staged", tags: ["pr-2-amd64"] });
  const kept = pushIndex(store, { ...AT, children: [shared], tags: ["main"] });
  const both = pushMultiArch(store, { ...AT, seed: "both", tags: ["next", "pr-1"] });
  pushIndex(store, { ...AT, children: [shared, second], tags: ["pr-1-build"] });
  const orphaned = pushIndex(store, { ...AT, children: [amd64, second], tags: ["pr-2"] });
  pushImage(store, { ...AT, seed: "single", tags: ["pr-3"] });
  pushImage(store, { ...AT, seed: "by hand", tags: ["jane"] });
  for (const subject of [kept, both.index, orphaned]) {
    pushReferrer(store, { ...AT, subject, artifactType: "application/spdx+json", by: "referrers-tag" });
  }
  pushImage(store, { ...AT, seed: "untagged" });
}

/** Pushes the same and more: enough for several pages of each list, and an image that another client may delete. */
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

export async function openScenario(kind: StoreScenarioKind, options?: ScenarioOptions): Promise<Scenario>;
export async function openScenario(kind: ScenarioKind, options?: ScenarioOptions): Promise<Scenario<StoreView>>;
export async function openScenario(kind: ScenarioKind, options: ScenarioOptions = {}): Promise<Scenario<StoreView>> {
  const store = new RegistryStore({ now: () => NOW });
  (options.fill ?? fillScenario)(store);
  return SERVED[kind](store, options);
}

/** Returns each stored manifest as a line: its digest and its tags. */
export function contentsOf(store: StoreView): readonly string[] {
  return store
    .repositories()
    .flatMap((name) =>
      store.manifests(name).map(({ digest }) => `${digest} ${[...store.tagsOf(name, digest)].sort().join(" ")}`),
    )
    .sort();
}
