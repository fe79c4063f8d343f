import { afterEach, describe, expect, test } from "vitest";
import { DOCUMENTED } from "../../servers/digitalocean/collections.ts";
import { type Bench, type BenchOptions, digestOf, image, openBench, REGISTRY } from "./bench.ts";

const opened: Bench[] = [];

async function bench(options: BenchOptions = {}): Promise<Bench> {
  const made = await openBench(options);
  opened.push(made);
  return made;
}

afterEach(async () => {
  for (const made of opened.splice(0)) await made.close();
});

const ACTIVE = `/v2/registries/${REGISTRY}/garbage-collection`;
const UUID = "eff0feee-49c7-4e8f-ba5c-000000000001";
const MINUTE_MS = 60_000;
const COLLECTION = { uuid: UUID, status: "requested" };

/** Answers requests by method and path; the rest goes to the played API. */
function script(made: Bench, answers: Readonly<Record<string, { status: number; body: unknown }>>): void {
  made.server.inject(({ method, url }) => {
    const reply = answers[`${method} ${url.pathname.split("/").at(-1)}`];
    return reply === undefined ? null : { kind: "reply", reply };
  });
}

describe("a collection", () => {
  test("trap 26: frees what the deleted manifests alone used, once they are deleted", async () => {
    const made = await bench();
    made.content.push("web", image("old"));
    made.content.push("web", image("new", { tags: ["main"] }));
    expect(await made.registry.collectGarbage()).toMatchObject({ status: "succeeded", freedBytes: 0 });
    await made.registry.delete("web", { digest: digestOf("old") });
    expect(await made.registry.collectGarbage()).toMatchObject({
      status: "succeeded",
      freedBytes: 1010,
      blobsDeleted: 2,
      note: expect.stringContaining("eff0feee-49c7-4e8f-ba5c-000000000002"),
    });
  });

  test("trap 29: is started by one POST with its type in the body", async () => {
    const made = await bench({ adapter: { gcType: "untagged manifests and unreferenced blobs" } });
    made.content.push("web", image("untagged"));
    await made.registry.collectGarbage();
    const posts = made.server.requests.filter(({ method }) => method === "POST");
    expect(posts.map(({ path, body }) => [path, JSON.parse(body.toString())])).toEqual([
      // Which generation of paths is served was not known yet; this one answered.
      [ACTIVE, { type: "untagged manifests and unreferenced blobs" }],
    ]);
    expect(made.content.manifests("web")).toEqual([]);
  });

  test("is polled gently: 5 s at first, 30 s at most, each status told once", async () => {
    const made = await bench({ collection: { movesOn: 5 * MINUTE_MS } });
    expect(await made.registry.collectGarbage()).toMatchObject({ status: "succeeded" });
    expect(made.clock.sleeps.slice(0, 6)).toEqual([5000, 7500, 11_250, 16_875, 25_312.5, 30_000]);
    expect(Math.max(...made.clock.sleeps)).toBe(30_000);
    expect(made.asked().length).toBeLessThan(60);
    expect(made.lines).toHaveLength(5);
  });

  test.each([
    ["succeeded", "succeeded"],
    ["success", "succeeded"],
    ["failed", "failed"],
    ["cancelled", "failed"],
    ["canceled", "failed"],
  ])("that ends as %s has %s, wherever the end is seen", async (end, status) => {
    for (const endSeenIn of ["list", "active"] as const) {
      const made = await bench({ collection: { statuses: ["requested", "scanning manifests", end], endSeenIn } });
      expect(await made.registry.collectGarbage()).toMatchObject({ status, note: expect.stringContaining(UUID) });
    }
  });

  test("trap 27: an unknown status neither ends the wait nor makes it endless", async () => {
    const stuck = Array.from({ length: 100_000 }, () => "waiting for delete requests");
    const passing = await bench({ collection: { statuses: ["requested", "waiting for delete requests", "success"] } });
    expect(await passing.registry.collectGarbage()).toMatchObject({ status: "succeeded" });
    const made = await bench({ collection: { statuses: [...stuck, "success"] } });
    expect(await made.registry.collectGarbage()).toMatchObject({
      status: "timed-out",
      note: expect.stringMatching(`${UUID}.*60 min.*waiting for delete requests`),
    });
    expect(made.clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBe(60 * MINUTE_MS);
  });

  test("with a timeout of 0 is started and not waited for", async () => {
    const made = await bench({ adapter: { gcTimeoutMs: 0 } });
    expect(await made.registry.collectGarbage()).toMatchObject({
      status: "started",
      note: expect.stringContaining(UUID),
    });
    expect(made.asked()).toEqual([`POST ${ACTIVE}`]);
    expect(made.clock.sleeps).toEqual([]);
  });

  test.each([400, 409, 412, 422, 423])(
    "that is already running is adopted, though starting answers %i",
    async (secondStart) => {
      const made = await bench({ collection: { secondStart } });
      made.collections.begin("unreferenced blobs only");
      expect(await made.registry.collectGarbage()).toMatchObject({
        status: "succeeded",
        note: expect.stringMatching(`${UUID}.*adopted`),
      });
      expect(made.asked().filter((line) => line.startsWith("POST"))).toHaveLength(1);
    },
  );

  test.each([
    ["of another type", "untagged manifests only", 0, 1010],
    ["that looked at the manifests too early", "unreferenced blobs only", 2, 0],
  ] as const)(
    "%s, which somebody else started, is outlasted: its own follows, and is told of",
    async (_, type, step, freedBytes) => {
      const made = await bench();
      made.content.push("web", image("old"));
      made.collections.begin(type);
      for (let polls = 0; polls < step; polls++) made.collections.getActive();
      made.content.deleteManifest("web", digestOf("old"));
      expect(await made.registry.collectGarbage()).toMatchObject({
        status: "succeeded",
        freedBytes,
        note: expect.stringContaining("eff0feee-49c7-4e8f-ba5c-000000000002 was started"),
      });
      expect(made.collections.begun()).toBe(2);
    },
  );

  test.each([0, 60 * MINUTE_MS])(
    "that somebody else's of another type holds up for longer than %i ms is told as not started",
    async (gcTimeoutMs) => {
      const made = await bench({
        adapter: { gcTimeoutMs },
        collection: { statuses: ["requested", "success"], movesOn: 600 * MINUTE_MS },
      });
      made.collections.begin("untagged manifests only");
      expect(await made.registry.collectGarbage()).toMatchObject({
        status: "timed-out",
        note: expect.stringMatching(`${UUID} \\(untagged manifests only\\).*none was started.*run-gc: always`),
      });
      expect(made.collections.begun()).toBe(1);
    },
  );

  test("whose start got lost on the way back is the one that runs, and is started once", async () => {
    const made = await bench();
    made.server.inject([{ kind: "reset after" }]);
    expect(await made.registry.collectGarbage()).toMatchObject({ status: "succeeded" });
    expect(made.collections.begun()).toBe(1);
  });

  test("whose start is answered unreadably is the one that runs, and is started once", async () => {
    const made = await bench();
    made.server.inject([{ kind: "empty body" }]);
    expect(await made.registry.collectGarbage()).toMatchObject({
      status: "succeeded",
      note: expect.stringContaining(`${UUID} was started`),
    });
    expect(made.collections.begun()).toBe(1);
  });

  test("that is refused for the sake of one that has ended since is asked for once more", async () => {
    const made = await bench({ collection: { statuses: ["requested", "succeeded"] } });
    made.collections.begin("unreferenced blobs only");
    expect(await made.registry.collectGarbage()).toMatchObject({
      status: "succeeded",
      note: expect.stringContaining("eff0feee-49c7-4e8f-ba5c-000000000002 was started"),
    });
  });

  test("that cannot be started is not taken for one that has ended", async () => {
    const made = await bench();
    script(made, {
      "POST garbage-collection": { status: 422, body: { id: "x", message: "not on this plan" } },
      "GET garbage-collection": {
        status: 200,
        body: { garbage_collection: { ...COLLECTION, status: "succeeded", freed_bytes: 5 } },
      },
    });
    await expect(made.registry.collectGarbage()).rejects.toMatchObject({ kind: "garbage-collection" });
  });

  test("whose start is answered by an error of theirs is not started again: it may have been begun, and ended", async () => {
    const made = await bench();
    script(made, { "POST garbage-collection": { status: 500, body: { id: "x", message: "ill" } } });
    await expect(made.registry.collectGarbage()).rejects.toMatchObject({ kind: "garbage-collection" });
    expect(made.asked().filter((line) => line === `POST ${ACTIVE}`)).toHaveLength(1);
  });

  test("in a list without end is not looked for for ever", async () => {
    const made = await bench();
    let page = 1;
    made.server.inject(({ url }) => {
      if (!url.pathname.endsWith("garbage-collections")) return null;
      page += 1;
      const links = { pages: { next: `https://api.digitalocean.com/v2/x?page=${page}` } };
      return { kind: "reply", reply: { status: 200, body: { garbage_collections: [], links, meta: { total: 1 } } } };
    });
    expect(await made.registry.collectGarbage()).toMatchObject({ status: "failed" });
    expect(page).toBeLessThan(5_000);
  });

  test("that cannot be started says what the registry said", async () => {
    const made = await bench();
    script(made, { "POST garbage-collection": { status: 422, body: { id: "x", message: "not on this plan" } } });
    await expect(made.registry.collectGarbage()).rejects.toMatchObject({
      kind: "garbage-collection",
      message: expect.stringContaining("not on this plan"),
    });
  });

  test("that another replaced is read from the list, by its uuid, on whatever page", async () => {
    const made = await bench({ collection: { statuses: ["requested", "succeeded"], movesOn: 4000 } });
    const first = made.registry.collectGarbage();
    while (made.clock.sleeps.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let number = 0; number < 250; number++) made.collections.begin("unreferenced blobs only");
    expect(await first).toMatchObject({ status: "succeeded", note: expect.stringContaining(UUID) });
    expect(made.asked().filter((line) => line.includes("collections?"))).toHaveLength(2);
  });

  test("is told by its own end, though another has ended by then", async () => {
    const made = await bench({ collection: { statuses: ["requested", "failed"], movesOn: 4000, endSeenIn: "active" } });
    const first = made.registry.collectGarbage();
    while (made.clock.sleeps.length === 0) await new Promise((resolve) => setImmediate(resolve));
    made.collections.script = { ...made.collections.script, statuses: ["requested", "succeeded"] };
    made.collections.begin("unreferenced blobs only");
    expect(await first).toMatchObject({ status: "failed", note: expect.stringContaining(UUID) });
  });

  test("whose end comes late into the list is waited for", async () => {
    const made = await bench({ collection: { listLags: 2 } });
    expect(await made.registry.collectGarbage()).toMatchObject({ status: "succeeded" });
    expect(made.asked().filter((line) => line.includes("collections?"))).toHaveLength(3);
  });

  test("that vanishes is told as failed, after 4 looks", async () => {
    const made = await bench({ collection: { listLags: 1000 } });
    expect(await made.registry.collectGarbage()).toMatchObject({
      status: "failed",
      note: expect.stringMatching(`${UUID}.*does not tell`),
    });
    expect(made.asked().filter((line) => line.includes("collections?"))).toHaveLength(4);
  });

  test("goes on being waited for when the API is ill for a while", async () => {
    const made = await bench({ collection: { statuses: ["requested", "succeeded"], movesOn: 10 * MINUTE_MS } });
    made.server.inject((request, ordinal) =>
      request.method === "GET" && ordinal > 2 && ordinal < 20
        ? { kind: "reply", reply: { status: 503, body: "" } }
        : null,
    );
    expect(await made.registry.collectGarbage()).toMatchObject({ status: "succeeded" });
  });

  test("whose state is refused is not asked for again, and goes on by itself", async () => {
    const made = await bench({ collection: { movesOn: 10 * MINUTE_MS } });
    script(made, { "GET garbage-collection": { status: 418, body: {} } });
    expect(await made.registry.collectGarbage()).toMatchObject({ status: "started", fault: { status: 418 } });
    expect(made.clock.sleeps).toHaveLength(1);
  });

  test("of which counts are absent has none", async () => {
    const made = await bench();
    script(made, {
      "POST garbage-collection": { status: 201, body: { garbage_collection: COLLECTION } },
      "GET garbage-collections": {
        status: 200,
        body: { garbage_collections: [{ ...COLLECTION, status: "success", freed_bytes: null }] },
      },
    });
    expect(await made.registry.collectGarbage()).toMatchObject({
      status: "succeeded",
      freedBytes: null,
      blobsDeleted: null,
    });
  });

  test("goes on by itself when the job is cancelled, and its uuid is told", async () => {
    const made = await bench({ collection: { movesOn: 10 * MINUTE_MS } });
    const collecting = made.registry.collectGarbage();
    while (made.clock.sleeps.length === 0) await new Promise((resolve) => setImmediate(resolve));
    made.cancel.abort(new Error("SIGTERM"));
    expect(await collecting).toMatchObject({
      status: "started",
      note: expect.stringContaining(UUID),
      fault: {
        kind: "interrupted",
        message: expect.stringContaining(UUID),
        remedy: expect.stringContaining("goes on by itself"),
      },
    });
    expect(made.collections.isReadOnly()).toBe(true);
  });
});

describe("somebody else's collection", () => {
  test("that collects more than was asked for, and has not looked yet, serves as well", async () => {
    const made = await bench();
    made.collections.begin("untagged manifests and unreferenced blobs");
    expect(await made.registry.collectGarbage()).toMatchObject({
      status: "succeeded",
      note: expect.stringContaining("adopted"),
    });
    expect(made.collections.begun()).toBe(1);
  });

  test("that holds up one's own when the job is cancelled leaves it cancelled", async () => {
    const made = await bench({ collection: { movesOn: 10 * MINUTE_MS } });
    made.collections.begin("untagged manifests only");
    const collecting = made.registry.collectGarbage();
    while (made.clock.sleeps.length === 0) await new Promise((resolve) => setImmediate(resolve));
    made.cancel.abort(new Error("SIGTERM"));
    expect(await collecting).toMatchObject({ status: "started", fault: { kind: "interrupted" } });
  });
});

test("a collection that has ended when its start is answered is not waited for", async () => {
  const made = await bench();
  const body = { garbage_collection: { ...COLLECTION, status: "succeeded", freed_bytes: 5, blobs_deleted: 1 } };
  script(made, { "POST garbage-collection": { status: 201, body } });
  expect(await made.registry.collectGarbage()).toMatchObject({ status: "succeeded", freedBytes: 5, blobsDeleted: 1 });
  expect(made.clock.sleeps).toEqual([]);
});

describe("before a deletion", () => {
  test("no active collection costs one request", async () => {
    const made = await bench();
    made.content.push("web", image("a"));
    await made.registry.list("web");
    made.asked();
    await made.registry.prepareDeletion("web");
    expect(made.asked()).toEqual([`GET ${ACTIVE}`]);
  });

  test.each([DOCUMENTED.statuses, ["requested", "waiting for delete requests", "success"]])(
    "an active collection is waited for: %s, ...",
    async (...statuses) => {
      const made = await bench({ collection: { statuses } });
      made.content.push("web", image("a"));
      made.collections.begin("unreferenced blobs only");
      await made.registry.prepareDeletion("web");
      expect(await made.registry.delete("web", { digest: digestOf("a") })).toEqual({ outcome: "deleted" });
    },
  );

  test("a collection that is shown as active, and has ended, is not waited for", async () => {
    const made = await bench();
    const over = { garbage_collection: { ...COLLECTION, status: "cancelled" } };
    script(made, { "GET garbage-collection": { status: 200, body: over } });
    await made.registry.prepareDeletion("web");
    expect(made.clock.sleeps).toEqual([]);
  });

  test("trap 27: one that does not end within gc-timeout stops the run with its uuid and status", async () => {
    const made = await bench({ collection: { statuses: ["requested", "success"], movesOn: 15 * 60 * MINUTE_MS } });
    made.collections.begin("unreferenced blobs only");
    await expect(made.registry.prepareDeletion("web")).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringMatching(`${REGISTRY}.*read-only.*${UUID}.*requested`),
    });
    expect(made.clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBe(60 * MINUTE_MS);
  });

  test("with a gc-timeout of 0 an active collection stops the run at once", async () => {
    const made = await bench({ adapter: { gcTimeoutMs: 0 } });
    made.collections.begin("unreferenced blobs only");
    await expect(made.registry.prepareDeletion("web")).rejects.toMatchObject({ kind: "registry" });
    expect(made.clock.sleeps).toEqual([]);
  });
});
