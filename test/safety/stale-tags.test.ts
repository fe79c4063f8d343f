import { afterEach, beforeEach, expect, test } from "vitest";
import type { Forge } from "../e2e/team.ts";
import { pushImage } from "../servers/content.ts";
import { sweepStage } from "./harness.ts";
import { contentsOf, missingBelow, openStage, type Stage, serveStageForge } from "./stage.ts";

let forge: Forge;
let stage: Stage;

beforeEach(async () => {
  forge = await serveStageForge();
  stage = await openStage("digitalocean");
});

afterEach(async () => {
  await Promise.all([forge.close(), stage.close()]);
});

const tags = (): readonly string[] => stage.store.tags("web");

test("a dead tag of an image that stays is reported, and removed only where that was asked for", async () => {
  const told = await sweepStage(stage, forge);
  expect(told.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-1", outcome: "reported" }]);
  expect(tags()).toContain("pr-1");
  const removed = await sweepStage(stage, forge, { "remove-stale-tags": "true" });
  expect(removed.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-1", outcome: "deleted" }]);
  expect(tags()).not.toContain("pr-1");
  expect(missingBelow(stage.store, "next")).toEqual([]);
});

test("trap 10: a dead tag that moved since it was listed is left alone, with the image that it is on now", async () => {
  const { api } = stage.servers;
  let moved: string | null = null;
  // The last thing before the tags go is a list of the repository: by then the tag is on another image.
  api?.inject((request) => {
    const isSecondList =
      request.path.includes("/digests?") && api.requests.filter(({ path }) => path.includes("/digests?")).length > 1;
    if (isSecondList && moved === null) {
      moved = pushImage(stage.store, { repository: "web", seed: "moved", tags: ["pr-1"] });
    }
    return null;
  });
  const result = await sweepStage(stage, forge, { "remove-stale-tags": "true" });
  expect(moved).not.toBeNull();
  expect(result.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-1", outcome: "changed" }]);
  expect(stage.store.resolve("web", "pr-1")?.digest).toBe(moved);
  expect(contentsOf(stage.store).some((line) => line.startsWith(String(moved)))).toBe(true);
});
