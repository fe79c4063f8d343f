import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Forge } from "../e2e/team.ts";
import { INDEX, pushImage } from "../servers/content.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { sweepStage } from "./harness.ts";
import { NOW, openStage, type Stage, type StoreKind, serveStageForge } from "./stage.ts";

const AT = { repository: "web", pushedAt: NOW - 10 * 86_400_000 } as const;

let forge: Forge;
let stage: Stage;

beforeEach(async () => {
  forge = await serveStageForge();
});

afterEach(async () => {
  await Promise.all([forge.close(), stage.close()]);
});

/** What BuildKit pushes with `--cache-to type=registry,image-manifest=false`: an index of layers, and of its own config. */
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

describe.each<StoreKind>(["digitalocean", "distribution", "oci"])("%s: a build cache", (kind) => {
  test("that stays is whole: its layers are no manifests that could be missing", async () => {
    stage = await openStage(kind, {
      fill: (store) => {
        pushCache(store, "buildcache");
        pushImage(store, { ...AT, seed: "dead", tags: ["pr-1"] });
      },
    });
    const result = await sweepStage(stage, forge);
    expect(result.errors).toEqual([]);
    expect(result.repositories[0]?.plan?.broken).toEqual([]);
    expect(result.repositories[0]?.manifests.map(({ tags, outcome }) => [tags, outcome])).toEqual([
      [["pr-1"], "deleted"],
      [["buildcache"], "kept"],
    ]);
  });

  test("that goes is one manifest, whatever it lists", async () => {
    stage = await openStage(kind, {
      fill: (store) => {
        pushImage(store, { ...AT, seed: "main", tags: ["main"] });
        pushCache(store, "pr-1");
      },
    });
    const result = await sweepStage(stage, forge, { "max-deletions": "1" });
    expect(result.errors).toEqual([]);
    expect(stage.store.tags("web")).toEqual(["main"]);
  });
});
