import { describe, expect, test } from "vitest";
import { DOCUMENTED } from "../../servers/digitalocean/collections.ts";
import { refuse } from "../../servers/http-server.ts";
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

  test("waits again after it failed", async () => {
    const fixture = await openFixture({ collection: { advances: 15 * 60 * MINUTE_MS } });
    fixture.collections.start("unreferenced blobs only");
    await expect(fixture.registry.prepareDeletion("web")).rejects.toMatchObject({ kind: "registry" });
    await fixture.clock.advance(60 * 60 * MINUTE_MS);
    await fixture.registry.prepareDeletion("web");
  });

  test("throws at once if gc-timeout is 0", async () => {
    const fixture = await openFixture({ settings: { gcTimeoutMs: 0 } });
    fixture.collections.start("unreferenced blobs only");
    await expect(fixture.registry.prepareDeletion("web")).rejects.toMatchObject({ kind: "registry" });
    expect(fixture.clock.sleeps).toEqual([]);
  });
});

describe("a DELETE that is refused", () => {
  const REFUSALS = [400, 403, 405, 409, 423] as const;

  test.each(REFUSALS)("while a collection is active (%i) waits for its end, and must be rechecked", async (status) => {
    const fixture = await openFixture();
    fixture.content.push("web", image("a"));
    fixture.collections.start("unreferenced blobs only");
    fixture.server.inject(({ method }) => (method === "DELETE" ? refuse(status) : null));
    const target = { digest: digestOf("a") };
    const deletions = await Promise.allSettled([
      fixture.registry.delete("web", target, NEVER),
      fixture.registry.deleteTag("web", { tag: "pr-1", ...target }, NEVER),
    ]);
    const expired = { status: "rejected", reason: expect.objectContaining({ code: "expired", unsent: true }) };
    expect(deletions).toEqual([expired, expired]);
    expect(fixture.collections.isReadOnly()).toBe(false);
  });

  test("with 503 while a collection is active may have been carried out", async () => {
    const fixture = await openFixture();
    fixture.content.push("web", image("a"));
    fixture.collections.start("unreferenced blobs only");
    fixture.server.inject(({ method }) => (method === "DELETE" ? refuse(503) : null));
    const error: unknown = await fixture.registry
      .delete("web", { digest: digestOf("a") }, NEVER)
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ name: "HttpError", status: 503, retryable: true });
    expect(error).not.toHaveProperty("unsent", true);
    expect(fixture.collections.isReadOnly()).toBe(false);
  });

  test.each(REFUSALS)("without a collection (%i) fails as usual", async (status) => {
    const fixture = await openFixture();
    fixture.content.push("web", image("a"));
    fixture.server.inject(({ method }) => (method === "DELETE" ? refuse(status) : null));
    const deletion = fixture.registry.delete("web", { digest: digestOf("a") }, NEVER);
    if (status === 403) expect(await deletion).toMatchObject({ outcome: "forbidden" });
    else await expect(deletion).rejects.toMatchObject({ name: "HttpError", status });

    expect(fixture.clock.sleeps).toEqual([]);
  });

  test("while a collection does not end throws after gc-timeout", async () => {
    const fixture = await openFixture({ collection: { advances: 15 * 60 * MINUTE_MS } });
    fixture.content.push("web", image("a"));
    fixture.collections.start("unreferenced blobs only");
    await expect(fixture.registry.delete("web", { digest: digestOf("a") }, NEVER)).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining(UUID),
    });
  });
});
