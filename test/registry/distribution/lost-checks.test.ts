import { afterAll, beforeAll, expect, test } from "vitest";
import { type GitHost, serveExampleGitHost } from "../../e2e/example.ts";
import { pushImage } from "../../servers/content.ts";
import { refuse } from "../../servers/http-server.ts";
import { DISTRIBUTION_3 } from "../../servers/oci/behaviour.ts";
import { serveOci } from "../../servers/oci/server.ts";
import { RegistryStore } from "../../servers/oci/store.ts";
import { sweepRegistry } from "./sweep.ts";

const UNREACHABLE = refuse(401, { "www-authenticate": 'Bearer realm="http://127.0.0.1:9/token"' });

let gitHost: GitHost;

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});

afterAll(() => gitHost.close());

test("a stale tag that was deleted is not reported as existing, if the check after it cannot be sent", async () => {
  const store = new RegistryStore();
  pushImage(store, { repository: "web", seed: "orphaned", tags: ["pr-10"] });
  pushImage(store, { repository: "web", seed: "kept", tags: ["main", "pr-11"] });
  const server = await serveOci(store, DISTRIBUTION_3);
  server.inject(({ method }) => (method === "HEAD" && !store.tags("web").includes("pr-11") ? UNREACHABLE : null));
  try {
    const result = await sweepRegistry(server.url, gitHost, { inputs: { "remove-stale-tags": "true" } });
    expect(store.tags("web")).toEqual(["main"]);
    expect(result.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-11", outcome: "failed" }]);
    expect(result.errors).not.toEqual([]);
  } finally {
    await server.close();
  }
});
