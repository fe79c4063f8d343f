import { afterAll, afterEach, beforeAll } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { serveScenarioGitHost } from "./scenario.ts";

/**
 * Serves one Git host for all tests of a file and removes its faults after each test. The tests must not change its branches
 * and tags.
 */
export function useGitHost(take: (gitHost: GitHost) => void): void {
  let gitHost: GitHost;
  beforeAll(async () => {
    gitHost = await serveScenarioGitHost("cached");
    take(gitHost);
  });
  afterEach(() => {
    gitHost.git.inject([]);
    gitHost.github.inject([]);
  });
  afterAll(() => gitHost.close());
}
