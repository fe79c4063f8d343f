import { describe, expect, test } from "vitest";
import { DOCUMENTED } from "../../servers/digitalocean/collections.ts";
import { answer, digestOf, image, NEVER, openFixture, REGISTRY } from "./fixture.ts";

const ACTIVE = `/v2/registries/${REGISTRY}/garbage-collection`;
const UUID = "eff0feee-49c7-4e8f-ba5c-000000000001";
const MINUTE_MS = 60_000;
const COLLECTION = { uuid: UUID, status: "requested" };

describe("prepareDeletion", () => {
  test("sends one request if no collection is active", async () => {
    const fixture = await openFixture();
    fixture.content.push("web", image("a"));
    await fixture.registry.list("web");
    fixture.requests();
    await fixture.registry.prepareDeletion("web");
    expect(fixture.requests()).toEqual([`GET ${ACTIVE}`]);
  });

  test.each([DOCUMENTED.statuses, ["requested", "waiting for delete requests", "success"]])(
    "waits for the end of an active collection: %s, ...",
    async (...statuses) => {
      const fixture = await openFixture({ collection: { statuses } });
      fixture.content.push("web", image("a"));
      fixture.collections.start("unreferenced blobs only");
      await fixture.registry.prepareDeletion("web");
      expect(await fixture.registry.delete("web", { digest: digestOf("a") }, NEVER)).toEqual({ outcome: "deleted" });
    },
  );

  test("does not wait for an active collection that has ended", async () => {
    const fixture = await openFixture();
    const over = { garbage_collection: { ...COLLECTION, status: "cancelled" } };
    answer(fixture, { "GET garbage-collection": { status: 200, body: over } });
    await fixture.registry.prepareDeletion("web");
    expect(fixture.clock.sleeps).toEqual([]);
  });

  test("throws after gc-timeout, with uuid and status", async () => {
    const fixture = await openFixture({
      collection: { statuses: ["requested", "success"], advances: 15 * 60 * MINUTE_MS },
    });
    fixture.collections.start("unreferenced blobs only");
    await expect(fixture.registry.prepareDeletion("web")).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringMatching(`${REGISTRY}.*read-only.*${UUID}.*requested`),
    });
    expect(fixture.clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBe(60 * MINUTE_MS);
  });

  test("throws at once if gc-timeout is 0", async () => {
    const fixture = await openFixture({ settings: { gcTimeoutMs: 0 } });
    fixture.collections.start("unreferenced blobs only");
    await expect(fixture.registry.prepareDeletion("web")).rejects.toMatchObject({ kind: "registry" });
    expect(fixture.clock.sleeps).toEqual([]);
  });
});
