import { describe, expect, test } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import { selectRepositories } from "../../../src/inputs/select-repositories.ts";
import type { GcContext } from "../../../src/registry/distribution/gc-command.ts";
import { createDistributionRegistry, type DistributionOptions } from "../../../src/registry/distribution/registry.ts";
import type { GarbageCollection, Registry } from "../../../src/registry/registry.ts";
import { silentLog } from "../../run.ts";
import { digestOfNothing, IMAGE, INDEX, pushImage, pushIndex, pushReferrer } from "../../servers/content.ts";
import { type Handler, type Reply, refuse, type ServerFault } from "../../servers/http-server.ts";
import { LOGIN_PAGE } from "../../servers/oci/quirks.ts";
import { type RegistryStore, sha256 } from "../../servers/oci/store.ts";
import { LATER, type Setup, type SetupOptions, setUp as setUpClient } from "../oci/setup.ts";

interface RegistrySetup extends Setup {
  readonly registry: Registry;
  /** Tagged `main`, `pr-1`, `pr-2` and `pr-3`. */
  readonly digest: Digest;
}

const SUCCEEDED: GarbageCollection = { status: "succeeded", freedBytes: null, blobsDeleted: null, note: "" };

async function setUp(
  options: SetupOptions = {},
  runGcCommand: DistributionOptions["runGcCommand"] = async () => SUCCEEDED,
): Promise<RegistrySetup> {
  const setup = await setUpClient(options);
  const { oci, server, store } = setup;
  const address = { provider: "distribution", origin: server.url, path: "", name: server.url.host };
  const services = { clock: setup.clock, signal: new AbortController().signal, log: silentLog };
  const registry = createDistributionRegistry({ ...services, address, oci, runGcCommand });
  const digest = pushImage(store, { repository: "web", seed: "web", tags: ["main", "pr-1", "pr-2", "pr-3"] });
  return { ...setup, registry, digest };
}

/** Replaces the replies to all DELETE requests. */
function deletesReturn(reply: Reply): (registry: Handler) => Handler {
  return (registry) => (request) => (request.method === "DELETE" ? reply : registry(request));
}

/** Answers the first `count` DELETE requests with `fault`. */
function failDeletes({ server }: Setup, fault: ServerFault, count: number): void {
  let sent = 0;
  server.inject(({ method }) => {
    if (method === "DELETE") sent += 1;
    return method === "DELETE" && sent <= count ? fault : null;
  });
}

function deletes({ requests }: Setup): readonly string[] {
  return requests().filter((line) => line.startsWith("DELETE"));
}

describe("without a catalog", () => {
  const catalogReturns =
    (status: number) =>
    (registry: Handler): Handler =>
    (request) =>
      request.path.startsWith("/v2/_catalog") ? { status, body: { errors: [] } } : registry(request);

  test.each([401, 403, 404])("the names without a wildcard that are not excluded are used (%i)", async (status) => {
    const { registry, store } = await setUp({ handler: catalogReturns(status), credential: null });
    pushImage(store, { repository: "frozen", seed: "frozen", tags: ["pr-1"] });
    const { matching } = await registry.repositories(selectRepositories(["web", "frozen", "!fr*"]));
    expect(matching).toEqual(["web"]);
  });

  test("the refusal is an error if all names are excluded", async () => {
    const { registry } = await setUp({ handler: catalogReturns(403) });
    await expect(registry.repositories(selectRepositories(["web", "!web"]))).rejects.toMatchObject({
      kind: "permission",
    });
  });
});

describe("the check whether deletes are enabled", () => {
  test.each<[string, ServerFault]>([
    ["429", refuse(429, { "retry-after": "1" })],
    ["503", refuse(503)],
    ["a lost connection", { kind: "reset before" }],
  ])("is repeated after %s", async (_what, fault) => {
    const setup = await setUp();
    failDeletes(setup, fault, 1);
    await setup.registry.prepareDeletion("web");
    await setup.registry.prepareDeletion("api");
    expect(deletes(setup)).toHaveLength(2);
  });

  test("fails after 4 attempts, and is made again for the next repository", async () => {
    const setup = await setUp();
    failDeletes(setup, refuse(503), 4);
    await expect(setup.registry.prepareDeletion("web")).rejects.toMatchObject({ name: "HttpError", status: 503 });
    await setup.registry.prepareDeletion("api");
    expect(deletes(setup).map((line) => line.split("/")[2])).toEqual(["web", "web", "web", "web", "api"]);
  });

  test("is not repeated if the registry refuses it", async () => {
    const setup = await setUp({ handler: deletesReturn({ status: 405, body: { errors: [{ code: "UNSUPPORTED" }] } }) });
    await expect(setup.registry.prepareDeletion("web")).rejects.toMatchObject({ kind: "registry" });
    expect(deletes(setup)).toHaveLength(1);
  });
});

