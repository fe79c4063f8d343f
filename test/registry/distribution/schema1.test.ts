import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type GitHost, serveExampleGitHost } from "../../e2e/example.ts";
import { pushImage } from "../../servers/content.ts";
import { type RealRegistry, startRealRegistry } from "../../servers/distribution/real-registry.ts";
import { copyStore, manifestStatus, pushManifest, tagsOf } from "../../servers/oci/copy.ts";
import { RegistryStore, referencesOf } from "../../servers/oci/store.ts";
import { SCHEMA_1, signedSchema1 } from "../../servers/schema1.ts";
import { findTool, needs } from "../../servers/tools.ts";
import { deletedTags, sweepRegistry } from "./sweep.ts";

let gitHost: GitHost;
const cleanup: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});

afterEach(async () => {
  await Promise.all(cleanup.splice(0).map((close) => close()));
});

afterAll(() => gitHost.close());

/** Starts Distribution 2.8 with an image for each of `tags`, and an image of schema 1 with the tag `old`. */
async function start(tags: readonly string[], old: string): Promise<RealRegistry> {
  const registry = await startRealRegistry(findTool("docker-registry") ?? "", { schema1: "accepted" });
  cleanup.push(() => registry.close());
  const store = new RegistryStore();
  for (const tag of tags) pushImage(store, { repository: "web", seed: tag, tags: [tag] });
  await copyStore(store, registry);
  const [image] = store.manifests("web");
  const [layer] = image === undefined ? [] : referencesOf(image.bytes).blobs.slice(1);
  if (layer === undefined) throw new Error("the image has no layer");
  await pushManifest(registry, "web", old, signedSchema1("web", old, layer.digest).bytes, SCHEMA_1);
  return registry;
}

describe("with Distribution 2.8, an image of schema 1", () => {
  test("that is kept does not stop the others", needs("docker-registry"), async () => {
    const registry = await start(["main", "pr-10"], "v1.0.0");
    const result = await sweepRegistry(registry.url, gitHost);
    expect(result.errors).toEqual([]);
    expect(deletedTags(result)).toEqual(["web: pr-10"]);
    expect(await tagsOf(registry, "web")).toEqual(["main", "v1.0.0"]);
  });

  test("that is orphaned is deleted", needs("docker-registry"), async () => {
    const registry = await start(["main"], "pr-11");
    const result = await sweepRegistry(registry.url, gitHost);
    expect(result.errors).toEqual([]);
    expect(deletedTags(result)).toEqual(["web: pr-11"]);
    expect(await manifestStatus(registry, "web", "pr-11")).toBe(404);
  });
});

test(
  "an image of schema 1 that Distribution 3 does not return is ignored",
  needs("docker-registry", "registry"),
  async () => {
    const { folder } = await start(["main", "pr-10"], "v1.0.0");
    const registry = await startRealRegistry(findTool("registry") ?? "", {}, folder);
    cleanup.push(() => registry.close());
    const result = await sweepRegistry(registry.url, gitHost);
    expect(result.errors).toEqual([]);
    expect(deletedTags(result)).toEqual(["web: pr-10"]);
    expect(await tagsOf(registry, "web")).toEqual(["main", "v1.0.0"]);
  },
);
