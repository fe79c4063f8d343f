import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pushImage, pushMultiArch, pushReferrer } from "../servers/content.ts";
import {
  type GitContents,
  type GitResponses,
  makeRepository,
  serveGit,
  type TestRepository,
} from "../servers/git/server.ts";
import { type GitHubServer, pullRequest, serveGitHub, type TestPullRequest } from "../servers/github/server.ts";
import type { TestServer } from "../servers/http-server.ts";
import type { RegistryStore } from "../servers/oci/store.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export const GITHUB_TOKEN = "ghs_example0123456789";

/** A served Git repository with its GitHub API. */
export interface GitHost {
  readonly github: GitHubServer;
  readonly git: TestServer;
  readonly repository: TestRepository;
  /** The variables that the runner sets for a step of this repository. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * Serves `octo/web`: branches main, feature/search and feature/kept, tags v1.0.0, v1.1.0 and v2.0.0; pull requests 10 (merged),
 * 11 (closed), 12 (open), 13 (merged, from a fork's branch `main`) and 14 (merged, its branch exists).
 */
export function serveExampleGitHost(now: number): Promise<GitHost> {
  const closed = (days: number) => ({
    createdAt: now - (days + 3) * DAY,
    closedAt: now - days * DAY,
    updatedAt: now - days * DAY,
  });
  return serveGitHost({
    branches: ["main", "feature/search", "feature/kept"],
    lightTags: ["v1.0.0"],
    annotatedTags: ["v1.1.0", "v2.0.0"],
    pullRequests: [
      pullRequest(10, { state: "merged", headBranch: "feature/login", ...closed(9) }),
      pullRequest(11, { state: "closed", headBranch: "experiment", ...closed(8) }),
      pullRequest(12, { headBranch: "feature/search", createdAt: now - 2 * DAY, updatedAt: now - DAY }),
      pullRequest(13, { state: "merged", headBranch: "main", head: "fork", ...closed(7) }),
      pullRequest(14, { state: "merged", headBranch: "feature/kept", ...closed(6) }),
    ],
  });
}

/** Serves `octo/web` with these refs. */
export async function serveGitHost(
  contents: GitContents & {
    readonly pullRequests: readonly TestPullRequest[];
    readonly gitResponses?: GitResponses;
  },
): Promise<GitHost> {
  const root = mkdtempSync(join(tmpdir(), "refsweep-git-"));
  const repository = await makeRepository(root, "octo/web", contents);
  const { pullRequests, gitResponses = "fresh" } = contents;
  const git = await serveGit({ root, token: GITHUB_TOKEN, responses: gitResponses });
  const github = await serveGitHub({ token: GITHUB_TOKEN, repositories: { "octo/web": { pullRequests } } });
  return {
    github,
    git,
    repository,
    environment: {
      GITHUB_TOKEN,
      GITHUB_REPOSITORY: "octo/web",
      GITHUB_SERVER_URL: git.url.href.replace(/\/$/, ""),
      GITHUB_API_URL: github.apiUrl.href.replace(/\/$/, ""),
      GITHUB_GRAPHQL_URL: github.graphqlUrl.href,
    },
    close: async () => {
      await Promise.all([git.close(), github.close()]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/**
 * Fills three repositories with images of `octo/web`'s refs. The seed of each image names its ref.
 *
 * @param creation `known`: the configs say when the images were created. Then their digests depend on `now`
 */
export function fillExampleRegistry(
  store: RegistryStore,
  now: number,
  creation: "known" | "unknown" = "unknown",
): void {
  const ago = (days: number) => {
    const pushedAt = now - days * DAY;
    return creation === "known" ? { pushedAt, created: new Date(pushedAt).toISOString() } : { pushedAt };
  };
  for (const repository of ["web", "web/worker"]) {
    const release = pushMultiArch(store, {
      repository,
      seed: `${repository} release 2`,
      tags: ["v2.0.0", "2.0.0", "2.0", "2", "latest"],
      attestations: "with",
      ...ago(20),
    });
    pushReferrer(store, {
      repository,
      subject: release.index,
      artifactType: "application/vnd.dev.cosign.simplesigning.v1+json",
      by: "cosign-tag",
      ...ago(20),
    });
    pushMultiArch(store, {
      repository,
      seed: `${repository} release 1.1`,
      tags: ["v1.1.0", "1.1.0", "1.1", "1"],
      attestations: "with",
      ...ago(60),
    });
    pushMultiArch(store, {
      repository,
      seed: `${repository} release 1.0`,
      tags: ["v1.0.0", "1.0.0", "1.0"],
      ...ago(90),
    });
    pushMultiArch(store, {
      repository,
      seed: `${repository} branch main`,
      tags: ["main"],
      attestations: "with",
      ...ago(1.5),
    });
    pushMultiArch(store, {
      repository,
      seed: `${repository} open pull request`,
      tags: ["pr-12", "feature-search"],
      ...ago(1.2),
    });
    const merged = pushMultiArch(store, {
      repository,
      seed: `${repository} merged`,
      tags: ["pr-10", "feature-login"],
      attestations: "with",
      ...ago(10),
    });
    pushReferrer(store, {
      repository,
      subject: merged.index,
      artifactType: "application/spdx+json",
      by: "referrers-tag",
      ...ago(10),
    });
    pushMultiArch(store, { repository, seed: `${repository} closed`, tags: ["pr-11", "experiment"], ...ago(9) });
    pushImage(store, { repository, seed: `${repository} from a fork`, tags: ["pr-13"], ...ago(8) });
    pushImage(store, {
      repository,
      seed: `${repository} branch exists`,
      tags: ["pr-14", "feature-kept"],
      ...ago(7),
    });
    for (let build = 1; build <= 12; build += 1) {
      pushImage(store, {
        repository,
        seed: `${repository} leftover ${build}`,
        layerBytes: 20_000 + build,
        ...ago(10 + build),
      });
    }
    pushImage(store, { repository, seed: `${repository} push in progress`, ...ago(0.05) });
    pushImage(store, { repository, seed: `${repository} by hand`, tags: ["jane-test"], ...ago(40) });
  }
  pushImage(store, {
    repository: "base",
    seed: "another repository",
    tags: ["main", "pr-10"],
    ...ago(30),
  });
}
