import { afterEach, describe, expect, it } from "vitest";
import { digestOfNothing, IMAGE, INDEX, pushImage, pushIndex, pushMultiArch, pushReferrer } from "../content.ts";
import { serve, type TestServer } from "../http-server.ts";
import type { OciBehaviour } from "./behaviour.ts";
import { LOGIN_PAGE, withEndlessPages, withWrongDigest } from "./quirks.ts";
import { createOciHandler, serveOci } from "./server.ts";
import { digestBy, RegistryStore, sha256 } from "./store.ts";

const servers: TestServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(store: RegistryStore, behaviour: OciBehaviour = {}): Promise<TestServer> {
  const server = await serveOci(store, behaviour);
  servers.push(server);
  return server;
}

/** Sends a request that accepts OCI types, unless `headers` has another `accept`. */
async function send(server: TestServer, method: string, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(new URL(path, server.url), {
    method,
    headers: { accept: `${INDEX}, ${IMAGE}`, ...headers },
  });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

describe("a deletion", () => {
  const refusals: readonly [string, OciBehaviour, "tag" | "digest" | "nothing", number, string][] = [
    ["deletes a tag (zot)", {}, "tag", 202, ""],
    ["refuses a tag (distribution 2.8)", { tagDeletes: "refused" }, "tag", 400, "DIGEST_INVALID"],
    ["refuses a tag as unsupported", { tagDeletes: "unsupported" }, "tag", 405, "UNSUPPORTED"],
    ["deletes a digest", { tagDeletes: "refused" }, "digest", 202, ""],
    ["returns 404 for an unknown digest", {}, "nothing", 404, "MANIFEST_UNKNOWN"],
    ["refuses an unknown digest if deletes are disabled", { deletes: "disabled" }, "nothing", 405, "UNSUPPORTED"],
    ["is refused in read-only mode", { deletes: "read-only" }, "digest", 405, "Method not allowed"],
  ];
  it.each(refusals)("%s", async (_name, behaviour, target, status, text) => {
    const store = new RegistryStore();
    const digest = pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    const server = await start(store, behaviour);
    const reference = { tag: "v1", digest, nothing: digestOfNothing("here") }[target];
    const response = await send(server, "DELETE", `/v2/app/manifests/${reference}`);
    expect(response.status).toBe(status);
    expect(response.body).toContain(text);
    expect(store.tags("app")).toEqual(status === 202 ? [] : ["v1"]);
    expect(store.resolve("app", digest) === null).toBe(status === 202 && target === "digest");
  });
});

describe("a list", () => {
  function withTags(tags: readonly string[]): RegistryStore {
    const store = new RegistryStore();
    pushImage(store, { repository: "app", seed: "v1", tags });
    return store;
  }
  const lists: readonly [string, readonly string[], OciBehaviour, string, number, unknown, string | null][] = [
    [
      "has n tags and a link to the next page",
      ["c", "a", "b"],
      {},
      "?n=2",
      200,
      ["a", "b"],
      "</v2/app/tags/list?last=b&n=2>",
    ],
    ["has the last page without a link", ["c", "a", "b"], {}, "?n=2&last=b", 200, ["c"], null],
    [
      "can have a link on a page with fewer than n tags",
      ["a", "b"],
      { pageSize: 1 },
      "?n=9",
      200,
      ["a"],
      "</v2/app/tags/list?last=a&n=9>",
    ],
    ["has all tags for any n (distribution 2.8)", ["a", "b"], { paging: "ignore-n" }, "?n=1", 200, ["a", "b"], null],
    ["is null after the last tag was deleted", [], {}, "", 200, null, null],
    ["is 404 if no tag was ever pushed", [], { withoutTags: "not-found" }, "", 404, undefined, null],
    ["is 400 for an invalid n", ["a"], {}, "?n=abc", 400, undefined, null],
  ];
  it.each(lists)("%s", async (_name, tags, behaviour, query, status, expected, link) => {
    const response = await send(await start(withTags(tags), behaviour), "GET", `/v2/app/tags/list${query}`);
    expect(response.status).toBe(status);
    expect(JSON.parse(response.body).tags).toEqual(expected);
    expect(response.headers.get("link")).toBe(link === null ? null : `${link}; rel="next"`);
  });
});

describe("a registry", () => {
  it("returns OCI manifests only to clients that accept their type, as distribution does", async () => {
    const store = new RegistryStore();
    const { index, children } = pushMultiArch(store, { repository: "app", seed: "v1" });
    const server = await start(store);
    const statuses = async (accept: string) =>
      Promise.all(
        [index, children[0]].map(
          async (digest) => (await send(server, "HEAD", `/v2/app/manifests/${digest}`, { accept })).status,
        ),
      );
    expect(await statuses("*/*")).toEqual([404, 404]);
    expect(await statuses(`${INDEX};q=0.5`)).toEqual([200, 404]);
    expect(await statuses(`${IMAGE}, ${INDEX}`)).toEqual([200, 200]);
  });

  it.each([
    ["refused", 400],
    ["accepted", 201],
  ] as const)(
    "checks the manifests that a pushed index lists: missing ones are %s",
    async (missingReferences, status) => {
      const store = new RegistryStore();
      const other = new RegistryStore();
      const sparse = pushIndex(other, { repository: "app", children: [digestOfNothing("child")] });
      const { url } = await start(store, { missingReferences });
      const body = other.resolve("app", sparse)?.bytes.toString("utf8") ?? "";
      const response = await fetch(new URL("/v2/app/manifests/v1", url), {
        method: "PUT",
        headers: { "content-type": INDEX },
        body,
      });
      expect(response.status).toBe(status);
      expect(store.tags("app")).toEqual(status === 201 ? ["v1"] : []);
    },
  );

  it.each([
    ["yes", 200, 1],
    ["no", 404, 0],
  ] as const)("lists referrers if it has the API: %s", async (referrersApi, status, found) => {
    const store = new RegistryStore();
    const subject = pushImage(store, { repository: "app", seed: "v1" });
    pushReferrer(store, { repository: "app", subject, artifactType: "application/spdx+json", by: "subject" });
    const response = await send(await start(store, { referrersApi }), "GET", `/v2/app/referrers/${subject}`);
    expect(response.status).toBe(status);
    expect(response.body.split('"artifactType":"application/spdx+json"')).toHaveLength(found + 1);
  });
});

describe("a pushed manifest with a subject", () => {
  it.each(["yes", "no"] as const)(
    "is confirmed by OCI-Subject if there is a referrers API: %s",
    async (referrersApi) => {
      const other = new RegistryStore();
      const subject = digestOfNothing("subject");
      const push = { repository: "app", subject, artifactType: "application/spdx+json", by: "subject" } as const;
      const body = other.resolve("app", pushReferrer(other, push))?.bytes.toString("utf8") ?? "";
      const { url } = await start(new RegistryStore(), { referrersApi, missingReferences: "accepted" });
      const headers = { "content-type": IMAGE };
      const response = await fetch(new URL("/v2/app/manifests/sbom", url), { method: "PUT", headers, body });
      expect(response.headers.get("oci-subject")).toBe(referrersApi === "yes" ? subject : null);
    },
  );
});

describe("the OCI conformance suite", () => {
  const put = async ({ url }: TestServer, path: string, body: string, headers: Record<string, string>) =>
    (await fetch(new URL(path, url), { method: "PUT", headers, body })).status;
  const image = (layers: readonly object[]): string =>
    JSON.stringify({ schemaVersion: 2, mediaType: IMAGE, config: { digest: sha256("{}"), size: 2 }, layers });

  it("pushes and pulls by sha512, also with a tag", async () => {
    const store = new RegistryStore();
    store.putBlob(Buffer.from("{}"));
    const server = await start(store);
    const digest = digestBy("sha512:", Buffer.from(image([])));
    expect(await put(server, `/v2/app/manifests/${digest}?tag=v1&tag=v2`, image([]), { "content-type": IMAGE })).toBe(
      201,
    );
    for (const reference of [digest, "v1", "v2"]) {
      const { headers } = await send(server, "HEAD", `/v2/app/manifests/${reference}`);
      expect(headers.get("docker-content-digest")).toBe(digest);
    }
    expect((await send(server, "DELETE", `/v2/app/manifests/${digest}`)).status).toBe(202);
    expect(store.tags("app")).toEqual([]);
  });

  it.each(["GET", "PUT", "DELETE"])("sends a malformed digest with %s, which is no tag", async (method) => {
    const store = new RegistryStore();
    store.putBlob(Buffer.from("{}"));
    const server = await start(store);
    const path = "/v2/app/manifests/sha256:totally-wrong";
    const headers = { "content-type": IMAGE };
    const status =
      method === "PUT" ? await put(server, path, image([]), headers) : (await send(server, method, path)).status;
    expect(status).toBe(method === "GET" ? 404 : 400);
    expect(store.tags("app")).toEqual([]);
  });

  it("pushes layers that the registry does not store", async () => {
    const store = new RegistryStore();
    store.putBlob(Buffer.from("{}"));
    const mediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    const layers = [{ mediaType, digest: digestOfNothing("layer"), size: 5, urls: ["https://example.com/layer"] }];
    expect(await put(await start(store), "/v2/app/manifests/v1", image(layers), { "content-type": IMAGE })).toBe(201);
  });
});

describe("an upload", () => {
  const digest = sha256("hello world");

  it("accepts chunks in order only", async () => {
    const store = new RegistryStore();
    const { url } = await start(store);
    const send = (method: string, path: string, body: string, headers: Record<string, string> = {}) =>
      fetch(new URL(path, url), { method, body, headers });
    const location = (await send("POST", "/v2/app/blobs/uploads/", "")).headers.get("location") ?? "";
    expect((await send("PATCH", location, "hello", { "content-range": "0-4" })).headers.get("range")).toBe("0-4");
    expect((await send("PATCH", location, "world", { "content-range": "6-10" })).status).toBe(416);
    expect((await send("PUT", `${location}?digest=${digest}`, " World")).status).toBe(400);
    const late = await send("PUT", `${location}?digest=${digest}`, " world", { "content-range": "6-11" });
    expect(late.status).toBe(416);
    expect((await send("PUT", `${location}?digest=${digest}`, " world")).status).toBe(201);
    expect(store.blob(digest)?.toString()).toBe("hello world");
  });

  it.each([
    ["takes a blob in one request with its digest", "missing", `digest=${digest}`, 201],
    ["mounts a blob of another repository", "stored", `mount=${digest}&from=other`, 201],
    ["starts if the blob to mount does not exist", "missing", `mount=${digest}&from=other`, 202],
  ] as const)("%s", async (_name, before, query, status) => {
    const store = new RegistryStore();
    if (before === "stored") store.putBlob(Buffer.from("hello world"));
    const { url } = await start(store);
    const body = query.startsWith("digest") ? "hello world" : "";
    const response = await fetch(new URL(`/v2/app/blobs/uploads/?${query}`, url), { method: "POST", body });
    expect(response.status).toBe(status);
    expect(store.blob(digest) !== null).toBe(status === 201);
  });
});

describe("a faulty registry", () => {
  it("sends the digest of another manifest", async () => {
    const store = new RegistryStore();
    const digest = pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    const server = await serve(withWrongDigest(createOciHandler(store)));
    servers.push(server);
    const response = await send(server, "GET", "/v2/app/manifests/v1");
    expect(sha256(response.body)).toBe(digest);
    expect(response.headers.get("docker-content-digest")).toMatch(/^sha256:/);
    expect(response.headers.get("docker-content-digest")).not.toBe(digest);
  });

  it("sends endless pages", async () => {
    const store = new RegistryStore();
    pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    const server = await serve(withEndlessPages(createOciHandler(store)));
    servers.push(server);
    const link = (await send(server, "GET", "/v2/app/tags/list?n=5&last=v1")).headers.get("link");
    expect(link).toBe('</v2/app/tags/list?n=5&last=v1>; rel="next"');
  });

  it("sends a login page for every request", async () => {
    const server = await start(new RegistryStore(), { guard: () => LOGIN_PAGE });
    const response = await send(server, "DELETE", `/v2/app/manifests/${digestOfNothing("here")}`);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  });
});
