import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type GitHost, serveExampleGitHost } from "../../e2e/example.ts";
import { pushImage, pushMultiArch } from "../../servers/content.ts";
import { serveOci } from "../../servers/oci/server.ts";
import { RegistryStore } from "../../servers/oci/store.ts";
import { sweepRegistry } from "./sweep.ts";

let gitHost: GitHost;
const cleanup: (() => unknown)[] = [];

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});

afterEach(async () => {
  for (const step of cleanup.splice(0)) await step();
});

afterAll(() => gitHost.close());

/** Sweeps all repositories of `store`, and protects the images that a file with `text` names. Returns the errors. */
async function sweepWithFile(store: RegistryStore, text: (host: string) => string) {
  const workspace = mkdtempSync(join(tmpdir(), "refsweep-workspace-"));
  cleanup.push(() => rmSync(workspace, { recursive: true }));
  const server = await serveOci(store);
  cleanup.push(() => server.close());
  writeFileSync(join(workspace, "deploy.yaml"), text(server.url.host));
  const result = await sweepRegistry(server.url, gitHost, {
    inputs: { "protect-digests": "*.yaml", "repository-pattern": "**" },
    environment: { GITHUB_WORKSPACE: workspace },
  });
  return result.errors;
}

test.each([
  ["Web", "Web:pr-10", "the same case"],
  ["Web", "web:PR-10", "another case"],
  ["web", "WEB:Pr-10", "upper case"],
])("an image of %s is protected by a file that names %s (%s)", async (repository, reference) => {
  const store = new RegistryStore();
  pushImage(store, { repository, seed: "used", tags: ["pr-10"] });
  pushImage(store, { repository, seed: "orphaned", tags: ["pr-11"] });
  expect(await sweepWithFile(store, (host) => `image: ${host}/${reference}\n`)).toEqual([]);
  expect(store.tags(repository)).toEqual(["pr-10"]);
});

test("an index whose platform is protected is kept, because some registries delete both", async () => {
  const store = new RegistryStore();
  const { index, children } = pushMultiArch(store, { repository: "web", seed: "used", tags: ["pr-10"] });
  pushMultiArch(store, { repository: "web", seed: "orphaned", tags: ["pr-11"] });
  expect(await sweepWithFile(store, (host) => `image: ${host}/web@${children[0]}\n`)).toEqual([]);
  expect(store.manifests("web").map(({ digest }) => digest)).toEqual([...children, index]);
});
