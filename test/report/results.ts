import { createHash } from "node:crypto";
import type { Digest } from "../../src/digest.ts";
import { NO_ADVICE } from "../../src/plan/advice.ts";
import type { BlobUse, RepositoryPlan } from "../../src/plan/plan.ts";
import type { ManifestResult, RepositoryResult, RunResult } from "../../src/report/result.ts";

export const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;

export function digestOf(name: string): Digest {
  return `sha256:${createHash("sha256").update(name).digest("hex")}`;
}

/** Returns an image that was deleted, with `overrides`. */
export function manifest(name: string, overrides: Partial<ManifestResult> = {}): ManifestResult {
  return {
    digest: digestOf(name),
    tags: [name],
    kind: "image",
    image: digestOf(name),
    pushedAt: NOW - 20 * DAY,
    sizeBytes: 52_428_800,
    decision: "delete",
    status: "orphaned",
    reason: "pull request #12 was merged on 2026-11-02",
    staleTags: [],
    outcome: "deleted",
    error: null,
    ...overrides,
  };
}

/** Returns an image that is kept, with `overrides`. */
export function kept(name: string, reason: string, overrides: Partial<ManifestResult> = {}): ManifestResult {
  return manifest(name, { decision: "keep", status: "live", reason, outcome: "kept", ...overrides });
}

export function repository(
  name: string,
  manifests: readonly ManifestResult[],
  overrides: Partial<RepositoryResult> = {},
  plan: Partial<RepositoryPlan> = {},
): RepositoryResult {
  const deletions = manifests.filter(({ decision }) => decision === "delete");
  return {
    name,
    url: null,
    error: null,
    plan: {
      repository: name,
      decisions: manifests,
      deletions: deletions.map(({ digest }) => ({ digest, after: [] })),
      broken: [],
      ghosts: [],
      unreadable: [],
      blobs: blobsOf(1_000_000 * deletions.length, name),
      ...plan,
    },
    manifests,
    staleTags: [],
    broken: [],
    unreadable: [],
    advice: NO_ADVICE,
    ...overrides,
  };
}

/** Returns one deleted blob of `bytes` that no other repository has. */
export function blobsOf(bytes: number, name: string): BlobUse {
  return { deleted: bytes === 0 ? [] : [{ digest: digestOf(name), sizeBytes: bytes }], kept: [], complete: true };
}

/** Returns a run without repositories, with `overrides`. */
export function run(overrides: Partial<RunResult> = {}): RunResult {
  return {
    dryRun: false,
    registry: "registry.digitalocean.com/acme",
    provider: "digitalocean",
    gitRepositoryUrl: "https://github.com/acme/shop",
    startedAt: NOW,
    finishedAt: NOW + 41_300,
    settings: {},
    storage: { usedBytes: null, includedBytes: null },
    listsUntagged: true,
    restoreWindow: null,
    repositories: [],
    requests: {},
    garbageCollection: { status: "not-started", freedBytes: null, blobsDeleted: null, note: "" },
    errors: [],
    warnings: [],
    loggedWarnings: [],
    notices: [],
    ...overrides,
  };
}

/** Returns a repository with `count` deleted images. */
export function largeRepository(name: string, count: number): RepositoryResult {
  const manifests = Array.from({ length: count }, (_, index) =>
    manifest(`${name}-${index}`, {
      tags: [`pr-${index}`, `sha-${digestOf(String(index)).slice(7, 14)}`],
      reason: `pull request #${index} was merged on 2026-11-02`,
    }),
  );
  return repository(name, manifests);
}
