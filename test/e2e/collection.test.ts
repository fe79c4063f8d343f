import { beforeEach, describe, expect, test } from "vitest";
import { renderSummary } from "../../src/report/summary.ts";
import type { CollectionBehaviour } from "../servers/digitalocean/collections.ts";
import { brokenTags } from "../servers/pull.ts";
import { ENDLESS, pushTagged, starts, useCollections } from "./collection-fixture.ts";
import { annotations, contents, deletionsOf, type Fixture } from "./fixture.ts";

const open = useCollections();

describe("run-gc", () => {
  test.each([
    ["false", "something was deleted", "not-started", 0],
    ["true", "something was deleted", "succeeded", 1],
    ["always", "something was deleted", "succeeded", 1],
    ["false", "nothing was deleted", "not-started", 0],
    ["true", "nothing was deleted", "skipped", 0],
    ["always", "nothing was deleted", "succeeded", 1],
  ])("%s when %s: %s", async (runGc, when, status, count) => {
    const fixture = await open();
    const inputs = when === "nothing was deleted" ? { "keep-count": "100" } : {};
    const result = await fixture.sweep({ "run-gc": runGc, ...inputs });
    expect(result.errors).toEqual([]);
    expect([result.garbageCollection.status, starts(fixture).length]).toEqual([status, count]);
    expect(deletionsOf(fixture) > 0).toBe(when === "something was deleted");
    expect(brokenTags(fixture.store)).toEqual([]);
  });

  test.each(["unreferenced blobs only", "untagged manifests only", "untagged manifests and unreferenced blobs"])(
    "starts a collection of the type %s",
    async (type) => {
      const fixture = await open({}, pushTagged);
      await fixture.sweep({ "run-gc": "always", "gc-type": type });
      expect(starts(fixture).map(({ body }) => JSON.parse(body.toString()))).toEqual([{ type }]);
    },
  );
});

describe("a manifest that is already gone when it is deleted", () => {
  test("counts as deleted by this run if the response to its DELETE was lost", async () => {
    const fixture = await open({}, pushTagged);
    let deletions = 0;
    fixture.registry.api.inject(({ method }) => {
      deletions += Number(method === "DELETE");
      return method === "DELETE" && deletions === 1 ? { kind: "reset after" } : null;
    });
    const result = await fixture.sweep({ "run-gc": "true" });
    expect([deletionsOf(fixture), fixture.store.tags("web")]).toEqual([1, ["main"]]);
    expect(result.repositories[0]?.manifests.map(({ outcome }) => outcome).sort()).toEqual(["deleted", "kept"]);
    expect(result.garbageCollection.status).toBe("succeeded");
  });

  test("does not start garbage collection if another client deleted it", async () => {
    const fixture = await open({}, pushTagged);
    let lists = 0;
    fixture.registry.api.inject(({ path }) => {
      lists += Number(path.includes("/digests?"));
      const image = lists === 2 ? fixture.store.resolve("web", "pr-10") : null;
      if (image !== null) fixture.store.deleteManifest("web", image.digest);
      return null;
    });
    const result = await fixture.sweep({ "run-gc": "true" });
    expect(result.repositories[0]?.manifests.map(({ outcome }) => outcome).sort()).toEqual(["gone", "kept"]);
    expect([result.garbageCollection.status, starts(fixture)]).toEqual(["skipped", []]);
  });
});

describe("the result of a collection", () => {
  test.each<[string, Partial<CollectionBehaviour>, Record<string, string>, string, readonly string[]]>([
    ["it fails", { statuses: ["requested", "failed"] }, {}, "failed", ["garbage-collection"]],
    ["a user cancels it", { statuses: ["requested", "cancelled"] }, {}, "failed", ["garbage-collection"]],
    ["it takes longer than gc-timeout", { statuses: ENDLESS }, { "gc-timeout": "2m" }, "timed-out", []],
    ["gc-timeout: 0 does not wait", { statuses: ENDLESS }, { "gc-timeout": "0" }, "started", []],
    ["an undocumented status", { statuses: ["requested", "humming", "succeeded"] }, {}, "succeeded", []],
    ["the other spelling of success", { statuses: ["requested", "success"] }, {}, "succeeded", []],
  ])("%s", async (_title, collection, inputs, status, kinds) => {
    const fixture = await open(collection);
    const result = await fixture.sweep({ "run-gc": "true", ...inputs });
    expect(result.errors.map(({ kind }) => kind)).toEqual(kinds);
    expect(result.garbageCollection.status).toBe(status);
    expect(renderSummary(result)).toContain("arbage collection");
    if (status === "succeeded") expect(result.garbageCollection.freedBytes).not.toBeNull();
    const isReadOnly = status === "timed-out" || status === "started";
    expect(result.warnings).toEqual(isReadOnly ? [expect.stringContaining("read-only until it ends")] : []);
  });

  test("a failed start fails the step, and the deletions are reported", async () => {
    const fixture = await open();
    fixture.registry.api.inject((request) =>
      request.method === "POST" ? { kind: "reply", reply: { status: 500, body: { message: "no workers" } } } : null,
    );
    const result = await fixture.step({ "run-gc": "true" });
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log)).toHaveLength(1);
    expect(result.outputs["deleted-count"]).toBe("46");
    expect(result.summary).toContain("no workers");
  });
});

