import { describe, expect, test } from "vitest";
import { answer, digestOf, image, NEVER, openFixture } from "./fixture.ts";

const UUID = "eff0feee-49c7-4e8f-ba5c-000000000001";
const MINUTE_MS = 60_000;
const COLLECTION = { uuid: UUID, status: "requested" };

describe("waiting for a garbage collection", () => {
  test("frees the blobs of deleted manifests that nothing else uses", async () => {
    const fixture = await openFixture();
    fixture.content.push("web", image("old"));
    fixture.content.push("web", image("new", { tags: ["main"] }));
    expect(await fixture.registry.collectGarbage()).toMatchObject({ status: "succeeded", freedBytes: 0 });
    await fixture.registry.delete("web", { digest: digestOf("old") }, NEVER);
    expect(await fixture.registry.collectGarbage()).toMatchObject({
      status: "succeeded",
      freedBytes: 1010,
      blobsDeleted: 2,
      note: expect.stringContaining("eff0feee-49c7-4e8f-ba5c-000000000002"),
    });
  });

  test("polls after 5 s at first and 30 s at most, and logs each status once", async () => {
    const fixture = await openFixture({ collection: { advances: 5 * MINUTE_MS } });
    expect(await fixture.registry.collectGarbage()).toMatchObject({ status: "succeeded" });
    expect(fixture.clock.sleeps.slice(0, 6)).toEqual([5000, 7500, 11_250, 16_875, 25_312.5, 30_000]);
    expect(Math.max(...fixture.clock.sleeps)).toBe(30_000);
    expect(fixture.requests().length).toBeLessThan(60);
    expect(fixture.lines).toHaveLength(5);
  });

  test.each([
    ["succeeded", "succeeded"],
    ["success", "succeeded"],
    ["failed", "failed"],
    ["cancelled", "failed"],
    ["canceled", "failed"],
  ])("the status %s means %s, wherever it is shown", async (end, status) => {
    for (const endShownIn of ["list", "active"] as const) {
      const fixture = await openFixture({
        collection: { statuses: ["requested", "scanning manifests", end], endShownIn },
      });
      expect(await fixture.registry.collectGarbage()).toMatchObject({ status, note: expect.stringContaining(UUID) });
    }
  });

  test("an unknown status neither ends the wait nor makes it endless", async () => {
    const stuck = Array.from({ length: 100_000 }, () => "waiting for delete requests");
    const passing = await openFixture({
      collection: { statuses: ["requested", "waiting for delete requests", "success"] },
    });
    expect(await passing.registry.collectGarbage()).toMatchObject({ status: "succeeded" });
    const fixture = await openFixture({ collection: { statuses: [...stuck, "success"] } });
    expect(await fixture.registry.collectGarbage()).toMatchObject({
      status: "timed-out",
      note: expect.stringMatching(
        `${UUID} did not finish within gc-timeout \\(1 h\\); it is still running \\(waiting for delete requests\\)`,
      ),
    });
    expect(fixture.clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBe(60 * MINUTE_MS);
  });

  test("has no counts if the API returns none", async () => {
    const fixture = await openFixture();
    answer(fixture, {
      "POST garbage-collection": { status: 201, body: { garbage_collection: COLLECTION } },
      "GET garbage-collections": {
        status: 200,
        body: { garbage_collections: [{ ...COLLECTION, status: "success", freed_bytes: null }] },
      },
    });
    expect(await fixture.registry.collectGarbage()).toMatchObject({
      status: "succeeded",
      freedBytes: null,
      blobsDeleted: null,
    });
  });

  test("finds its collection by uuid on any page of the list, after others were started", async () => {
    const fixture = await openFixture({ collection: { statuses: ["requested", "succeeded"], advances: 4000 } });
    const first = fixture.registry.collectGarbage();
    while (fixture.clock.sleeps.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let number = 0; number < 250; number++) fixture.collections.start("unreferenced blobs only");
    expect(await first).toMatchObject({ status: "succeeded", note: expect.stringContaining(UUID) });
    expect(fixture.requests().filter((line) => line.includes("collections?"))).toHaveLength(2);
  });

  test("reports its own collection, although another one has ended too", async () => {
    const fixture = await openFixture({
      collection: { statuses: ["requested", "failed"], advances: 4000, endShownIn: "active" },
    });
    const first = fixture.registry.collectGarbage();
    while (fixture.clock.sleeps.length === 0) await new Promise((resolve) => setImmediate(resolve));
    fixture.collections.behaviour = { ...fixture.collections.behaviour, statuses: ["requested", "succeeded"] };
    fixture.collections.start("unreferenced blobs only");
    expect(await first).toMatchObject({ status: "failed", note: expect.stringContaining(UUID) });
  });

  test("waits if the list shows the end late", async () => {
    const fixture = await openFixture({ collection: { listDelay: 2 } });
    expect(await fixture.registry.collectGarbage()).toMatchObject({ status: "succeeded" });
    expect(fixture.requests().filter((line) => line.includes("collections?"))).toHaveLength(3);
  });

  test("fails if the collection is shown nowhere for 4 polls", async () => {
    const fixture = await openFixture({ collection: { listDelay: 1000 } });
    expect(await fixture.registry.collectGarbage()).toMatchObject({
      status: "failed",
      note: expect.stringMatching(`${UUID}.*does not show its result`),
    });
    expect(fixture.requests().filter((line) => line.includes("collections?"))).toHaveLength(4);
  });

  test("fails if the list has no end", async () => {
    const fixture = await openFixture();
    let page = 1;
    fixture.server.inject(({ url }) => {
      if (!url.pathname.endsWith("garbage-collections")) return null;
      page += 1;
      const links = { pages: { next: `https://api.digitalocean.com/v2/x?page=${page}` } };
      return { kind: "reply", reply: { status: 200, body: { garbage_collections: [], links, meta: { total: 1 } } } };
    });
    expect(await fixture.registry.collectGarbage()).toMatchObject({ status: "failed" });
    expect(page).toBeLessThan(5_000);
  });

  test("keeps waiting if the API is unavailable for a while", async () => {
    const fixture = await openFixture({
      collection: { statuses: ["requested", "succeeded"], advances: 10 * MINUTE_MS },
    });
    fixture.server.inject((request, ordinal) =>
      request.method === "GET" && ordinal > 2 && ordinal < 20
        ? { kind: "reply", reply: { status: 503, body: "" } }
        : null,
    );
    expect(await fixture.registry.collectGarbage()).toMatchObject({ status: "succeeded" });
  });

  test("stops polling, and reports it as started, if the API refuses its status", async () => {
    const fixture = await openFixture({ collection: { advances: 10 * MINUTE_MS } });
    answer(fixture, { "GET garbage-collection": { status: 418, body: {} } });
    expect(await fixture.registry.collectGarbage()).toMatchObject({ status: "started", fault: { status: 418 } });
    expect(fixture.clock.sleeps).toHaveLength(1);
  });

  test("reports its uuid if the job is cancelled", async () => {
    const fixture = await openFixture({ collection: { advances: 10 * MINUTE_MS } });
    const collecting = fixture.registry.collectGarbage();
    while (fixture.clock.sleeps.length === 0) await new Promise((resolve) => setImmediate(resolve));
    fixture.cancel.abort(new Error("SIGTERM"));
    expect(await collecting).toMatchObject({
      status: "started",
      note: expect.stringContaining(UUID),
      fault: {
        kind: "interrupted",
        message: expect.stringContaining(UUID),
        remedy: expect.stringContaining("still running"),
      },
    });
    expect(fixture.collections.isReadOnly()).toBe(true);
  });

  test("reports a cancelled job while it waits for another one's collection", async () => {
    const fixture = await openFixture({ collection: { advances: 10 * MINUTE_MS } });
    fixture.collections.start("untagged manifests only");
    const collecting = fixture.registry.collectGarbage();
    while (fixture.clock.sleeps.length === 0) await new Promise((resolve) => setImmediate(resolve));
    fixture.cancel.abort(new Error("SIGTERM"));
    expect(await collecting).toMatchObject({ status: "started", fault: { kind: "interrupted" } });
  });
});
