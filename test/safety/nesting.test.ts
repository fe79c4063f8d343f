import { afterEach, beforeEach, expect, test } from "vitest";
import type { Digest } from "../../src/digest.ts";
import type { Forge } from "../e2e/team.ts";
import { pushImage, pushIndex } from "../servers/content.ts";
import { assertLiving, sweepStage } from "./harness.ts";
import { contentsOf, missingBelow, NOW, openStage, type Stage, type StoreKind, serveStageForge } from "./stage.ts";

const AT = { repository: "web", pushedAt: NOW - 10 * 86_400_000 } as const;

let forge: Forge;
let stage: Stage;

beforeEach(async () => {
  forge = await serveStageForge();
});

afterEach(async () => {
  await Promise.all([forge.close(), stage.close()]);
});

/** An image below `levels` indexes, each of which lists the next; the outermost has `tag`. */
function pushNested(levels: number, tag: string): void {
  let inner: Digest = pushImage(stage.store, { ...AT, seed: `below ${tag}` });
  for (let level = 1; level < levels; level += 1) inner = pushIndex(stage.store, { ...AT, children: [inner] });
  pushIndex(stage.store, { ...AT, children: [inner], tags: [tag] });
}

test.each<StoreKind>(["digitalocean", "distribution"])("%s: what lives 50 levels deep stays whole", async (kind) => {
  stage = await openStage(kind);
  pushNested(50, "main");
  const result = await sweepStage(stage, forge);
  expect(result.errors).toEqual([]);
  expect(missingBelow(stage.store, "main")).toEqual([]);
  expect(stage.store.tags("web")).not.toContain("pr-3");
});

test.each<StoreKind>(["digitalocean", "distribution"])(
  "%s: indexes that nest without measure are an error, and nothing is deleted",
  async (kind) => {
    stage = await openStage(kind);
    pushNested(300, "by-hand");
    const before = contentsOf(stage.store);
    const result = await sweepStage(stage, forge);
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("200 levels") }]);
    expect(contentsOf(stage.store)).toEqual(before);
    assertLiving(stage);
  },
);
