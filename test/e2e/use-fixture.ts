import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { type GitHost, serveExampleGitHost } from "./example.ts";
import { type Fixture, openFixture } from "./fixture.ts";

/** Gives each test of a file a fixture of its own, beside one gitHost for all of them, which meets no fault when a test begins. */
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
