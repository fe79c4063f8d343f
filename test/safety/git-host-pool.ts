import type { GitHost } from "../e2e/example.ts";
import { serveScenarioGitHost } from "./scenario.ts";

/** Forges for trials that run side by side, each of which has one for itself. */
export interface GitHostPool {
  /** Runs `work` when a gitHost is free. */
  take<T>(work: (gitHost: GitHost) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Serves `count` forges that give two pull requests a page. */
export async function openGitHostPool(count: number): Promise<GitHostPool> {
  const forges = await Promise.all(Array.from({ length: count }, () => serveScenarioGitHost("kept")));
  for (const { github } of forges) github.state.mostPerPage = 2;
  const free = [...forges];
  const waiting: ((gitHost: GitHost) => void)[] = [];

  function give(gitHost: GitHost): void {
    const next = waiting.shift();
    if (next === undefined) free.push(gitHost);
    else next(gitHost);
  }

  return {
    async take(work) {
      const gitHost = free.pop() ?? (await new Promise<GitHost>((resolve) => waiting.push(resolve)));
      try {
        return await work(gitHost);
      } finally {
        give(gitHost);
      }
    },
    close: async () => void (await Promise.all(forges.map((gitHost) => gitHost.close()))),
  };
}
