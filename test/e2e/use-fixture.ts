import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { type GitHost, serveExampleGitHost } from "./example.ts";
import { type Fixture, openFixture } from "./fixture.ts";

/** Opens a fixture before each test. The tests of a file share one Git host, whose faults are removed after each test. */
export function useFixture(take: (fixture: Fixture, gitHost: GitHost) => void): void {
  let gitHost: GitHost;
  let fixture: Fixture;
  beforeAll(async () => {
    gitHost = await serveExampleGitHost(Date.now());
  });
  afterAll(() => gitHost.close());
  beforeEach(async () => {
    fixture = await openFixture(gitHost);
    take(fixture, gitHost);
  });
  afterEach(async () => {
    gitHost.git.inject([]);
    gitHost.github.inject([]);
    await fixture.close();
  });
}
