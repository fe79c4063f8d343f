import { describe, expect, test } from "vitest";
import { answer, digestOf, image, openFixture, REGISTRY } from "./fixture.ts";

const ACTIVE = `/v2/registries/${REGISTRY}/garbage-collection`;
const UUID = "eff0feee-49c7-4e8f-ba5c-000000000001";
const MINUTE_MS = 60_000;
const COLLECTION = { uuid: UUID, status: "requested" };

describe("starting a garbage collection", () => {
  test("sends one POST with the type in its body", async () => {
    const fixture = await openFixture({ settings: { gcType: "untagged manifests and unreferenced blobs" } });
    fixture.content.push("web", image("untagged"));
    await fixture.registry.collectGarbage();
    const posts = fixture.server.requests.filter(({ method }) => method === "POST");
    expect(posts.map(({ path, body }) => [path, JSON.parse(body.toString())])).toEqual([
      [ACTIVE, { type: "untagged manifests and unreferenced blobs" }],
    ]);
    expect(fixture.content.manifests("web")).toEqual([]);
  });

  test("does not wait if the timeout is 0", async () => {
    const fixture = await openFixture({ settings: { gcTimeoutMs: 0 } });
    expect(await fixture.registry.collectGarbage()).toMatchObject({
      status: "started",
      note: expect.stringContaining(UUID),
    });
    expect(fixture.requests()).toEqual([`POST ${ACTIVE}`]);
    expect(fixture.clock.sleeps).toEqual([]);
  });

  test("does not wait if the collection has already ended", async () => {
    const fixture = await openFixture();
    const body = { garbage_collection: { ...COLLECTION, status: "succeeded", freed_bytes: 5, blobs_deleted: 1 } };
    answer(fixture, { "POST garbage-collection": { status: 201, body } });
    expect(await fixture.registry.collectGarbage()).toMatchObject({
      status: "succeeded",
      freedBytes: 5,
      blobsDeleted: 1,
    });
    expect(fixture.clock.sleeps).toEqual([]);
  });

  test.each([400, 409, 412, 422, 423])(
    "joins a running collection if a second start returns %i",
    async (secondStart) => {
      const fixture = await openFixture({ collection: { secondStart } });
      fixture.collections.start("unreferenced blobs only");
      expect(await fixture.registry.collectGarbage()).toMatchObject({
        status: "succeeded",
        note: expect.stringMatching(`${UUID}.*already running`),
      });
      expect(fixture.requests().filter((line) => line.startsWith("POST"))).toHaveLength(1);
    },
  );

  test.each([
    ["a collection of another type", "untagged manifests only", 0, 1010],
    ["a collection that read the manifests before the deletions", "unreferenced blobs only", 2, 0],
  ] as const)("waits for %s, and then starts its own", async (_, type, step, freedBytes) => {
    const fixture = await openFixture();
    fixture.content.push("web", image("old"));
    fixture.collections.start(type);
    for (let polls = 0; polls < step; polls++) fixture.collections.getActive();
    fixture.content.deleteManifest("web", digestOf("old"));
    expect(await fixture.registry.collectGarbage()).toMatchObject({
      status: "succeeded",
      freedBytes,
      note: "Garbage collection eff0feee-49c7-4e8f-ba5c-000000000002 succeeded.",
    });
    expect(fixture.collections.count()).toBe(2);
  });

  test("joins a collection of a wider type that has not read the manifests yet", async () => {
    const fixture = await openFixture();
    fixture.collections.start("untagged manifests and unreferenced blobs");
    expect(await fixture.registry.collectGarbage()).toMatchObject({
      status: "succeeded",
      note: expect.stringContaining("already running"),
    });
    expect(fixture.collections.count()).toBe(1);
  });

  test.each([0, 60 * MINUTE_MS])(
    "reports that none was started if another one is running for longer than %i ms",
    async (gcTimeoutMs) => {
      const fixture = await openFixture({
        settings: { gcTimeoutMs },
        collection: { statuses: ["requested", "success"], advances: 600 * MINUTE_MS },
      });
      fixture.collections.start("untagged manifests only");
      expect(await fixture.registry.collectGarbage()).toMatchObject({
        status: "timed-out",
        note: expect.stringMatching(`${UUID} \\(untagged manifests only\\).*none was started.*run-gc: always`),
      });
      expect(fixture.collections.count()).toBe(1);
    },
  );

  test("starts it once if the response to the start is lost", async () => {
    const fixture = await openFixture();
    fixture.server.inject([{ kind: "reset after" }]);
    expect(await fixture.registry.collectGarbage()).toMatchObject({ status: "succeeded" });
    expect(fixture.collections.count()).toBe(1);
  });

  test("starts it once if the response to the start is not readable", async () => {
    const fixture = await openFixture();
    fixture.server.inject([{ kind: "empty body" }]);
    expect(await fixture.registry.collectGarbage()).toMatchObject({
      status: "succeeded",
      note: `Garbage collection ${UUID} succeeded.`,
    });
    expect(fixture.collections.count()).toBe(1);
  });

  test("starts it again if the other collection ended since the refusal", async () => {
    const fixture = await openFixture({ collection: { statuses: ["requested", "succeeded"] } });
    fixture.collections.start("unreferenced blobs only");
    expect(await fixture.registry.collectGarbage()).toMatchObject({
      status: "succeeded",
      note: "Garbage collection eff0feee-49c7-4e8f-ba5c-000000000002 succeeded.",
    });
  });

  test("throws if the start is refused and the active collection has ended", async () => {
    const fixture = await openFixture();
    answer(fixture, {
      "POST garbage-collection": { status: 422, body: { id: "x", message: "not on this plan" } },
      "GET garbage-collection": {
        status: 200,
        body: { garbage_collection: { ...COLLECTION, status: "succeeded", freed_bytes: 5 } },
      },
    });
    await expect(fixture.registry.collectGarbage()).rejects.toMatchObject({ kind: "garbage-collection" });
  });

  test("does not start it again after a 500: it may have been started and ended", async () => {
    const fixture = await openFixture();
    answer(fixture, { "POST garbage-collection": { status: 500, body: { id: "x", message: "unavailable" } } });
    await expect(fixture.registry.collectGarbage()).rejects.toMatchObject({ kind: "garbage-collection" });
    expect(fixture.requests().filter((line) => line === `POST ${ACTIVE}`)).toHaveLength(1);
  });

  test("throws with the API's message if it cannot be started", async () => {
    const fixture = await openFixture();
    answer(fixture, { "POST garbage-collection": { status: 422, body: { id: "x", message: "not on this plan" } } });
    await expect(fixture.registry.collectGarbage()).rejects.toMatchObject({
      kind: "garbage-collection",
      message: expect.stringContaining("not on this plan"),
    });
  });
});
