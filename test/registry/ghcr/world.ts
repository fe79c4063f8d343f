import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../../src/clock.ts";
import type { Digest } from "../../../src/digest.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import type { HostPolicy } from "../../../src/http/http.ts";
import { providerFor } from "../../../src/registry/providers.ts";
import type { RunResult } from "../../../src/report/result.ts";
import { sweep, type Tools } from "../../../src/run.ts";
import type { Settings } from "../../../src/settings.ts";
import type { Packages } from "../../servers/ghcr/packages.ts";
import { type GhcrServer, type ServeGhcrOptions, serveGhcr } from "../../servers/ghcr/server.ts";
import { makeRepository, serveGit } from "../../servers/git/server.ts";
import { pullRequest } from "../../servers/github/server.ts";
import { logInto, OWNER, TOKEN } from "./bench.ts";

const DAY = 24 * 3_600_000;
/** Closed pull requests, whose images are dead. */
const PULL_REQUESTS = 80;

/** A GitHub owner with one Git repository, `Acme/web`, and the package `web`, swept as a run does. */
export interface GhcrWorld {
  readonly server: GhcrServer;
  /** What was logged. */
  readonly lines: readonly string[];
  /** One whole run; settings may be changed. */
  run(changes?: Partial<Settings>): Promise<RunResult>;
  close(): Promise<void>;
}

export interface GhcrWorldOptions extends Partial<ServeGhcrOptions> {
  readonly clock: Clock;
  /** Instead of what is known of GitHub's hosts. */
  readonly policy?: (host: string) => HostPolicy;
}

export async function openGhcrWorld({ clock, policy, ...served }: GhcrWorldOptions): Promise<GhcrWorld> {
  const root = mkdtempSync(join(tmpdir(), "refsweep-ghcr-"));
  await makeRepository(root, `${OWNER}/web`, { branches: ["main"], lightTags: ["v1.0.0"] });
  const git = await serveGit({ root, token: TOKEN });
  const created = clock.now() - 90 * DAY;
  const pullRequests = Array.from({ length: PULL_REQUESTS }, (_, index) =>
    pullRequest(index + 1, { state: "merged", createdAt: created, closedAt: created + DAY }),
  );
  const repositories = { [`${OWNER}/web`]: { pullRequests } };
  const server = await serveGhcr({ owner: OWNER, token: TOKEN, repositories, ...served, clock });
  const lines: string[] = [];
  const settings = settingsFor(server, git.url, root);
  return {
    server,
    lines,
    async run(changes = {}) {
      const cancel = new AbortController();
      const used = { ...settings, ...changes };
      const http = createHttpClient({
        clock,
        concurrency: used.concurrency,
        policy: policy ?? providerFor(used.registry.provider).ratePolicy(used),
      });
      const tools: Tools = { http, clock, log: logInto(lines), signal: cancel.signal };
      try {
        return await sweep(used, tools);
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
    removeStaleTags: false,
    keepCount: 0,
    gracePeriodMs: DAY,
    event: null,
    scope: "repository",
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
    reportPath: join(workspace, "report.json"),
  };
}

/** How many versions of each sort a package has. */
export interface Stock {
  readonly keptRoots: number;
  readonly kept: number;
  readonly orphans: number;
}

/**
 * Fills the package `web` with `versions`, of which `orphans` are to go; of both parts 30 % belong to multi-arch images of
 * two platforms. Dead tags are `pr-1` to `pr-80`; the other orphans are untagged.
 */
export function fillPackage(packages: Packages, versions: number, orphans: number): Stock {
  const keptRoots = fillPart(packages, "kept", versions - orphans, (root) => [`kept-${root}`]);
  fillPart(packages, "dead", orphans, (root) => (root <= PULL_REQUESTS ? [`pr-${root}`] : []));
  return { keptRoots, kept: versions - orphans, orphans };
}

function fillPart(
  packages: Packages,
  part: string,
  count: number,
  tagsOf: (root: number) => readonly string[],
): number {
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
  return roots;
}
