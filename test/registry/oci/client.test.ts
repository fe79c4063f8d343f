import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import { digestOfNothing, IMAGE, INDEX, pushImage, pushMultiArch } from "../../servers/content.ts";
import type { Reply } from "../../servers/http-server.ts";
import { LOGIN_PAGE, withWrongDigest } from "../../servers/oci/quirks.ts";
import { sha256 } from "../../servers/oci/store.ts";
import { always, listingFault, replaceReplies } from "./replies.ts";
import { LATER, type Setup, type SetupOptions, setUp, startServer } from "./setup.ts";

describe("a manifest", () => {
  it("is requested with all four media types and returned with its children", async () => {
    const { oci, store, server } = await setUp();
    const { index, children } = pushMultiArch(store, { repository: "team/app", seed: "v1", tags: ["v1"] });
    expect(await oci.read("team/app", index)).toMatchObject({
      kind: "index",
      children: children.map((digest) => ({ digest })),
    });
    const [request] = server.requests;
    expect(request?.headers.accept?.split(", ")).toHaveLength(4);
    expect(request?.headers.accept).toContain("manifest.list.v2+json");
  });

  it("is requested once, by digest or by tag", async () => {
    const { oci, store, requests } = await setUp();
    const digest = pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    const [first, second] = await Promise.all([oci.read("app", digest), oci.read("app", digest)]);
    expect(first).toBe(second);
    expect(requests()).toEqual([`GET /v2/app/manifests/${digest}`]);
    const other = pushImage(store, { repository: "app", seed: "v2", tags: ["v2"] });
    expect(await oci.resolve("app", "v2")).toMatchObject({ digest: other });
    expect(await oci.read("app", other)).toMatchObject({ kind: "image" });
    expect(requests()).toEqual(["GET /v2/app/manifests/v2"]);
  });

  it("is requested again if it was missing or could not be read", async () => {
    const { oci, store, server } = await setUp();
    const digest = pushImage(store, { repository: "app", seed: "v1" });
    const bytes = store.resolve("app", digest)?.bytes ?? Buffer.alloc(0);
    store.deleteManifest("app", digest);
    expect(await oci.read("app", digest)).toBe("missing");
    store.putManifest("app", null, bytes, IMAGE);
    server.inject([{ kind: "reply", reply: { status: 418 } }]);
    await expect(oci.read("app", digest)).rejects.toMatchObject({ status: 418 });
    expect(await oci.read("app", digest)).toMatchObject({ kind: "image" });
  });

  it("has the digest of its bytes if the registry sends none", async () => {
    const { oci, store } = await setUp({
      handler: (registry) => async (request) => {
        const reply = await registry(request);
        const { "docker-content-digest": _, ...headers } = reply.headers ?? {};
        return { ...reply, headers };
      },
    });
    const digest = pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    expect(await oci.resolve("app", "v1")).toMatchObject({ digest });
  });

  const other = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [] });
  it.each<[string, Pick<SetupOptions, "handler">, string]>([
    [
      "other bytes",
      replaceReplies(always, { status: 200, headers: { "content-type": INDEX }, body: other }),
      sha256(other),
    ],
    ["a wrong digest", { handler: withWrongDigest }, digestOfNothing("wrong")],
    ["a login page", replaceReplies(always, LOGIN_PAGE), "200 with a web page"],
    ["a login page with status 404", replaceReplies(always, { ...LOGIN_PAGE, status: 404 }), "404 with a web page"],
  ])("is an error if the registry returns %s", async (_what, options, message) => {
    const { oci, store } = await setUp(options);
    const digest = pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    await expect(oci.read("app", digest)).rejects.toEqual(listingFault(message));
  });

  it("is verified by SHA-512 if the registry uses it", async () => {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [] }));
    const digest: Digest = `sha512:${createHash("sha512").update(bytes).digest("hex")}`;
    const stored = (body: Buffer): Reply => ({
      status: 200,
      headers: { "content-type": INDEX, "docker-content-digest": digest },
      body,
    });
    const { oci } = await setUp(replaceReplies(always, stored(bytes)));
    expect(await oci.resolve("app", "v1")).toMatchObject({ digest });
    expect(await oci.read("app", digest)).toMatchObject({ kind: "index" });
    const { oci: damaged } = await setUp(replaceReplies(always, stored(Buffer.from(`${bytes} `))));
    await expect(damaged.resolve("app", "v1")).rejects.toEqual(listingFault(`instead of ${digest}`));
    await expect(damaged.read("app", digest)).rejects.toEqual(listingFault(`instead of ${digest}`));
  });

  it("is an error if the registry converted it to schema 1", async () => {
    const body = JSON.stringify({ schemaVersion: 1, name: "app", fsLayers: [] });
    const headers = { "content-type": "application/vnd.docker.distribution.manifest.v1+prettyjws" };
    const { oci } = await setUp(replaceReplies((path) => path.endsWith("/v1"), { status: 200, headers, body }));
    await expect(oci.resolve("app", "v1")).rejects.toEqual(listingFault("converted app:v1 to schema 1"));
  });

  it("is an error if it is larger than 4 MiB", async () => {
    const headers = { "content-type": IMAGE };
    const { oci } = await setUp(
      replaceReplies(always, { status: 200, headers, body: " ".repeat(4 * 1024 * 1024 + 1) }),
    );
    await expect(oci.resolve("app", "v1")).rejects.toMatchObject({ name: "HttpError", code: "too-large" });
  });
});

