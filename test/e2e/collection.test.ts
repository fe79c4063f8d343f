import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { renderSummary } from "../../src/report/summary.ts";
import { type ImagePush, pushImage, pushMultiArch } from "../servers/content.ts";
import type { CollectionBehaviour } from "../servers/digitalocean/collections.ts";
import { refuse } from "../servers/http-server.ts";
import { RegistryStore } from "../servers/oci/store.ts";
import { brokenTags } from "../servers/pull.ts";
import { fillExampleRegistry, type GitHost, serveExampleGitHost } from "./example.ts";
import { annotations, contents, deletionsOf, type Fixture, openFixture } from "./fixture.ts";

let gitHost: GitHost;
const opened: Fixture[] = [];

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});
afterAll(() => gitHost.close());
afterEach(async () => {
  for (const fixture of opened.splice(0)) await fixture.close();
});

async function open(collection: Partial<CollectionBehaviour> = {}, fill = fillExampleRegistry): Promise<Fixture> {
  const fixture = await openFixture(gitHost, { collection, fill });
  opened.push(fixture);
  return fixture;
}

const DAY = 86_400_000;

/** Pushes a kept and an orphaned image, both with a tag. */
function pushTagged(store: RegistryStore, now: number, repository = "web"): void {
  for (const tag of ["main", "pr-10"])
    pushImage(store, { repository, seed: tag, tags: [tag], pushedAt: now - 8 * DAY });
}

const starts = ({ registry }: Fixture) => registry.api.requests.filter(({ method }) => method === "POST");
/** Statuses for more than an hour of polls. */
const ENDLESS = Array.from({ length: 1_000 }, (_, step) => (step === 0 ? "requested" : "scanning manifests"));

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

describe("a collection of untagged manifests", () => {
  const SEED = "without a tag";
  const untagged =
    (more: Partial<ImagePush> = {}) =>
    (store: RegistryStore, now: number): void =>
      void pushImage(store, { repository: "web", seed: SEED, pushedAt: now - 8 * DAY, ...more });
  const digest = pushImage(new RegistryStore(), { repository: "web", seed: SEED });
  const OF_UNTAGGED = { "run-gc": "true", "gc-type": "untagged manifests and unreferenced blobs" };

  test.each<[string, (store: RegistryStore, now: number) => void, Record<string, string>, string]>([
    ["in use", untagged(), { "protect-digests": digest }, "1 manifest"],
    ["kept by `untagged: keep`", untagged(), { untagged: "keep" }, "1 manifest"],
    ["in the grace period", (store, now) => untagged({ pushedAt: now })(store, now), {}, "1 manifest"],
    [
      "a platform of a kept image",
      (store, now) => {
        pushMultiArch(store, { repository: "web", seed: SEED, tags: ["main"], pushedAt: now - 8 * DAY });
      },
      {},
      "2 manifests",
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
    expect(errors).toMatchObject([{ kind: "garbage-collection", message: expect.stringContaining("1 manifest") }]);
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
    expect(result.garbageCollection.freedBytes !== null).toBe(status === "succeeded");
    if (status === "timed-out") expect(result.notices).toEqual([expect.stringContaining("2 min")]);
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
