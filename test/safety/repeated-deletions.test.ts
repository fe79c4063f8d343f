import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { pullRequest } from "../servers/github/server.ts";
import { refuse, type ServerFault } from "../servers/http-server.ts";
import { sweepScenario } from "./harness.ts";
import {
  NOW,
  openScenario,
  type Scenario,
  type ScenarioKind,
  type StoreView,
  serveScenarioGitHost,
} from "./scenario.ts";

const SERVER: Readonly<Record<ScenarioKind, string>> = {
  digitalocean: "api",
  distribution: "registry",
  oci: "registry",
  ghcr: "api",
};

/** Answers to a DELETE after which the deletion is not settled. */
const UNSETTLED: Readonly<Record<string, ServerFault>> = {
  "429 with retry-after": refuse(429, { "retry-after": "60" }),
  "500": refuse(500),
  "503": refuse(503),
  "520": refuse(520),
  "a closed connection": { kind: "reset before" },
  "no answer": { kind: "silent before" },
};

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost();
});

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close()]);
});

/** The deletions of the image `pr-3`. */
function watchDeletions(kind: ScenarioKind): {
  readonly digest: string;
  isTarget(path: string): boolean;
  sent(): number;
} {
  const digest = scenario.store.resolve("web", "pr-3")?.digest ?? "";
  const server = scenario.servers[SERVER[kind]];
  // GitHub's paths contain the version's id, so the first DELETE of the package is the target.
  let target: string | null = null;
  const isTarget = (path: string): boolean => {
    if (kind !== "ghcr") return path.endsWith(digest);
    target ??= path;
    return path === target;
  };
  const sent = (): number =>
    server?.requests.filter(({ method, path }) => method === "DELETE" && isTarget(path)).length ?? 0;
  return { digest, isTarget, sent };
}

/** Fails the first DELETE of the target, and calls `meanwhile` then. */
function failFirst(
  kind: ScenarioKind,
  isTarget: (path: string) => boolean,
  fault: ServerFault,
  meanwhile: () => void,
): void {
  let failed = 0;
  scenario.servers[SERVER[kind]]?.inject(({ method, path }) => {
    if (method !== "DELETE" || path.endsWith("0".repeat(64)) || !isTarget(path)) return null;
    failed += 1;
    if (failed > 1) return null;
    meanwhile();
    return fault;
  });
}

describe.each(Object.entries(UNSETTLED))("after %s to a DELETE", (_title, fault) => {
  test.each(["digitalocean", "distribution"] as const)(
    "%s: keeps an image that got a live tag meanwhile",
    async (kind) => {
      scenario = await openScenario(kind);
      const { store } = scenario as Scenario;
      const { digest, isTarget, sent } = watchDeletions(kind);
      failFirst(kind, isTarget, fault, () => store.tag("web", "next", digest as `sha256:${string}`));
      const result = await sweepScenario(scenario, gitHost, {}, { timeoutMs: 300 });
      expect(result.errors).toEqual([]);
      expect(sent()).toBe(1);
      expect(store.resolve("web", "next")?.digest).toBe(digest);
      const outcome = result.repositories[0]?.manifests.find((each) => each.digest === digest);
      expect(outcome).toMatchObject({ decision: "delete", outcome: "changed", error: "branch next" });
    },
  );

  test.each(["digitalocean", "distribution", "ghcr"] as const)(
    "%s: keeps the images of a reopened pull request",
    async (kind) => {
      scenario = await openScenario(kind);
      const { isTarget, sent } = watchDeletions(kind);
      const before = scenario.store.tags("web");
      failFirst(kind, isTarget, fault, () => {
        for (const number of [1, 2, 3]) {
          const open = pullRequest(number, { createdAt: NOW - 1000, updatedAt: NOW });
          gitHost.github.state.repositories.get("octo/web")?.pullRequests.set(number, open);
        }
      });
      // The untagged image would be deleted first, and belongs to no pull request.
      await sweepScenario(scenario, gitHost, { concurrency: "1", untagged: "keep" }, { timeoutMs: 300 });
      expect(sent()).toBe(1);
      const tags = scenario.store.tags("web");
      for (const tag of ["pr-1", "pr-2", "pr-3"])
        expect(tags.includes(tag) || deletedBefore(before, tags, tag)).toBe(true);
    },
  );

  test.each(["digitalocean", "distribution", "ghcr"] as const)(
    "%s: rechecks, then deletes what is still orphaned",
    async (kind) => {
      scenario = await openScenario(kind);
      const { isTarget, sent } = watchDeletions(kind);
      failFirst(kind, isTarget, fault, () => undefined);
      const result = await sweepScenario(scenario, gitHost, {}, { timeoutMs: 300 });
      expect(result.errors).toEqual([]);
      expect(sent()).toBe(2);
      expect(scenario.store.tags("web").filter((tag) => /^pr-[23]/.test(tag))).toEqual([]);
    },
  );
});

/** The target is the first deletion of a run, which is sent alone; others may be deleted before it was found live. */
function deletedBefore(before: readonly string[], after: readonly string[], tag: string): boolean {
  return before.includes(tag) && !after.includes(tag) && tag !== "pr-3";
}

describe("a deletion whose answer was lost", () => {
  test.each(["digitalocean", "distribution", "ghcr"] as const)(
    "%s: counts as deleted if the recheck finds it done",
    async (kind) => {
      scenario = await openScenario(kind);
      const { isTarget, sent } = watchDeletions(kind);
      failFirst(kind, isTarget, { kind: "reset after" }, () => undefined);
      const result = await sweepScenario(scenario, gitHost, { concurrency: "1" });
      expect(result.errors).toEqual([]);
      expect(sent()).toBeLessThanOrEqual(kind === "distribution" ? 2 : 1);
      const outcomes = result.repositories.flatMap(({ manifests }) => manifests.map(({ outcome }) => outcome));
      expect(outcomes).not.toContain("gone");
      expect(outcomes).not.toContain("failed");
    },
  );
});