describe("a name", () => {
  const digest = digestOfNothing("x");
  it.each([
    ["..", "v1"],
    ["../admin", "v1"],
    ["app/./x", "v1"],
    ["app?x=", "v1"],
    ["a#b", "v1"],
    ["a%2f..", "v1"],
    ["/app", "v1"],
    ["app/", "v1"],
    ["", "v1"],
    ["app\n", "v1"],
    ["app", "../../other/manifests/v1"],
    ["app", ".."],
    ["app", "v1?x"],
    ["app", ""],
    ["app", "sha256:abc"],
    ["app", "a".repeat(129)],
  ])("`%s` with tag `%s` is refused, because it would change the URL", async (name, tag) => {
    const { oci, requests } = await setUp();
    await expect(oci.resolve(name, tag)).rejects.toEqual(listingFault("is not a valid"));
    await expect(oci.delete(name, tag, LATER)).rejects.toEqual(listingFault("is not a valid"));
    expect(requests()).toEqual([]);
    if (name !== "app") await expect(oci.referrers(name, digest)).rejects.toEqual(listingFault("is not a valid"));
  });

  it.each(["app", "team/app", "a_b/c__d/e-f.g", "v2/app", "...x", "App"])("`%s` is accepted", async (name) => {
    const { oci, requests } = await setUp();
    expect(await oci.resolve(name, "v1")).toBe("missing");
    expect(new Set(requests())).toEqual(new Set([`GET /v2/${name}/manifests/v1`]));
  });
});

describe("the creation time of an image", () => {
  async function readTime({ oci }: Setup, digest: Digest): Promise<number | null> {
    const content = await oci.read("app", digest);
    if (content === "missing" || content.config === null) throw new Error("no config");
    return oci.createdAt("app", content.config);
  }

  it.each<[string, string | undefined, number | null]>([
    ["is read from the config", "2026-11-02T10:00:00.5Z", Date.UTC(2026, 10, 2, 10, 0, 0, 500)],
    ["is unknown if the config has none", undefined, null],
    ["is unknown without a time zone", "2026-11-02T10:00:00", null],
    ["is unknown if it is invalid", "soon", null],
  ])("%s", async (_what, created, time) => {
    const setup = await setUp();
    const digest = pushImage(setup.store, { repository: "app", seed: "v1", ...(created ? { created } : {}) });
    expect(await readTime(setup, digest)).toBe(time);
  });

  it.each<[string, Reply]>([
    ["missing", { status: 404, body: { errors: [] } }],
    ["changed in transit", { status: 200, body: { created: "2026-11-02T10:00:00Z" } }],
  ])("is unknown if the config is %s", async (_what, reply) => {
    const setup = await setUp(replaceReplies((path) => path.includes("/blobs/"), reply));
    expect(await readTime(setup, pushImage(setup.store, { repository: "app", seed: "v1" }))).toBeNull();
  });

  it("is unknown if the config is not JSON, too large or empty", async () => {
    const { oci, store, requests } = await setUp();
    const digest = store.putBlob(Buffer.from([0, 1, 2]));
    expect(await oci.createdAt("app", { mediaType: "application/wasm", digest, sizeBytes: 3 })).toBeNull();
    expect(requests()).toHaveLength(1);
    expect(await oci.createdAt("app", { mediaType: "x", digest, sizeBytes: 5_000_000 })).toBeNull();
    const empty = { mediaType: "application/vnd.oci.empty.v1+json", digest, sizeBytes: 2 };
    expect(await oci.createdAt("app", empty)).toBeNull();
    expect(requests()).toEqual([]);
  });

  it("is read without the credential if the registry redirects to its storage", async () => {
    const config = Buffer.from(JSON.stringify({ created: "2026-11-02T10:00:00Z" }));
    const storage = await startServer(() => ({ status: 200, body: config }));
    const { oci } = await setUp({
      handler:
        () =>
        ({ headers, path }) =>
          headers.authorization === undefined
            ? { status: 401, headers: { "www-authenticate": 'Basic realm="r"' } }
            : { status: 307, headers: { location: new URL(path, storage.url).href } },
    });
    const descriptor = { mediaType: "x", digest: sha256(config), sizeBytes: config.length };
    expect(await oci.createdAt("app", descriptor)).toBe(Date.UTC(2026, 10, 2, 10));
    expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});

describe("a deletion", () => {
  it.each<[string, SetupOptions, "image" | "tag" | "missing", number, string]>([
    ["of a digest", {}, "image", 202, ""],
    ["of a tag", {}, "tag", 202, ""],
    ["of a missing digest", {}, "missing", 404, "MANIFEST_UNKNOWN"],
    ["of a tag of distribution 2.8", { behaviour: { tagDeletes: "refused" } }, "tag", 400, "DIGEST_INVALID"],
    ["if deletes are disabled", { behaviour: { deletes: "disabled" } }, "image", 405, "UNSUPPORTED"],
    ["in read-only mode", { behaviour: { deletes: "read-only" } }, "image", 405, "Method not allowed"],
  ])("%s returns the response", async (_what, options, target, status, text) => {
    const { oci, store, requests } = await setUp(options);
    const digest = pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    const reference = { image: digest, tag: "v1", missing: digestOfNothing("x") }[target];
    const response = await oci.delete("app", reference, LATER);
    expect([response.status, response.body.toString("utf8")]).toEqual([status, expect.stringContaining(text)]);
    expect(requests()).toEqual([`DELETE /v2/app/manifests/${reference}`]);
  });

  it("is visible to `exists`, even if the manifest was read before", async () => {
    const { oci, store } = await setUp();
    const digest = pushImage(store, { repository: "app", seed: "v1" });
    await oci.read("app", digest);
    expect(await oci.exists("app", digest)).toBe(true);
    await oci.delete("app", digest, LATER);
    expect(await oci.exists("app", digest)).toBe(false);
  });
});
