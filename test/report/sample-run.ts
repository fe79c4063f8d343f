import type { ManifestResult, RunResult } from "../../src/report/result.ts";
import { blobsOf, digestOf, kept, manifest, NOW, repository, run } from "./results.ts";

const DAY = 86_400_000;

function list<T>(length: number, item: (n: number) => T): readonly T[] {
  return Array.from({ length }, (_, n) => item(n));
}

/** Returns a platform manifest that is kept with the index `index`. */
function keptChild(name: string, index: string): ManifestResult {
  const reason = `platform of ${digestOf(index).slice(0, 19)} (${index})`;
  return kept(name, reason, { tags: [], status: "child", image: digestOf(index) });
}

/** 26 deleted images with 8 platform manifests, one deletion of each other outcome, and kept images. */
function webManifests(): readonly ManifestResult[] {
  return [
    ...list(34, (n) => {
      const root = n % 4 === 3 ? `web-${n - 3}` : `web-${n}`;
      return manifest(`web-${n}`, {
        tags: n % 4 === 3 ? [] : [`pr-${100 + n}`, `sha-${digestOf(`w${n}`).slice(7, 14)}`],
        kind: n % 4 === 0 ? "index" : "image",
        image: digestOf(root),
        status: n % 4 === 3 ? "child" : "orphaned",
        reason:
          n % 4 === 3
            ? `platform of ${digestOf(root).slice(0, 19)} (pr-${97 + n})`
            : `pull request #${100 + n} was merged on 2026-10-${10 + (n % 20)}`,
        pushedAt: NOW - (n + 1) * 2.4 * DAY,
        sizeBytes: 30_000_000 + n * 7_654_321,
      });
    }),
    manifest("web-f", {
      tags: ["pr-88"],
      reason: "branch feature/search of pull request #88 was deleted",
      outcome: "failed",
      error: "DELETE https://api.digitalocean.com/v2/registries/acme/repositories/web/digests/… answered 500, want 204",
    }),
    manifest("web-c", { tags: ["pr-140"], outcome: "changed", error: "branch release/9" }),
    manifest("web-r", { tags: ["pr-141"], outcome: "refused", error: "manifest is locked" }),
    manifest("web-d", { tags: ["pr-142"], outcome: "deferred", error: "API rate limit" }),
    manifest("web-g", { tags: ["pr-77"], outcome: "gone", reason: "pull request #77 was closed on 2026-10-30" }),
    ...list(61, (n) => kept(`web-k${n}`, `branch feature/${n}`)),
    ...list(22, (n) => kept(`web-t${n}`, `Git tag v1.${n}.0`, { kind: "index" })),
    ...list(9, (n) => kept(`web-p${n}`, `pull request #${200 + n} is open`)),
    ...list(118, (n) => keptChild(`web-ch${n}`, `web-t${n % 22}`)),
    kept("web-latest", 'protected by "latest"', { status: "protected" }),
    kept("web-new", "pushed 3 h ago, within the grace period of 24h", { status: "untagged", tags: [] }),
  ];
}

function apiManifests(): readonly ManifestResult[] {
  return [
    ...list(12, (n) =>
      manifest(`api-${n}`, {
        tags: [`feature-${n}`],
        reason: `branch feature/${n} of pull request #${60 + n} was deleted`,
        pushedAt: n === 5 ? null : NOW - (n + 9) * 31 * DAY,
        sizeBytes: n === 5 ? null : 88_000_000,
      }),
    ),
    ...list(40, (n) => kept(`api-k${n}`, "branch main")),
    ...list(7, (n) => kept(`api-u${n}`, "matches no branch, Git tag, commit or pull request", { status: "unmatched" })),
  ];
}

const STALE_TAG = {
  tag: "pr-99",
  digest: digestOf("web-latest"),
  reason: "pull request #99 was merged on 2026-09-09",
  outcome: "reported",
} as const;

/** Returns a run of a team on a bad day, with something of everything. */
export function sampleRun(): RunResult {
  return run({
    finishedAt: NOW + 1_541_300,
    storage: { usedBytes: 48_318_382_080, includedBytes: 107_374_182_400 },
    repositories: [
      repository(
        "web",
        webManifests(),
        {
          staleTags: [STALE_TAG],
          url: "https://cloud.digitalocean.com/registry/acme/web",
          broken: [
            {
              digest: digestOf("web-t3"),
              tags: ["t3"],
              missing: [digestOf("x"), digestOf("y")],
              missingBlobs: [digestOf("z")],
            },
          ],
        },
        {
          blobs: blobsOf(3_650_722_201, "web"),
          ghosts: [digestOf("ghost")],
        },
      ),
      repository("api", apiManifests(), {}, { blobs: blobsOf(812_345_678, "api") }),
      repository("worker", [kept("worker", "branch main")]),
      repository("legacy", [], {
        error: "GET https://api.digitalocean.com/…/legacy/digests?page=3 answered 502",
        plan: null,
      }),
    ],
    requests: { "api.digitalocean.com": 213, "registry.digitalocean.com": 64, "api.github.com": 9, "github.com": 2 },
    garbageCollection: {
      status: "succeeded",
      freedBytes: 4_012_345_678,
      blobsDeleted: 412,
      note: "collection 6f1c2a took 24 min",
    },
    errors: [
      {
        kind: "listing",
        message:
          "legacy: GET https://api.digitalocean.com/v2/registries/acme/repositories/legacy/digests?page=3 answered 502, want 200",
        remedy: "Run the workflow again. If the error persists, check the registry's status page.",
      },
      {
        kind: "deletion",
        message: `web: 1 deletion failed; the first is ${digestOf("web-f")}: the registry answered 500`,
        remedy: "The next run tries again.",
      },
    ],
    warnings: ["web: 1 kept manifest is broken"],
    notices: ["`protect-apps` is off: images that App Platform runs are not protected"],
  });
}
