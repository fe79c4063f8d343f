import { expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { refuse } from "../servers/http-server.ts";
import { sweepScenario } from "./harness.ts";
import { contentsOf, openScenario, type ScenarioKind } from "./scenario.ts";
import { deletionServer, isDeletion } from "./slow-deletions.ts";
import { useGitHost } from "./use-git-host.ts";

let gitHost: GitHost;

useGitHost((served) => {
  gitHost = served;
});

test.each<ScenarioKind>(["digitalocean", "ghcr", "distribution", "oci"])(
  "%s: the first deletion is sent alone, so a token that may not delete is refused once",
  async (kind) => {
    const scenario = await openScenario(kind);
    try {
      const before = contentsOf(scenario.store);
      let deletions = 0;
      deletionServer(scenario)?.inject((request) => {
        if (!isDeletion(request)) return null;
        deletions += 1;
        return refuse(401, {}, { message: "Bad credentials" });
      });
      const result = await sweepScenario(scenario, gitHost, { concurrency: "4" });
      expect(deletions).toBe(1);
      expect(result.errors).toMatchObject([{ kind: "permission" }]);
      expect(contentsOf(scenario.store)).toEqual(before);
    } finally {
      await scenario.close();
    }
  },
);
