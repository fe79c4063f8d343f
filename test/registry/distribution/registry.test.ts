import { afterEach, describe, expect, test } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import { selectRepositories } from "../../../src/inputs/select-repositories.ts";
import { openDistribution } from "../../../src/registry/distribution/registry.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import { silentLog } from "../../run.ts";
import { digestOfNothing, IMAGE, INDEX, pushImage } from "../../servers/content.ts";
import type { Handler, Reply } from "../../servers/http-server.ts";
import { LOGIN_PAGE } from "../../servers/oci/quirks.ts";
import { sha256 } from "../../servers/oci/store.ts";
import { type OciBench, type OciBenchOptions, openOciBench } from "../oci/bench.ts";

const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

interface Bench extends OciBench {
  readonly registry: Registry;
  /** Tagged `main`, `pr-1`, `pr-2` and `pr-3`. */
  readonly digest: Digest;
}

async function bench(options: OciBenchOptions = {}, path = ""): Promise<Bench> {
  const made = await openOciBench(options);
  undo.push(() => made.close());
  const { oci, server, store } = made;
  const address = { provider: "distribution", origin: server.url, path, name: server.url.host } as const;
  const registry = openDistribution({ address, oci, log: silentLog, collectGarbage: null, sizes: "untold" });
  const digest = pushImage(store, { repository: "web", seed: "web", tags: ["main", "pr-1", "pr-2", "pr-3"] });
  return { ...made, registry, digest };
}

/** Answers a deletion with `reply`, and leaves all else to the registry. */
function deletionsAnswer(reply: Reply): (registry: Handler) => Handler {
  return (registry) => (request) => (request.method === "DELETE" ? reply : registry(request));
}

describe("a catalog that is refused or absent", () => {
  const answersCatalog =
    (status: number) =>
    (registry: Handler): Handler =>
    (request) =>
      request.path.startsWith("/v2/_catalog") ? { status, body: { errors: [] } } : registry(request);

  test.each([401, 403, 404])("leaves what is named and not excluded (%i)", async (status) => {
    const { registry, store } = await bench({ handler: answersCatalog(status), credential: null });
    pushImage(store, { repository: "frozen", seed: "frozen", tags: ["pr-1"] });
    const { matching } = await registry.repositories(selectRepositories(["web", "frozen", "!fr*"]));
    expect(matching).toEqual(["web"]);
  });

  test("leaves nothing where all that is named is excluded: its refusal is told", async () => {
    const { registry } = await bench({ handler: answersCatalog(403) });
    await expect(registry.repositories(selectRepositories(["web", "!web"]))).rejects.toMatchObject({ kind: "permission" });
  });
});

describe("the removal of a tag", () => {
  test("leaves its manifest, which is looked for after the first one", async () => {
    const { registry, store, digest, asked } = await bench();
    expect(await Promise.all(["pr-1", "pr-2"].map((tag) => registry.deleteTag("web", tag)))).toEqual([
      "deleted",
      "deleted",
    ]);
    expect(asked()).toEqual([
      "GET /v2/web/manifests/pr-1",
      "DELETE /v2/web/manifests/pr-1",
      `GET /v2/web/manifests/${digest}`,
      "DELETE /v2/web/manifests/pr-2",
    ]);
    expect(await registry.deleteTag("web", "pr-3")).toBe("deleted");
    expect(asked()).toEqual(["DELETE /v2/web/manifests/pr-3"]);
    expect(store.tags("web")).toEqual(["main"]);
  });

  test("where the registry deletes the manifest with it is a fault, and the only one", async () => {
    const { registry, store, digest, asked } = await bench({ behaviour: { tagDeletes: "with the manifest" } });
    const other = pushImage(store, { repository: "api", seed: "api", tags: ["main", "pr-1"] });
    const [first, second] = await Promise.allSettled([
      registry.deleteTag("web", "pr-1"),
      registry.deleteTag("api", "pr-1"),
    ]);
    expect(first).toMatchObject({ reason: { kind: "deletion", message: expect.stringContaining(`web@${digest}`) } });
    expect(second).toMatchObject({ value: "unsupported" });
    expect(store.resolve("api", "main")?.digest).toBe(other);
    expect(asked().filter((line) => line.startsWith("DELETE"))).toHaveLength(1);
  });

  test.each(["refused", "unsupported"] as const)("is %s by the first answer, and not asked for again", async (how) => {
    const { registry, asked } = await bench({ behaviour: { tagDeletes: how } });
    for (const tag of ["pr-1", "pr-2"]) expect(await registry.deleteTag("web", tag)).toBe("unsupported");
    expect(asked().filter((line) => line.startsWith("DELETE"))).toHaveLength(1);
  });

  test("that is not there any more is gone, whenever that shows", async () => {
    const { registry, store } = await bench();
    store.deleteTag("web", "pr-1");
    expect(await registry.deleteTag("web", "pr-1")).toBe("gone");
    expect(await registry.deleteTag("web", "pr-2")).toBe("deleted");
    expect(await registry.deleteTag("web", "pr-2")).toBe("gone");
  });

  test.each<[string, Reply]>([
    ["a login page says 200", LOGIN_PAGE],
    ["404 answers it", { status: 404, body: { errors: [{ code: "NAME_UNKNOWN" }] } }],
  ])("is not done because %s: the tag is there still", async (_what, reply) => {
    const { registry } = await bench({ handler: deletionsAnswer(reply) });
    await expect(registry.deleteTag("web", "pr-1")).rejects.toMatchObject({
      name: "HttpError",
      message: expect.stringContaining("still there"),
    });
  });
});