describe("the deletion of a tag", () => {
  test("keeps its manifest, which is checked after the first deletion", async () => {
    const { registry, store, digest, requests } = await setUp();
    const deletions = ["pr-1", "pr-2"].map((tag) => registry.deleteTag("web", tag, LATER));
    expect(await Promise.all(deletions)).toEqual(["deleted", "deleted"]);
    expect(requests()).toEqual([
      "GET /v2/web/manifests/pr-1",
      "DELETE /v2/web/manifests/pr-1",
      `GET /v2/web/manifests/${digest}`,
      "DELETE /v2/web/manifests/pr-2",
    ]);
    expect(await registry.deleteTag("web", "pr-3", LATER)).toBe("deleted");
    expect(requests()).toEqual(["DELETE /v2/web/manifests/pr-3"]);
    expect(store.tags("web")).toEqual(["main"]);
  });

  test("is an error if the registry deletes the manifest too, and no other tag is deleted", async () => {
    const setup = await setUp({ behaviour: { tagDeletes: "with the manifest" } });
    const { registry, store, digest } = setup;
    const other = pushImage(store, { repository: "api", seed: "api", tags: ["main", "pr-1"] });
    const [first, second] = await Promise.allSettled([
      registry.deleteTag("web", "pr-1", LATER),
      registry.deleteTag("api", "pr-1", LATER),
    ]);
    expect(first).toMatchObject({ reason: { kind: "deletion", message: expect.stringContaining(`web@${digest}`) } });
    expect(second).toMatchObject({ value: "unsupported" });
    expect(store.resolve("api", "main")?.digest).toBe(other);
    expect(deletes(setup)).toHaveLength(1);
  });

  test.each(["refused", "unsupported"] as const)("that is %s is not tried again", async (tagDeletes) => {
    const setup = await setUp({ behaviour: { tagDeletes } });
    for (const tag of ["pr-1", "pr-2"]) expect(await setup.registry.deleteTag("web", tag, LATER)).toBe("unsupported");
    expect(deletes(setup)).toHaveLength(1);
  });

  test("finds a tag gone before the first deletion and after it", async () => {
    const { registry, store } = await setUp();
    store.deleteTag("web", "pr-1");
    expect(await registry.deleteTag("web", "pr-1", LATER)).toBe("gone");
    expect(await registry.deleteTag("web", "pr-2", LATER)).toBe("deleted");
    expect(await registry.deleteTag("web", "pr-2", LATER)).toBe("gone");
  });

  test.each<[string, Reply]>([
    ["a login page with 200", LOGIN_PAGE],
    ["404", { status: 404, body: { errors: [{ code: "NAME_UNKNOWN" }] } }],
  ])("that returns %s is an error, because the tag still exists", async (_what, reply) => {
    const { registry } = await setUp({ handler: deletesReturn(reply) });
    await expect(registry.deleteTag("web", "pr-1", LATER)).rejects.toMatchObject({
      name: "HttpError",
      message: expect.stringContaining("still exists"),
    });
  });
});

describe("the creation time of an index", () => {
  const pushBlob = (store: RegistryStore, type: string, text: string) => {
    const bytes = Buffer.from(text);
    return { mediaType: type, digest: store.putBlob(bytes), size: bytes.length };
  };

  /** Pushes an image with a creation time and a layer of `layerType`. */
  function pushCreated(store: RegistryStore, created: string, layerType: string): { digest: Digest; entry: object } {
    const config = pushBlob(store, "application/vnd.oci.image.config.v1+json", JSON.stringify({ created }));
    const layers = [pushBlob(store, layerType, created)];
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: IMAGE, config, layers }));
    const digest = sha256(bytes);
    store.putManifest("web", digest, bytes, IMAGE);
    return { digest, entry: { mediaType: IMAGE, digest, size: bytes.length } };
  }

  test("is that of its newest image, without attestations", async () => {
    const { registry, store } = await setUp();
    const layer = "application/vnd.oci.image.layer.v1.tar+gzip";
    const children = [
      pushCreated(store, "2026-01-01T00:00:00Z", layer),
      pushCreated(store, "2026-02-01T00:00:00Z", layer),
      pushCreated(store, "2026-03-01T00:00:00Z", "application/vnd.in-toto+json"),
    ];
    const index = { schemaVersion: 2, mediaType: INDEX, manifests: children.map(({ entry }) => entry) };
    const bytes = Buffer.from(JSON.stringify(index));
    store.putManifest("web", "v1", bytes, INDEX);
    expect(await registry.createdAt("web", sha256(bytes))).toBe(Date.parse("2026-02-01T00:00:00Z"));
  });
});

