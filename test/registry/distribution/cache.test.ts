import { afterAll, beforeAll, expect, test } from "vitest";
import { type GitHost, serveExampleGitHost } from "../../e2e/example.ts";
import { pushImage } from "../../servers/content.ts";
import { startRealRegistry } from "../../servers/distribution/real-registry.ts";
import { serveOci } from "../../servers/oci/server.ts";
import { RegistryStore } from "../../servers/oci/store.ts";
import { findTool, needs, type Tool } from "../../servers/tools.ts";
import { sweepRegistry } from "./sweep.ts";

let gitHost: GitHost;

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});

afterAll(() => gitHost.close());

const CACHES: readonly Tool[] = ["docker-registry", "registry"];

for (const tool of CACHES) {
  test(`a pull-through cache (${tool}) is an error that says so, also in a dry run`, needs(tool), async () => {
    const store = new RegistryStore();
    pushImage(store, { repository: "web", seed: "orphaned", tags: ["pr-10"] });
    const remote = await serveOci(store);
    const cache = await startRealRegistry(findTool(tool) ?? "", { caches: remote.url });
    try {
      const sweep = (dryRun: string) =>
        sweepRegistry(cache.url, gitHost, { inputs: { "repository-pattern": "web", "dry-run": dryRun } });
      const { errors } = await sweep("false");
      expect(errors).toMatchObject([
        { kind: "registry", message: expect.stringContaining("or it is a pull-through cache") },
      ]);
      expect(errors[0]?.remedy).toContain("set `registry` to the registry that it caches");
      const dryRun = await sweep("true");
      expect(dryRun.errors).toEqual([]);
      expect(dryRun.warnings).toEqual([expect.stringContaining("or it is a pull-through cache")]);
      expect(store.tags("web")).toEqual(["pr-10"]);
    } finally {
      await cache.close();
      await remote.close();
    }
  });
}
