import { afterEach, describe, expect, test } from "vitest";
import type { Digest } from "../../src/digest.ts";
import { Fault } from "../../src/fault.ts";
import type { GitHost } from "../e2e/example.ts";
import { refuse, type ServerFault } from "../servers/http-server.ts";
import { manifestIn, sweepScenario } from "./harness.ts";
import { contentsOf, NOW, openScenario, type Scenario, type StoreView } from "./scenario.ts";
import { deletionServer, fillOrphanedIndex, isDeletion } from "./slow-deletions.ts";
import { useGitHost } from "./use-git-host.ts";

const ONE_BY_ONE = { concurrency: "1" };
const LOST: ServerFault = { kind: "reset after" };

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

/** Opens a scenario with one orphaned index. Returns the index. */
async function openIndex(kind: "digitalocean" | "distribution"): Promise<Digest> {
  const opened = await openScenario(kind);
  scenario = opened;
  fillOrphanedIndex(opened.store);
  return opened.store.resolve("web", "pr-2")?.digest ?? "sha256:";
}

const exists = (digest: Digest): boolean => scenario.store.resolve("web", digest) !== null;
const isUntagged = (digest: Digest): boolean => scenario.store.tagsOf("web", digest).length === 0;

describe.each(["digitalocean", "distribution"] as const)(
  "%s: a DELETE that succeeded, but whose answer was lost",
  (kind) => {
    test("is reported as failed if the recheck after it fails", async () => {
      const index = await openIndex(kind);
      let deletions = 0;
      deletionServer(scenario)?.inject((request) => {
        if (isDeletion(request)) deletions += 1;
        if (isDeletion(request)) return LOST;
        return deletions > 0 ? refuse(500) : null;
      });
      const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE);
      expect(exists(index)).toBe(false);
      expect(manifestIn(result, index)).toMatchObject({
        outcome: "failed",
        error: "the connection was lost before the registry answered, so it may have been deleted",
      });
    });

    test("is reported as failed if the job is cancelled before the recheck", async () => {
      const index = await openIndex(kind);
      const job = new AbortController();
      let deletions = 0;
      deletionServer(scenario)?.inject((request) => {
        if (isDeletion(request)) deletions += 1;
        if (isDeletion(request)) return LOST;
        // The first request after a DELETE belongs to the recheck.
        if (deletions > 0) job.abort(new Fault("interrupted", "The job was cancelled", "Run it again."));
        return null;
      });
      const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE, { signal: job.signal });
      expect(exists(index)).toBe(false);
      expect(manifestIn(result, index)).toMatchObject({
        outcome: "failed",
        error: expect.stringContaining("may have been"),
      });
    });

    test("is reported as deleted if the recheck does not find it, also for an untagged child", async () => {
      await openIndex(kind);
      const [child] = scenario.store.manifests("web").filter(({ digest }) => isUntagged(digest));
      const path = `/${child?.digest}`;
      let attempts = 0;
      deletionServer(scenario)?.inject((request) => {
        if (!isDeletion(request) || !request.path.endsWith(path)) return null;
        attempts += 1;
        return LOST;
      });
      const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE);
      expect(result.errors).toEqual([]);
      expect(attempts).toBe(1);
      expect(manifestIn(result, child?.digest ?? "")).toMatchObject({ outcome: "deleted" });
    });

    test("is reported as deleted, with its children, if it was the last attempt after 503 answers", async () => {
      const index = await openIndex(kind);
      let attempts = 0;
      deletionServer(scenario)?.inject((request) => {
        if (!isDeletion(request) || !request.path.endsWith(index)) return null;
        attempts += 1;
        return attempts < 4 ? refuse(503) : LOST;
      });
      const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE);
      expect(result.errors).toEqual([]);
      expect(manifestIn(result, index)).toMatchObject({ outcome: "deleted" });
      expect(contentsOf(scenario.store)).toHaveLength(1);
    });
  },
);

test.each(["digitalocean", "distribution"] as const)(
  "%s: a deletion that failed, and that another client did then, is reported as gone",
  async (kind) => {
    const index = await openIndex(kind);
    let attempts = 0;
    deletionServer(scenario)?.inject((request) => {
      if (!isDeletion(request) || !request.path.endsWith(index)) return null;
      attempts += 1;
      // A recheck between both attempts sees the index.
      if (attempts === 1) return { kind: "reset before" };
      scenario.others.drop(index);
      return null;
    });
    const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE);
    expect(attempts).toBe(2);
    expect(manifestIn(result, index)).toMatchObject({ outcome: "gone" });
  },
);

test("ghcr: a deletion whose answer was lost is not reported as deferred when the API budget ends", async () => {
  scenario = await openScenario("ghcr");
  const before = contentsOf(scenario.store);
  let deletions = 0;
  deletionServer(scenario)?.inject((request) => {
    if (isDeletion(request)) deletions += 1;
    if (isDeletion(request) && deletions === 2) return LOST;
    const remaining = deletions > 2 ? "8" : "500";
    return { kind: "altered", alter: (reply) => ({ ...reply, headers: { ...reply.headers, ...budget(remaining) } }) };
  });
  const result = await sweepScenario(scenario, gitHost, { concurrency: "2" });
  const after = new Set(contentsOf(scenario.store));
  const deleted = new Set(before.filter((line) => !after.has(line)).map((line) => line.split(" ")[0]));
  const manifests = result.repositories.flatMap((repository) => repository.manifests);
  const deferred = manifests.filter(({ outcome }) => outcome === "deferred");
  expect(deferred.length).toBeGreaterThan(0);
  expect(deferred.filter(({ digest }) => deleted.has(digest))).toEqual([]);
  expect(manifests.filter(({ outcome }) => outcome === "failed")).toHaveLength(1);
});

/** The headers of GitHub's rate limit. */
function budget(remaining: string): Readonly<Record<string, string>> {
  return {
    "x-ratelimit-limit": "1000",
    "x-ratelimit-remaining": remaining,
    "x-ratelimit-reset": String(NOW / 1000 + 3000),
    "x-ratelimit-resource": "core",
  };
}
