import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Clock } from "../../../src/clock.ts";
import type { Digest } from "../../../src/digest.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import type { HostPolicy } from "../../../src/http/http.ts";
import { ratePolicy } from "../../../src/registry/ghcr/limits.ts";
import type { RunResult } from "../../../src/report/result.ts";
import { run } from "../../../src/run.ts";
import type { Settings } from "../../../src/settings.ts";
import { active, type Packages } from "../../servers/ghcr/packages.ts";
import { type GhcrServer, type ServeGhcrOptions, serveGhcr } from "../../servers/ghcr/server.ts";
import { makeRepository, serveGit } from "../../servers/git/server.ts";
import { pullRequest } from "../../servers/github/server.ts";
import { createMemoryLog } from "../memory-log.ts";

const OWNER = "Acme";
const TOKEN = "ghp_secret";
const DAY = 24 * 3_600_000;
/** GitHub's limits. `perHour` depends on the token. */
export const GITHUB = { pointsPerMinute: 900, secondaryStatus: 403 } as const;
/** The number of merged pull requests. */
const PULL_REQUESTS = 80;

/** A GitHub owner with the Git repository `Acme/web` and the package `web`. */
export interface SweepFixture {
  readonly server: GhcrServer;
  /** The log. */
  readonly lines: readonly string[];
  /** Runs once, with these changes to the settings. */
  run(changes?: Partial<Settings>): Promise<RunResult>;
  close(): Promise<void>;
}

export interface SweepFixtureOptions extends Partial<ServeGhcrOptions> {
  readonly clock: Clock;
  /** Replaces the known limits of GitHub's hosts. */
  readonly policy?: (host: string) => HostPolicy;
}

/** Opens a fixture that is closed when the test ends. */
export async function openForTest(options: SweepFixtureOptions): Promise<SweepFixture> {
  const fixture = await openSweepFixture(options);
  onTestFinished(() => fixture.close());
  return fixture;
}

export async function openSweepFixture(options: SweepFixtureOptions): Promise<SweepFixture> {
  const { clock, policy, ...serverOptions } = options;
  const root = mkdtempSync(join(tmpdir(), "refsweep-ghcr-"));
  await makeRepository(root, `${OWNER}/web`, { branches: ["main"], lightTags: ["v1.0.0"] });
  const git = await serveGit({ root, token: TOKEN });
  const createdAt = clock.now() - 90 * DAY;
  const pullRequests = Array.from({ length: PULL_REQUESTS }, (_, index) =>
    pullRequest(index + 1, { state: "merged", createdAt, closedAt: createdAt + DAY }),
  );
  const repositories = { [`${OWNER}/web`]: { pullRequests } };
  const server = await serveGhcr({ owner: OWNER, token: TOKEN, repositories, ...serverOptions, clock });
  const lines: string[] = [];
  const settings = settingsFor(server, git.url, root);
  return {
    server,
    lines,
    async run(changes = {}) {
      const { signal } = new AbortController();
      const changed = { ...settings, ...changes };
      const http = createHttpClient({
        clock,
        concurrency: changed.concurrency,
        policy: policy ?? ratePolicy(changed),
        signal,
      });
      try {
        return await run(changed, { http, clock, log: createMemoryLog(lines), signal });
      } finally {
        await http.close();
      }
    },
    close: async () => {
      await Promise.all([server.close(), git.close()]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function settingsFor(server: GhcrServer, serverUrl: URL, workspace: string): Settings {
  const { apiUrl, graphqlUrl, origin } = server;
  return {
    registry: { provider: "ghcr", origin, path: OWNER, name: `${origin.host}/${OWNER}` },
    repositoryPattern: ["web"],
    credential: { username: "token", secret: TOKEN },
    github: { token: TOKEN, repository: `${OWNER}/web`, apiUrl, graphqlUrl, serverUrl },
    tagPatterns: ["{branch}", "{tag}", "pr-{pr}"],
    protectTags: ["kept-*"],
    protectDigests: { digests: [], files: [] },
    protectApps: false,
    untagged: "delete",
    unmatchedTags: "keep",
    superseded: "keep",
    foreignRepositories: "skip",
    removeStaleTags: false,
    keepCount: 0,
    olderThanMs: 0,
    retention: [],
    gracePeriodMs: DAY,
    event: null,
    deletedBranch: null,
    scope: "repository",
    validate: false,
    maxDeletions: 0,
    dryRun: false,
    runGc: "false",
    gcType: "unreferenced blobs only",
    gcCommand: [],
    gcTimeoutMs: 0,
    apiUrl,
    concurrency: 16,
    workspace,
    dockerConfigPath: join(workspace, "docker", "config.json"),
  };
}

/** The numbers of a package's versions. */
export interface VersionCounts {
  readonly kept: number;
  readonly orphaned: number;
}

/**
 * Fills the package `web` with `versions`, of which `orphaned` are deleted by a run. 30 % of both parts belong to
 * multi-platform images with two platforms. The tags of orphaned images are `pr-1` to `pr-80`; the others are untagged.
 */
export function fillPackage(packages: Packages, versions: number, orphaned: number): VersionCounts {
  fillPart(packages, "kept", versions - orphaned, (root) => [`kept-${root}`]);
  fillPart(packages, "orphaned", orphaned, (root) => (root <= PULL_REQUESTS ? [`pr-${root}`] : []));
  return { kept: versions - orphaned, orphaned };
}

function fillPart(packages: Packages, part: string, count: number, tagsOf: (root: number) => readonly string[]): void {
  const indexes = Math.floor((count * 0.3) / 3);
  let roots = 0;
  for (let index = 0; index < indexes; index++) {
    const children: Digest[] = ["amd64", "arm64"].map((platform) =>
      packages.pushImage("web", `${part} ${index} ${platform}`),
    );
    roots += 1;
    packages.pushIndex("web", `${part} ${index}`, children, { tags: tagsOf(roots) });
  }
  for (let image = indexes * 3; image < count; image++) {
    roots += 1;
    packages.pushImage("web", `${part} image ${image}`, { tags: tagsOf(roots) });
  }
}

/** Counts the outcomes of the manifests that the plan deletes. */
export function outcomesOf(result: RunResult): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { outcome, decision } of result.repositories.flatMap(({ manifests }) => manifests)) {
    if (decision === "delete") counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

/** Returns the tagged indexes with a missing platform. */
export function brokenIndexes({ server }: SweepFixture) {
  return active(server.packages.get("web")).filter(({ tags, bytes }) => {
    if (tags.length === 0) return false;
    const { manifests = [] } = JSON.parse(bytes.toString()) as { manifests?: readonly { digest: string }[] };
    return manifests.some(({ digest }) => server.packages.find("web", digest) === null);
  });
}
