import { expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { refuse } from "../servers/http-server.ts";
import { sweepScenario } from "./harness.ts";
import { contentsOf, openScenario, type ScenarioKind } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

let gitHost: GitHost;

useGitHost((served) => {
  gitHost = served;
});

test.each<ScenarioKind>(["digitalocean", "ghcr", "distribution", "oci"])(
  "%s: if a kept index cannot be read, nothing is deleted, because it may list any manifest",
  async (kind) => {
    const scenario = await openScenario(kind);
    try {
      const before = contentsOf(scenario.store);
      const index = scenario.store.resolve("web", "main")?.digest ?? "main";
      const isRead = (path: string): boolean =>
        path.endsWith(`/manifests/${index}`) || path.endsWith("/manifests/main");
      for (const server of Object.values(scenario.servers))
        server.inject(({ path }) => (isRead(path) ? refuse(500) : null));
      const result = await sweepScenario(scenario, gitHost, { "repository-pattern": "web" });
      expect(result.errors).not.toEqual([]);
      expect(contentsOf(scenario.store)).toEqual(before);
    } finally {
      await scenario.close();
    }
  },
);
