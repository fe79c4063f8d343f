import { describe, expect, test } from "vitest";
import { type ImagePush, pushImage, pushMultiArch } from "../servers/content.ts";
import { refuse } from "../servers/http-server.ts";
import { RegistryStore } from "../servers/oci/store.ts";
import { DAY, pushTagged, starts, useCollections } from "./collection-fixture.ts";
import { contents, deletionsOf } from "./fixture.ts";

const open = useCollections();

describe("a collection of untagged manifests", () => {
  const SEED = "without a tag";
  const untagged =
    (more: Partial<ImagePush> = {}) =>
    (store: RegistryStore, now: number): void =>
      void pushImage(store, { repository: "web", seed: SEED, pushedAt: now - 8 * DAY, ...more });
  const digest = pushImage(new RegistryStore(), { repository: "web", seed: SEED });
  const OF_UNTAGGED = { "run-gc": "true", "gc-type": "untagged manifests and unreferenced blobs" };

  test.each<[string, (store: RegistryStore, now: number) => void, Record<string, string>, string]>([
    ["in use", untagged(), { "protect-digests": digest }, "1 kept manifest "],
    ["kept by `untagged: keep`", untagged(), { untagged: "keep" }, "1 kept manifest "],
    ["in the grace period", (store, now) => untagged({ pushedAt: now })(store, now), {}, "1 kept manifest "],
    [
      "a platform of a kept image",
      (store, now) => {
        pushMultiArch(store, { repository: "web", seed: SEED, tags: ["main"], pushedAt: now - 8 * DAY });
      },
      {},
      "2 kept manifests ",
    ],
  ])("is not started if an untagged manifest is %s", async (_title, fill, inputs, count) => {
    const fixture = await open({}, (store, now) => {
      pushTagged(store, now);
      fill(store, now);
    });
    const result = await fixture.sweep({ ...OF_UNTAGGED, ...inputs });
    expect(result.errors).toMatchObject([
      {
        kind: "garbage-collection",
        message: expect.stringMatching(new RegExp(`${count}.*web@sha256:`)),
        remedy: expect.stringContaining("gc-type"),
      },
    ]);
    expect([result.garbageCollection.status, deletionsOf(fixture) > 0, starts(fixture)]).toEqual([
      "not-started",
      true,
      [],
    ]);
  });

  test("is not started if a manifest changed after it was planned, because its tags are unknown", async () => {
    const fixture = await open({}, pushTagged);
    let lists = 0;
    fixture.registry.api.inject(({ path }) => {
      lists += Number(path.includes("/digests?"));
      if (lists === 2) fixture.store.tag("web", "kept", fixture.store.resolve("web", "pr-10")?.digest ?? digest);
      return null;
    });
    const { errors } = await fixture.sweep({ ...OF_UNTAGGED, "run-gc": "always" });
    expect(errors).toMatchObject([
      { kind: "garbage-collection", message: expect.stringContaining("1 kept manifest ") },
    ]);
    expect(starts(fixture)).toEqual([]);
  });

  test("is not started if a repository could not be read", async () => {
    const fixture = await open({}, (store, now) => {
      pushTagged(store, now);
      pushTagged(store, now, "web/worker");
    });
    fixture.registry.api.inject(({ path }) => (path.includes("web%2Fworker/digests") ? refuse(400) : null));
    const { errors } = await fixture.sweep(OF_UNTAGGED);
    expect(errors.map(({ kind }) => kind)).toEqual(["listing", "garbage-collection"]);
    expect(errors[1]?.message).toContain("web/worker");
    expect(starts(fixture)).toEqual([]);
  });

  test("is started if every kept manifest has a tag", async () => {
    const fixture = await open({}, (store, now) => {
      pushTagged(store, now);
      untagged()(store, now);
    });
    const result = await fixture.sweep(OF_UNTAGGED);
    expect([result.errors, result.garbageCollection.status]).toEqual([[], "succeeded"]);
    expect(contents(fixture.store)).toHaveLength(1);
  });
});
