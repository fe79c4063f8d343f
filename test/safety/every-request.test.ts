import assert from "node:assert/strict";
import pMap from "p-map";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Digest } from "../../src/digest.ts";
import { pushImage, pushIndex } from "../servers/content.ts";
import { type RegistryStore, referencesOf } from "../servers/oci/store.ts";
import type { Change } from "./random-changes.ts";
import { type ChangingRefs, serveChangingRefs } from "./random-refs.ts";
import { type Inputs, IS_PROOF, NOTHING, sweepAndCheck } from "./random-sweep.ts";
import { contentsOf, NOW, openScenario, type ScenarioKind } from "./scenario.ts";

const HOUR = 3_600_000;
const INPUTS: Inputs = {
  "keep-count": "0",
  "grace-period": "24h",
  untagged: "delete",
  "unmatched-tags": "keep",
  "remove-stale-tags": "true",
  concurrency: "1",
};

/** `npm test` tries one of the first requests for each change. */
const SAMPLED = 50;
const first = (index: number): number => 1 + ((index * 17) % SAMPLED);
/** With a recheck for each deletion, a sweep has hundreds of requests that resemble each other: one of this many is tried. */
const EVERY = 7;
const HOSTS = 4;

/** Applies a change to a manifest, unless it is deleted already. */
const to = (reference: string, apply: (store: RegistryStore, digest: Digest, pushedAt: number) => void): Change => ({
  action: "apply",
  apply: (store, pushedAt) => {
    const manifest = store.resolve("web", reference);
    if (manifest !== null) apply(store, manifest.digest, pushedAt);
  },
});

const childrenOf = (store: RegistryStore, digest: string) =>
  referencesOf(store.resolve("web", digest)?.bytes ?? Buffer.from("{}")).children;

const CHANGES: Readonly<Record<string, Change>> = {
  "a live tag moves to a candidate": to("pr-3", (store, digest) => store.tag("web", "next", digest)),
  "a candidate gets a new live tag": to("pr-2", (store, digest) => store.tag("web", "pr-6", digest)),
  "a tag of a candidate moves to a new image": to("pr-3", (store, _digest, pushedAt) => {
    pushImage(store, { repository: "web", seed: "moved", tags: ["pr-3"], pushedAt });
  }),
  "the tag that keeps an image moves to a new image": to("next", (store, _digest, pushedAt) => {
    pushImage(store, { repository: "web", seed: "moved", tags: ["next"], pushedAt });
  }),
  "a live index lists the platforms of a candidate": to("pr-2", (store, digest, pushedAt) => {
    pushIndex(store, { repository: "web", tags: ["pr-6"], children: childrenOf(store, digest), pushedAt });
  }),
  "an untagged index lists the platforms of a candidate": to("pr-2", (store, digest, pushedAt) => {
    pushIndex(store, { repository: "web", children: childrenOf(store, digest), annotations: { a: "b" }, pushedAt });
  }),
  "a candidate is pushed again": to("pr-2", (store, digest, pushedAt) => {
    const { bytes, mediaType } = store.resolve("web", digest) ?? { bytes: Buffer.alloc(0), mediaType: "" };
    store.putManifest("web", "pr-6", bytes, mediaType, pushedAt);
  }),
  "a branch is created": { action: "create branch", branch: "pr-3" },
  "a Git tag is created": { action: "create tag", gitTag: "pr-3" },
  "a pull request is opened again": { action: "open pull request", number: 3 },
  "another client deletes a candidate": to("pr-2", (store, digest) => store.deleteManifest("web", digest)),
};

let hosts: readonly ChangingRefs[];
let free: ChangingRefs[];

beforeAll(async () => {
  hosts = await Promise.all(Array.from({ length: HOSTS }, () => serveChangingRefs()));
  free = [...hosts];
});

afterAll(async () => void (await Promise.all(hosts.map((host) => host.close()))));

/** Sweeps while `change` happens before a request. Returns the number of requests. */
async function sweepAround(
  kind: ScenarioKind,
  secondsPerDeletion: number,
  change: Change,
  after: number,
): Promise<number> {
  const refs = free.pop();
  assert.ok(refs !== undefined);
  const scenario = await openScenario(kind);
  const checked = { scenario, refs, inputs: INPUTS, lost: new Set<string>() };
  try {
    const events = [{ at: { since: "start", number: 1, after }, change }] as const;
    const { trace } = await sweepAndCheck(checked, { ...NOTHING, events, secondsPerDeletion }, NOW);
    const second = await sweepAndCheck(checked, NOTHING, NOW + HOUR);
    assert.deepEqual(second.errors, [], "the second sweep finishes");
    const contents = contentsOf(scenario.store);
    await sweepAndCheck(checked, NOTHING, NOW + 2 * HOUR);
    assert.deepEqual(contentsOf(scenario.store), contents, "the third sweep deletes nothing");
    return trace.requests.length;
  } finally {
    refs.reset();
    free.push(refs);
    await scenario.close();
  }
}

describe.each<ScenarioKind>(["digitalocean", "ghcr", "distribution", "oci"])(
  "%s: at every request of a sweep",
  (kind) => {
    test.each(Object.entries(CHANGES).map(([title, change], index) => ({ title, change, index })))(
      "$title: nothing is deleted that is needed",
      async ({ change, index }) => {
        for (const secondsPerDeletion of IS_PROOF ? [0, 61] : [61]) {
          const count = IS_PROOF ? await sweepAround(kind, secondsPerDeletion, change, 0) : SAMPLED;
          const positions = Array.from({ length: count }, (_, position) => position + 1).filter((position) =>
            IS_PROOF ? secondsPerDeletion === 0 || position % EVERY === index % EVERY : position === first(index),
          );
          const failures: string[] = [];
          const trial = async (position: number): Promise<void> => {
            try {
              await sweepAround(kind, secondsPerDeletion, change, position);
            } catch (error) {
              failures.push(`before request ${position}, ${secondsPerDeletion} s for each deletion: ${error}`);
            }
          };
          await pMap(positions, trial, { concurrency: HOSTS });
          assert.deepEqual(failures, []);
        }
      },
      900_000,
    );
  },
);
