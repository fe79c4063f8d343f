import assert from "node:assert/strict";
import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import type { Digest } from "../../src/plan/manifest.ts";
import type { Forge } from "../e2e/team.ts";
import { pushImage, pushIndex, pushReferrer } from "../servers/content.ts";
import type { RegistryStore } from "../servers/store.ts";
import { sweepStage } from "./harness.ts";
import { contentsOf, missingBelow, NOW, openStage, type Stage, type StoreKind, serveStageForge } from "./stage.ts";

const DAY = 86_400_000;
const RUNS = process.env["REFSWEEP_PROVE"] === undefined ? 40 : 500;
/** `main` and `next` are branches, pull request 1 is merged, and no ref is known for the others. */
const TAGS = ["main", "next", "pr-1", "pr-1-amd64", "pr-2", "pr-3-x", "jane", "by-hand"] as const;

let forge: Forge;

beforeAll(async () => {
  forge = await serveStageForge();
});

afterAll(() => forge.close());

/** What is pushed: an image, or what lists or is attached to some of what is there by then, each told by a number. */
interface Push {
  readonly what: "image" | "index" | "referrer by subject" | "referrer by tag";
  readonly of: readonly number[];
  readonly tag: (typeof TAGS)[number] | null;
}

/** What happens right before the list is read for the `look`th time, so that no later deletion may break it. */
interface Event {
  readonly look: number;
  readonly push: Push | { readonly what: "tag"; readonly of: readonly number[]; readonly tag: (typeof TAGS)[number] };
}

const some = fc.array(fc.nat(30), { minLength: 1, maxLength: 3 });
const push = fc.record<Push>({
  what: fc.constantFrom("image", "image", "index", "index", "referrer by subject", "referrer by tag"),
  of: some,
  tag: fc.option(fc.constantFrom(...TAGS), { freq: 3 }),
});
const tagging = fc.record({ what: fc.constant("tag" as const), of: some, tag: fc.constantFrom(...TAGS) });
const event = fc.record<Event>({ look: fc.integer({ min: 2, max: 6 }), push: fc.oneof(push, tagging) });
const inputs = fc.record({
  "keep-count": fc.constantFrom("0", "0", "1", "2"),
  "grace-period": fc.constantFrom("0", "24h"),
  untagged: fc.constantFrom("delete", "delete", "keep"),
  "unmatched-tags": fc.constantFrom("keep", "delete"),
});

function digestsIn(store: RegistryStore): readonly Digest[] {
  return store.manifests("web").map(({ digest }) => digest);
}

const isWhole = (store: RegistryStore, digest: Digest): boolean => missingBelow(store, digest).length === 0;

function happen(store: RegistryStore, { what, of, tag }: Event["push"], pushedAt: number, seed: string): void {
  const there = digestsIn(store);
  const chosen = [...new Set(of.flatMap((number) => there[number % Math.max(1, there.length)] ?? []))];
  const [first] = chosen;
  const tags = tag === null ? [] : [tag];
  const at = { repository: "web", pushedAt } as const;
  if (what === "image" || first === undefined) pushImage(store, { ...at, seed, tags });
  else if (what === "index") pushIndex(store, { ...at, children: chosen.filter((each) => isWhole(store, each)), tags });
  // What lost a part before is beyond help: on a registry that lists tags only, nobody sees that an untagged index lists it.
  else if (what === "tag") isWhole(store, first) && store.tag("web", tag, first);
  else {
    const by = what === "referrer by tag" ? "referrers-tag" : "subject";
    pushReferrer(store, { ...at, subject: first, artifactType: "application/spdx+json", by });
  }
}

/** On this clock each deletion takes more than a minute: each has a look of its own, right before it. */
function watch(stage: Stage, kind: StoreKind, events: readonly Event[]): Clock {
  let offset = 0;
  let looks = 0;
  const isList = (path: string): boolean => /\/digests\?|\/tags\/list/.test(path);
  stage.servers[kind === "digitalocean" ? "api" : "registry"]?.inject(({ method, path }) => {
    if (method === "DELETE") offset += 61_000;
    if (method !== "GET" || !isList(path)) return null;
    looks += 1;
    for (const [index, { look, push }] of events.entries()) {
      if (look === looks) happen(stage.store, push, NOW, `event ${index}`);
    }
    return null;
  });
  const sleep = async (ms: number): Promise<void> => {
    offset += ms;
  };
  return { now: () => NOW + offset, random: () => 0.5, sleep };
}

function assertWhole({ store }: Stage): void {
  for (const tag of store.tags("web")) assert.deepEqual(missingBelow(store, tag), [], `${tag} can be pulled whole`);
}

describe.each<StoreKind>(["digitalocean", "distribution", "oci"])("%s: while the world goes on", (kind) => {
  test("whatever is there when the list is read stays whole, and later sweeps come to an end", async () => {
    const play = async (pushes: readonly Push[], events: readonly Event[], rules: Record<string, string>) => {
      const fill = (store: RegistryStore): void => {
        pushImage(store, { repository: "web", pushedAt: NOW - 30 * DAY, seed: "main", tags: ["main"] });
        for (const [index, each] of pushes.entries()) happen(store, each, NOW - (20 - index) * DAY, `push ${index}`);
      };
      const stage = await openStage(kind, { fill });
      try {
        const first = await sweepStage(stage, forge, { ...rules, concurrency: "1" }, watch(stage, kind, events));
        assert.deepEqual(first.problems, []);
        assertWhole(stage);
        stage.servers[kind === "digitalocean" ? "api" : "registry"]?.inject([]);
        const second = await sweepStage(stage, forge, rules);
        assert.deepEqual(second.problems, []);
        assertWhole(stage);
        const left = contentsOf(stage.store);
        const third = await sweepStage(stage, forge, rules);
        assert.deepEqual(third.problems, []);
        assert.deepEqual(contentsOf(stage.store), left, "a sweep without news deletes nothing");
      } finally {
        await stage.close();
      }
    };
    const pushes = fc.array(push, { minLength: 2, maxLength: 9 });
    const events = fc.array(event, { maxLength: 3 });
    await fc.assert(fc.asyncProperty(pushes, events, inputs, play), { numRuns: RUNS });
  }, 900_000);
});
