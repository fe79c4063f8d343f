import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GitHost } from "../e2e/example.ts";
import { pullRequest } from "../servers/github/server.ts";
import type { TestPullRequest } from "../servers/github/state.ts";
import type { RefChange } from "./random-changes.ts";
import type { Refs } from "./random-oracle.ts";
import { NOW, serveScenarioGitHost } from "./scenario.ts";

const DAY = 86_400_000;

/** A Git host whose branches and pull requests can change while requests are served. */
export interface ChangingRefs {
  readonly gitHost: GitHost;
  refs(): Refs;
  apply(change: RefChange, now: number): void;
  /** Undoes all changes. */
  reset(): void;
  close(): Promise<void>;
}

export async function serveChangingRefs(): Promise<ChangingRefs> {
  const branches = new Set(["main", "next"]);
  const tags = new Set<string>();
  const gitHost = await serveScenarioGitHost(() =>
    [...branches, ...[...tags].map((tag) => `tags/${tag}`)].sort().join(),
  );
  const pulls = gitHost.github.state.repositories.get("octo/web")?.pullRequests ?? new Map<number, TestPullRequest>();
  const [initialBranches, initialPulls] = [[...branches], [...pulls]];
  const commits = new Map<string, string>();
  for (const branch of branches) commits.set(branch, await gitHost.repository.commitOf(branch));

  const tip = await gitHost.repository.commitOf("main");
  const writeRef = (ref: string, commit: string | null): void => {
    const path = join(gitHost.repository.path, ref);
    if (commit === null) rmSync(path, { force: true });
    else writeFileSync(path, `${commit}\n`);
  };
  const setBranch = (branch: string, exists: boolean): void => {
    if (exists === branches.has(branch)) return;
    writeRef(join("refs/heads", branch), exists ? (commits.get(branch) ?? tip) : null);
    if (exists) branches.add(branch);
    else branches.delete(branch);
  };

  return {
    gitHost,
    refs: () => ({
      branches: new Set(branches),
      tags: new Set(tags),
      open: new Map(
        [...pulls.values()].flatMap((pull) => (pull.state === "open" ? [[pull.number, pull.headBranch]] : [])),
      ),
      numbers: new Set(pulls.keys()),
    }),
    apply(change, now) {
      if ("branch" in change) return setBranch(change.branch, change.action === "create branch");
      if ("gitTag" in change) {
        writeRef(join("refs/tags", change.gitTag), tip);
        return void tags.add(change.gitTag);
      }
      const createdAt = pulls.get(change.number)?.createdAt ?? now;
      if (change.action === "open pull request")
        pulls.set(change.number, pullRequest(change.number, { createdAt, updatedAt: now }));
      else if (pulls.get(change.number)?.state === "open")
        pulls.set(
          change.number,
          pullRequest(change.number, { state: "closed", createdAt, closedAt: now, updatedAt: now }),
        );
    },
    reset() {
      for (const branch of branches) if (!initialBranches.includes(branch)) setBranch(branch, false);
      for (const branch of initialBranches) setBranch(branch, true);
      for (const tag of tags) writeRef(join("refs/tags", tag), null);
      tags.clear();
      pulls.clear();
      for (const [number, pull] of initialPulls) pulls.set(number, pull);
      gitHost.git.inject([]);
      gitHost.github.inject([]);
    },
    close: () => gitHost.close(),
  };
}

/** The age of the manifests that exist before a sweep: older than every grace period. */
export const pushedBefore = (index: number): number => NOW - (30 - (index % 20)) * DAY;
