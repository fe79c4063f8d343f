import type { GitHost } from "../e2e/example.ts";
import { serveScenarioGitHost } from "./scenario.ts";

/** Git hosts for concurrent tests, each of which needs one exclusively. */
export interface GitHostPool {
  /** Runs `work` with a free Git host; waits until one is free. */
  use<T>(work: (gitHost: GitHost) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * @param count the number of Git hosts
 * @param pullRequestsPerPage the page size of GitHub's lists; default: GitHub's own
 */
export async function openGitHostPool(count: number, pullRequestsPerPage?: number): Promise<GitHostPool> {
  const gitHosts = await Promise.all(Array.from({ length: count }, () => serveScenarioGitHost("cached")));
  for (const { github } of gitHosts) github.state.maxPerPage = pullRequestsPerPage ?? github.state.maxPerPage;
  const free = [...gitHosts];
  const waiting: ((gitHost: GitHost) => void)[] = [];

  function release(gitHost: GitHost): void {
    const next = waiting.shift();
    if (next === undefined) free.push(gitHost);
    else next(gitHost);
  }

  return {
    async use(work) {
      const gitHost = free.pop() ?? (await new Promise<GitHost>((resolve) => waiting.push(resolve)));
      try {
        return await work(gitHost);
      } finally {
        release(gitHost);
      }
    },
    close: async () => void (await Promise.all(gitHosts.map((gitHost) => gitHost.close()))),
  };
}