describe("a collection that is already running", () => {
  test("delays the first deletion until it ends", async () => {
    const fixture = await open();
    fixture.registry.api.state.collections.start("unreferenced blobs only");
    let readOnly = 0;
    fixture.registry.api.inject((request) => {
      if (request.method === "DELETE" && fixture.registry.api.state.collections.isReadOnly()) readOnly += 1;
      return null;
    });
    const result = await fixture.sweep();
    expect(result.errors).toEqual([]);
    expect([deletionsOf(fixture), readOnly]).toEqual([46, 0]);
  });

  test("and does not end within gc-timeout: nothing is deleted, and the error names gc-timeout", async () => {
    const fixture = await open({ statuses: ENDLESS });
    fixture.registry.api.state.collections.start("unreferenced blobs only");
    const before = contents(fixture.store);
    const result = await fixture.sweep({ "gc-timeout": "10m" });
    expect(result.errors).toMatchObject([
      {
        kind: "registry",
        message: expect.stringContaining("read-only"),
        remedy: expect.stringContaining("gc-timeout"),
      },
    ]);
    expect([contents(fixture.store), deletionsOf(fixture)]).toEqual([before, 0]);
  });

  test("does not delay a dry run or a run without deletions", async () => {
    const fixture = await open({ statuses: ENDLESS });
    fixture.registry.api.state.collections.start("unreferenced blobs only");
    expect((await fixture.sweep({ "dry-run": "true" })).errors).toEqual([]);
    expect((await fixture.sweep({ "keep-count": "100" })).errors).toEqual([]);
  });

  test("when this run starts one: this run waits for it", async () => {
    const fixture = await open({ secondStart: 412 });
    fixture.registry.api.inject((request) => {
      if (request.method === "POST") fixture.registry.api.state.collections.start("unreferenced blobs only");
      return null;
    });
    const result = await fixture.sweep({ "run-gc": "true" });
    expect(result.errors).toEqual([]);
    expect(result.garbageCollection).toMatchObject({
      status: "succeeded",
      note: expect.stringContaining("already running"),
    });
  });
});

describe("a step with run-gc", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await open({ statuses: ["requested", "succeeded"] });
  });

  test("deletes manifests first, then starts the collection, which frees their blobs", async () => {
    const result = await fixture.processStep({ "run-gc": "true" });
    expect([result.exitCode, result.outputs["gc-status"]]).toEqual([0, "succeeded"]);
    expect(Number(result.outputs["gc-freed-bytes"])).toBeGreaterThan(100_000);
    expect(Number(result.outputs["gc-blobs-deleted"])).toBeGreaterThan(0);
    expect(Number(result.outputs["gc-freed-bytes"])).toBe(Number(result.outputs["deleted-bytes"]));
    const order = fixture.registry.api.requests.map(({ method }) => method).filter((method) => method !== "GET");
    expect(order.lastIndexOf("DELETE")).toBeLessThan(order.indexOf("POST"));
    expect(brokenTags(fixture.store)).toEqual([]);
  });

  test("with gc-timeout: 0 starts the collection and reports it as started", async () => {
    const result = await fixture.step({ "run-gc": "true", "gc-timeout": "0" });
    expect([result.exitCode, result.outputs["gc-status"]]).toEqual([0, "started"]);
    expect(starts(fixture).map(({ status }) => status)).toEqual([201]);
    expect(fixture.registry.api.state.collections.isReadOnly()).toBe(true);
    expect(result.log).toContain("Garbage collection");
  });
});