describe("the deletion of a manifest", () => {
  test("deletes its tags", async () => {
    const { registry, store, digest } = await setUp();
    expect(await registry.delete("web", { digest }, LATER)).toEqual({ outcome: "deleted" });
    expect(store.tags("web")).toEqual([]);
  });

  test("sends no other request", async () => {
    const { registry, digest, requests } = await setUp();
    await registry.delete("web", { digest }, LATER);
    expect(requests()).toEqual([`DELETE /v2/web/manifests/${digest}`]);
  });

  test.each<[string, Reply]>([
    ["a login page with 200", LOGIN_PAGE],
    ["404", { status: 404, body: { errors: [{ code: "NAME_UNKNOWN" }] } }],
    ["500", { status: 500 }],
    ["400", { status: 400 }],
    ["405", { status: 405 }],
  ])("that returns %s is an error, because the manifest still exists", async (_what, reply) => {
    const { registry, digest } = await setUp({ handler: deletesReturn(reply) });
    await expect(registry.delete("web", { digest }, LATER)).rejects.toMatchObject({ name: "HttpError" });
  });

  test.each<[string, Reply, string]>([
    ["204", { status: 204 }, "deleted"],
    ["500", { status: 500 }, "deleted"],
    ["404", { status: 404 }, "gone"],
  ])("that returns %s is checked: a manifest that does not exist is %s", async (_status, reply, outcome) => {
    const { registry } = await setUp({ handler: deletesReturn(reply) });
    expect(await registry.delete("web", { digest: digestOfNothing("x") }, LATER)).toEqual({ outcome });
  });
});

describe("the context of a garbage collection", () => {
  /** Collects garbage, and returns the index or referrer that the registry finds. */
  async function findInRegistry(fill: (setup: RegistrySetup) => void): Promise<string | null> {
    let found: string | null = null;
    const setup = await setUp({}, async (context: GcContext) => {
      found = await context.findIndexOrReferrer();
      return SUCCEEDED;
    });
    fill(setup);
    await setup.registry.list("web");
    await setup.registry.collectGarbage();
    return found;
  }

  test("has no index or referrer in a registry of images", async () => {
    expect(await findInRegistry(() => undefined)).toBeNull();
  });

  test("has the indexes of listed repositories", async () => {
    const found = await findInRegistry(({ store, digest }) =>
      pushIndex(store, { repository: "web", tags: ["v1"], children: [digest] }),
    );
    expect(found).toMatch(/^web@sha256:/);
  });

  test("has the indexes of other repositories", async () => {
    const found = await findInRegistry(({ store, digest }) =>
      pushIndex(store, { repository: "other/app", tags: ["v1"], children: [digest] }),
    );
    expect(found).toMatch(/^other\/app@sha256:/);
  });

  test("has referrers", async () => {
    const found = await findInRegistry(({ store, digest }) => {
      const signature = pushReferrer(store, {
        repository: "other",
        subject: digest,
        artifactType: "application/x-signature",
        by: "subject",
      });
      store.tag("other", "signature", signature);
    });
    expect(found).toMatch(/^other@sha256:/);
  });

  test("has no deleted index", async () => {
    let found: string | null = "not started";
    const { registry, store, digest } = await setUp({}, async (context: GcContext) => {
      found = await context.findIndexOrReferrer();
      return SUCCEEDED;
    });
    const index = pushIndex(store, { repository: "web", tags: ["v1"], children: [digest] });
    await registry.list("web");
    await registry.delete("web", { digest: index }, LATER);
    await registry.collectGarbage();
    expect(found).toBeNull();
  });
});
