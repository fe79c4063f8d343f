import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { openPlay, type Play } from "./play.ts";
import { type Forge, serveForge } from "./team.ts";

/** Gives each test of a file a play of its own, beside one forge for all of them, which meets no fault when a test begins. */
export function playEach(take: (play: Play, forge: Forge) => void): void {
  let forge: Forge;
  let play: Play;
  beforeAll(async () => {
    forge = await serveForge(Date.now());
  });
  afterAll(() => forge.close());
  beforeEach(async () => {
    play = await openPlay(forge);
    take(play, forge);
  });
  afterEach(async () => {
    forge.git.inject([]);
    forge.github.inject([]);
    await play.close();
  });
}
