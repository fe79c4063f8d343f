import { createHash } from "node:crypto";
import type { Digest } from "../../src/digest.ts";
import type { RepositoryPlan } from "../../src/plan/view.ts";
import type { RepositoryResult, RunResult, SweptManifest } from "../../src/report/result.ts";

export const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;

export function digestOf(name: string): Digest {
  return `sha256:${createHash("sha256").update(name).digest("hex")}`;
}

/** A manifest that was deleted, unless told otherwise. */
export function manifest(name: string, overrides: Partial<SweptManifest> = {}): SweptManifest {
  return {
    digest: digestOf(name),
    tags: [name],
    kind: "image",
    pushedAt: NOW - 20 * DAY,
    sizeBytes: 52_428_800,
    decision: "delete",
    reason: "pull request #12 merged 2026-11-02",
    staleTags: [],
    outcome: "deleted",
    error: null,
    ...overrides,
  };
}

/** A manifest that stays. */
export function kept(name: string, reason: string, overrides: Partial<SweptManifest> = {}): SweptManifest {
  return manifest(name, { decision: "keep", reason, outcome: "kept", ...overrides });
}

export function repository(
  name: string,
  manifests: readonly SweptManifest[],
  overrides: Partial<RepositoryResult> = {},
  plan: Partial<RepositoryPlan> = {},
): RepositoryResult {
  return {
    name,
    error: null,
    plan: {
      repository: name,
      listsUntagged: true,
      decisions: manifests,
      followers: new Set(),
      waves: [manifests.filter(({ decision }) => decision === "delete").map(({ digest }) => digest)],
      broken: [],
      ghosts: [],
      unreadable: [],
      blobs: blobsOf(1_000_000 * manifests.filter(({ decision }) => decision === "delete").length, name),
      ...plan,
    },
    manifests,
    staleTags: [],
    ...overrides,
  };
}

/** One blob of so many bytes that goes, and that no other repository has. */
export function blobsOf(bytes: number, repository: string): RepositoryPlan["blobs"] {
  return { going: new Map(bytes === 0 ? [] : [[digestOf(repository), bytes]]), staying: new Set() };
}

/** A run without anything in it, unless told otherwise. */
export function run(overrides: Partial<RunResult> = {}): RunResult {
  return {
    dryRun: false,
    registry: "registry.digitalocean.com/acme",
    provider: "digitalocean",
    repositoryUrl: "https://github.com/acme/shop",
    startedAt: NOW,
    finishedAt: NOW + 41_300,
    repositories: [],
    requests: {},
    garbageCollection: { status: "not-started", freedBytes: null, blobsDeleted: null, note: "" },
    errors: [],
    notices: [],
    ...overrides,
  };
}

/** As many deleted manifests as asked for, in one repository. */
export function largeRepository(name: string, count: number): RepositoryResult {
  const manifests = Array.from({ length: count }, (_, index) =>
    manifest(`${name}-${index}`, {
      tags: [`pr-${index}`, `sha-${digestOf(String(index)).slice(7, 14)}`],
      reason: `pull request #${index} merged 2026-11-02`,
    }),
  );
  return repository(name, manifests);
}

/** A run such as a team sees it on a bad day: something of everything. */
export function sampleRun(): RunResult {
  const web = [
    ...Array.from({ length: 34 }, (_, n) =>
      manifest(`web-${n}`, {
        tags: n % 4 === 3 ? [] : [`pr-${100 + n}`, `sha-${digestOf(`w${n}`).slice(7, 14)}`],
        kind: n % 3 === 0 ? "index" : "image",
        reason:
          n % 4 === 3
            ? `child of sha256:${digestOf(`web-${n - 3}`).slice(7, 19)}… (pr-${97 + n})`
            : `pull request #${100 + n} merged 2026-10-${10 + (n % 20)}`,
        pushedAt: NOW - (n + 1) * 2.4 * DAY,
        sizeBytes: 30_000_000 + n * 7_654_321,
      }),
    ),
    manifest("web-f", {
      tags: ["pr-88"],
      reason: "branch feature/search of closed pull request #88 is deleted",
      outcome: "failed",
      error: "DELETE https://api.digitalocean.com/v2/registries/acme/repositories/web/digests/… answered 500, want 204",
    }),
    manifest("web-c", { tags: ["pr-140"], outcome: "changed", error: "branch release/9" }),
    manifest("web-g", { tags: ["pr-77"], outcome: "gone", reason: "pull request #77 closed 2026-10-30" }),
    ...Array.from({ length: 61 }, (_, n) => kept(`web-k${n}`, `branch feature/${n}`)),
    ...Array.from({ length: 22 }, (_, n) => kept(`web-t${n}`, `git tag v1.${n}.0`)),
    ...Array.from({ length: 9 }, (_, n) => kept(`web-p${n}`, `pull request #${200 + n} is open`)),
    ...Array.from({ length: 118 }, (_, n) => kept(`web-ch${n}`, `child of sha256:0123456789ab… (v1.${n}.0)`)),
    kept("web-latest", "protected: latest"),
    kept("web-new", "pushed 3 h ago, within the grace period of 24h"),
  ];
  const api = [
    ...Array.from({ length: 12 }, (_, n) =>
      manifest(`api-${n}`, {
        tags: [`feature-${n}`],
        reason: `branch feature/${n} of merged pull request #${60 + n} is deleted`,
        pushedAt: n === 5 ? null : NOW - (n + 9) * 31 * DAY,
        sizeBytes: n === 5 ? null : 88_000_000,
      }),
    ),
    ...Array.from({ length: 40 }, (_, n) => kept(`api-k${n}`, `branch main`)),
    ...Array.from({ length: 7 }, (_, n) => kept(`api-u${n}`, `no known ref`)),
  ];
  return run({
    finishedAt: NOW + 1_541_300,
    repositories: [
      repository(
        "web",
        web,
        {
          staleTags: [
            {
              tag: "pr-99",
              digest: digestOf("web-latest"),
              reason: "pull request #99 merged 2026-09-09",
              outcome: "reported",
            },
          ],
        },
        {
          blobs: blobsOf(3_650_722_201, "web"),
          broken: [{ digest: digestOf("web-t3"), missing: [digestOf("x"), digestOf("y")] }],
          ghosts: [digestOf("ghost")],
        },
      ),
      repository("api", api, {}, { blobs: blobsOf(812_345_678, "api") }),
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
        remedy: "Run it again; if it stays, look at the registry's own status and log.",
      },
      {
        kind: "deletion",
        message: `web: 1 deletion failed; the first is ${digestOf("web-f")}: the registry answered 500`,
        remedy: "The next run tries again; what stays after that, the registry refuses to delete.",
      },
    ],
    notices: ["`protect-apps` is off: images that App Platform runs are not looked up."],
  });
}
