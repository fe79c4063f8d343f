import { afterEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { INDEX, pushImage } from "../servers/content.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { sweepScenario } from "./harness.ts";
import { NOW, openScenario, type Scenario, type StoreScenarioKind } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const AT = { repository: "web", pushedAt: NOW - 10 * 86_400_000 } as const;

let gitHost: GitHost;
let scenario: Scenario;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

/** Pushes what BuildKit pushes with `--cache-to type=registry,image-manifest=false`: an index of layers and a config. */
function pushCache(store: RegistryStore, tag: string): void {
  const entry = (mediaType: string, text: string) => {
    const bytes = Buffer.from(text);
    return { mediaType, digest: store.putBlob(bytes), size: bytes.length };
  };
  const manifests = [
    ...[1, 2, 3].map((layer) => entry("application/vnd.oci.image.layer.v1.tar+gzip", `layer ${layer} of ${tag}`)),
    entry("application/vnd.buildkit.cacheconfig.v0", "{}"),
  ];
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
  store.tag("web", tag, store.putManifest("web", null, bytes, INDEX, AT.pushedAt));
}

describe.each<StoreScenarioKind>(["digitalocean", "distribution", "oci"])("%s: a build cache", (kind) => {
  test("that is kept is not broken: its layers are not missing manifests", async () => {
    scenario = await openScenario(kind, {
      fill: (store) => {
        pushCache(store, "buildcache");
        pushImage(store, { ...AT, seed: "orphaned", tags: ["pr-1"] });
      },
    });
    const result = await sweepScenario(scenario, gitHost);
    expect(result.errors).toEqual([]);
    expect(result.repositories[0]?.plan?.broken).toEqual([]);
    expect(result.repositories[0]?.manifests.map(({ tags, outcome }) => [tags, outcome])).toEqual(
      expect.arrayContaining([
        [["pr-1"], "deleted"],
        [["buildcache"], "kept"],
      ]),
    );
  });

  test("that is deleted counts as one image", async () => {
    scenario = await openScenario(kind, {
      fill: (store) => {
        pushImage(store, { ...AT, seed: "main", tags: ["main"] });
        pushCache(store, "pr-1");
      },
    });
    const result = await sweepScenario(scenario, gitHost, { "max-deletions": "1" });
    expect(result.errors).toEqual([]);
    expect(scenario.store.tags("web")).toEqual(["main"]);
  });
});