describe("the creation of an index", () => {
  const blob = (store: Bench["store"], type: string, text: string) => {
    const bytes = Buffer.from(text);
    return { mediaType: type, digest: store.putBlob(bytes), size: bytes.length };
  };

  /** An image whose config tells a time, of a layer of `layerType`. */
  function made(store: Bench["store"], created: string, layerType: string): { digest: Digest; entry: object } {
    const config = blob(store, "application/vnd.oci.image.config.v1+json", JSON.stringify({ created }));
    const layers = [blob(store, layerType, created)];
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: IMAGE, config, layers }));
    const digest = sha256(bytes);
    store.putManifest("web", digest, bytes, IMAGE);
    return { digest, entry: { mediaType: IMAGE, digest, size: bytes.length } };
  }

  test("is that of its newest image, and not of what attests to it", async () => {
    const { registry, store } = await bench();
    const layer = "application/vnd.oci.image.layer.v1.tar+gzip";
    const children = [
      made(store, "2026-01-01T00:00:00Z", layer),
      made(store, "2026-02-01T00:00:00Z", layer),
      made(store, "2026-03-01T00:00:00Z", "application/vnd.in-toto+json"),
    ];
    const index = { schemaVersion: 2, mediaType: INDEX, manifests: children.map(({ entry }) => entry) };
    const bytes = Buffer.from(JSON.stringify(index));
    store.putManifest("web", "v1", bytes, INDEX);
    expect(await registry.createdAt("web", sha256(bytes))).toBe(Date.parse("2026-02-01T00:00:00Z"));
  });
});

describe("a deletion", () => {
  test("takes its tags with it", async () => {
    const { registry, store, digest } = await bench();
    expect(await registry.delete("web", { digest })).toEqual({ outcome: "deleted" });
    expect(store.tags("web")).toEqual([]);
  });

  test.each<[string, Reply]>([
    ["a login page says 200", LOGIN_PAGE],
    ["404 answers it", { status: 404, body: { errors: [{ code: "NAME_UNKNOWN" }] } }],
    ["500 answers it", { status: 500 }],
    ["400 answers it", { status: 400 }],
    ["405 answers it", { status: 405 }],
  ])("is not done because %s: the manifest is there still", async (_what, reply) => {
    const { registry, digest } = await bench({ handler: deletionsAnswer(reply) });
    await expect(registry.delete("web", { digest })).rejects.toMatchObject({ name: "HttpError" });
  });

  test.each<[string, Reply, string]>([
    ["204", { status: 204 }, "deleted"],
    ["500", { status: 500 }, "deleted"],
    ["404", { status: 404 }, "gone"],
  ])("that answers %s, and whose manifest is not there, is %s", async (_status, reply, outcome) => {
    const { registry } = await bench({ handler: deletionsAnswer(reply) });
    expect(await registry.delete("web", { digest: digestOfNothing("x") })).toEqual({ outcome });
  });
});
