import { afterEach, beforeEach, expect, test } from "vitest";
import { createHttpClient } from "../src/http/client.ts";
import type { HttpClient } from "../src/http/http.ts";
import { createJudge, type RefsJudge } from "../src/judge.ts";
import type { Pins } from "../src/plan/view.ts";
import { type Forge, serveForgeOf } from "./e2e/team.ts";
import { settingsOf } from "./run.ts";
import { digestOfNothing } from "./servers/content.ts";

const NOW = Date.UTC(2026, 10, 21, 12);

let forge: Forge;
let http: HttpClient;
let now: number;

beforeEach(async () => {
  now = NOW;
  forge = await serveForgeOf({ branches: ["main"], pullRequests: [] });
  http = createHttpClient({ clock: clock(), concurrency: 4 });
});

afterEach(async () => {
  await http.close();
  await forge.close();
});

const clock = () => ({ now: () => now, random: () => 0.5, sleep: async () => undefined });
const pinned = (tag: string): Pins => ({
  digests: new Set([digestOfNothing(tag)]),
  tags: new Map([["web", new Set([tag])]]),
});

function judgeOf(readPins: (() => Promise<Pins>) | null): RefsJudge {
  const inputs = { registry: "registry.digitalocean.com/acme", token: "t" };
  return createJudge(settingsOf(inputs, forge.environment), pinned("first"), readPins, { http, clock: clock() });
}

test("what was in use when the run began stays, and what is in use by then, too", async () => {
  const judge = judgeOf(async () => pinned("later"));
  await judge.refresh();
  expect(judge.pinned()).toEqual(new Set(["first", "later"].map(digestOfNothing)));
  const fates = judge.fatesOf("web", ["first", "later", "other"]);
  expect([...fates.values()].map(({ fate }) => fate)).toEqual(["alive", "alive", "unmatched"]);
});

test.each([
  [59_999, 1],
  [60_000, 2],
  [-1, 2],
])("what is in use is good for a minute: when the clock has moved by %i ms it was read %i times", async (ms, times) => {
  let read = 0;
  const judge = judgeOf(async () => {
    read += 1;
    return pinned("later");
  });
  await judge.refresh();
  now += ms;
  await judge.refresh();
  expect(read).toBe(times);
});
