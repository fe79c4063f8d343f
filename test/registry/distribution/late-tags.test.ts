import { afterAll, beforeAll, expect, test } from "vitest";
import { type GitHost, serveExampleGitHost } from "../../e2e/example.ts";
import { pushImage } from "../../servers/content.ts";
import { DISTRIBUTION_3 } from "../../servers/oci/behaviour.ts";
import { serveOci } from "../../servers/oci/server.ts";
import { RegistryStore } from "../../servers/oci/store.ts";
import { deletedTags, sweepRegistry } from "./sweep.ts";

let gitHost: GitHost;

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});

afterAll(() => gitHost.close());

// Distribution lists names first. Then Refsweep reads the manifest of each tag, which takes minutes for thousands of tags.
test.each([1, 2])("an image that gets a live tag while list %i is read is kept", async (list) => {
  const store = new RegistryStore();
  const digest = pushImage(store, { repository: "web", seed: "promoted", tags: ["pr-10"] });
  pushImage(store, { repository: "web", seed: "orphaned", tags: ["pr-11"] });
  for (let number = 0; number < 20; number += 1) {
    pushImage(store, { repository: "web", seed: `kept ${number}`, tags: [`keep-${number}`] });
  }
  const server = await serveOci(store, DISTRIBUTION_3);
  let reads = 0;
  server.inject(({ method, path }) => {
    if (method === "GET" && path.endsWith("/manifests/keep-7")) reads += 1;
    if (reads === list) store.tag("web", "v2.0.0", digest);
    return null;
  });
  try {
    const result = await sweepRegistry(server.url, gitHost);
    expect(result.errors).toEqual([]);
    expect(deletedTags(result)).toEqual(["web: pr-11"]);
    expect(store.tagsOf("web", digest)).toEqual(["pr-10", "v2.0.0"]);
  } finally {
    await server.close();
  }
});
