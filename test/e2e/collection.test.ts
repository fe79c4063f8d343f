import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { renderSummary } from "../../src/report/summary.ts";
import type { CollectionScript } from "../servers/digitalocean-collections.ts";
import { annotations, broken, contents, deletionsOf, openPlay, type Play } from "./play.ts";
import { type Forge, serveForge } from "./team.ts";

let forge: Forge;
const opened: Play[] = [];

beforeAll(async () => {
  forge = await serveForge(Date.now());
});
afterAll(() => forge.close());
afterEach(async () => {
  for (const play of opened.splice(0)) await play.close();
});

async function open(collection: Partial<CollectionScript> = {}): Promise<Play> {
  const play = await openPlay(forge, { collection });
  opened.push(play);
  return play;
}

const starts = ({ registry }: Play) => registry.api.requests.filter(({ method }) => method === "POST");
/** An hour of polls, and more. */
const ENDLESS = Array.from({ length: 1_000 }, (_, step) => (step === 0 ? "requested" : "scanning manifests"));

describe("run-gc", () => {
  test.each([
    ["false", "something was deleted", "not-started", 0],
    ["true", "something was deleted", "succeeded", 1],
    ["always", "something was deleted", "succeeded", 1],
    ["false", "nothing was deleted", "not-started", 0],
    ["true", "nothing was deleted", "skipped", 0],
    ["always", "nothing was deleted", "succeeded", 1],
  ])("%s, where %s: %s", async (runGc, when, status, count) => {
    const play = await open();
    const inputs = when === "nothing was deleted" ? { "keep-count": "100" } : {};
    const result = await play.sweep({ "run-gc": runGc, ...inputs });
    expect(result.problems).toEqual([]);
    expect([result.garbageCollection.status, starts(play).length]).toEqual([status, count]);
    expect(deletionsOf(play) > 0).toBe(when === "something was deleted");
    expect(broken(play.store)).toEqual([]);
  });

  test.each(["unreferenced blobs only", "untagged manifests only", "untagged manifests and unreferenced blobs"])(
    "starts the type %s, as it is asked for",
    async (type) => {
      const play = await open();
      await play.sweep({ "run-gc": "always", "gc-type": type, "keep-count": "100" });
      expect(starts(play).map(({ body }) => JSON.parse(body.toString()))).toEqual([{ type }]);
    },
  );
});

describe("how it ends", () => {
  test.each<[string, Partial<CollectionScript>, Record<string, string>, string, readonly string[], RegExp]>([
    ["it fails", { statuses: ["requested", "failed"] }, {}, "failed", ["garbage-collection"], /failed/],
    ["somebody cancels it", { statuses: ["requested", "cancelled"] }, {}, "failed", ["garbage-collection"], /failed/],
    ["it takes longer than gc-timeout", { statuses: ENDLESS }, { "gc-timeout": "2m" }, "timed-out", [], /not over in/],
    ["gc-timeout: 0 does not wait", { statuses: ENDLESS }, { "gc-timeout": "0" }, "started", [], /goes on by itself/],
    [
      "in a status that nobody documented",
      { statuses: ["requested", "humming", "succeeded"] },
      {},
      "succeeded",
      [],
      /freed/,
    ],
    ["in the other spelling", { statuses: ["requested", "success"] }, {}, "succeeded", [], /freed/],
  ])("%s", async (_title, collection, inputs, status, kinds, shown) => {
    const play = await open(collection);
    const result = await play.sweep({ "run-gc": "true", ...inputs });
    expect(result.problems.map(({ kind }) => kind)).toEqual(kinds);
    expect(result.garbageCollection.status).toBe(status);
    expect(renderSummary(result)).toMatch(shown);
    if (status === "timed-out") expect(result.notices).toEqual([expect.stringContaining("2 min")]);
  });

  test("a failed one fails the step, and what was deleted is told", async () => {
    const play = await open();
    play.registry.api.inject((request) =>
      request.method === "POST" ? { kind: "reply", reply: { status: 500, body: { message: "no workers" } } } : null,
    );
    const result = await play.step({ "run-gc": "true" });
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log)).toEqual([expect.stringContaining("The garbage collection failed")]);
    expect(result.outputs["deleted-count"]).toBe("46");
    expect(result.summary).toContain("no workers");
  });
});

describe("a collection that is running already", () => {
  test("is waited for before the first deletion", async () => {
    const play = await open();
    play.registry.api.state.collections.begin("unreferenced blobs only");
    let readOnly = 0;
    play.registry.api.inject((request) => {
      if (request.method === "DELETE" && play.registry.api.state.collections.isReadOnly()) readOnly += 1;
      return null;
    });
    const result = await play.sweep();
    expect(result.problems).toEqual([]);
    expect([deletionsOf(play), readOnly]).toEqual([46, 0]);
  });

  test("and does not end within gc-timeout: nothing is deleted, and the error says what to do", async () => {
    const play = await open({ statuses: ENDLESS });
    play.registry.api.state.collections.begin("unreferenced blobs only");
    const before = contents(play.store);
    const result = await play.sweep({ "gc-timeout": "10m" });
    expect(result.problems).toMatchObject([
      {
        kind: "registry",
        message: expect.stringContaining("read-only"),
        remedy: expect.stringContaining("gc-timeout"),
      },
    ]);
    expect([contents(play.store), deletionsOf(play)]).toEqual([before, 0]);
  });

  test("holds up no dry run, and nothing that deletes nothing", async () => {
    const play = await open({ statuses: ENDLESS });
    play.registry.api.state.collections.begin("unreferenced blobs only");
    expect((await play.sweep({ "dry-run": "true" })).problems).toEqual([]);
    expect((await play.sweep({ "keep-count": "100" })).problems).toEqual([]);
  });

  test("by the time of its own start is adopted", async () => {
    const play = await open({ secondStart: 412 });
    play.registry.api.inject((request) => {
      if (request.method === "POST") play.registry.api.state.collections.begin("unreferenced blobs only");
      return null;
    });
    const result = await play.sweep({ "run-gc": "true" });
    expect(result.problems).toEqual([]);
    expect(result.garbageCollection).toMatchObject({ status: "succeeded", note: expect.stringContaining("adopted") });
  });
});

describe("as the runner runs it", () => {
  let play: Play;
  beforeEach(async () => {
    play = await open({ statuses: ["requested", "succeeded"] });
  });

  test("trap 26: manifests go first, then the collection, which frees their blobs", async () => {
    const result = await play.step({ "run-gc": "true" });
    expect([result.exitCode, result.outputs["gc-status"]]).toEqual([0, "succeeded"]);
    expect(Number(result.outputs["gc-freed-bytes"])).toBeGreaterThan(100_000);
    expect(Number(result.outputs["gc-blobs-deleted"])).toBeGreaterThan(0);
    expect(Number(result.outputs["gc-freed-bytes"])).toBe(Number(result.outputs["deleted-bytes"]));
    const order = play.registry.api.requests.map(({ method }) => method).filter((method) => method !== "GET");
    expect(order.lastIndexOf("DELETE")).toBeLessThan(order.indexOf("POST"));
    expect(broken(play.store)).toEqual([]);
  });

  test("trap 29: the collection that was asked for is really started, and said so", async () => {
    const result = await play.step({ "run-gc": "true", "gc-timeout": "0" });
    expect([result.exitCode, result.outputs["gc-status"]]).toEqual([0, "started"]);
    expect(starts(play).map(({ status }) => status)).toEqual([201]);
    expect(play.registry.api.state.collections.isReadOnly()).toBe(true);
    expect(result.log).toContain("Garbage collection");
  });
});
