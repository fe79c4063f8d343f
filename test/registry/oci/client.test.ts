import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import { digestOfNothing, IMAGE, INDEX, pushImage, pushMultiArch, pushReferrer } from "../../servers/content.ts";
import { type Handler, type Reply, serve, type TestServer } from "../../servers/http-server.ts";
import { endlessPages, LOGIN_PAGE, lyingDigest } from "../../servers/oci/quirks.ts";
import { sha256 } from "../../servers/oci/store.ts";
import { type OciBench, type OciBenchOptions, openOciBench } from "./bench.ts";

const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function bench(options: OciBenchOptions = {}): Promise<OciBench> {
  const made = await openOciBench(options);
  undo.push(() => made.close());
  return made;
}

async function elsewhere(handler: Handler): Promise<TestServer> {
  const server = await serve(handler);
  undo.push(() => server.close());
  return server;
}

/** Answers with `reply` what `applies` to, and leaves all else to the registry. */
function instead(applies: (path: string) => boolean, reply: Reply): Pick<OciBenchOptions, "handler"> {
  return { handler: (registry) => (request) => (applies(request.path) ? reply : registry(request)) };
}

const always = (): boolean => true;
const listing = (message: string): object =>
  expect.objectContaining({ kind: "listing", message: expect.stringContaining(message) });

describe("a manifest", () => {
  it("is read with all four types, and its relations with it", async () => {
    const { oci, store, server } = await bench();
    const { index, children } = pushMultiArch(store, { repository: "team/app", seed: "v1", tags: ["v1"] });
    expect(await oci.read("team/app", index)).toMatchObject({
      kind: "index",
      children: children.map((digest) => ({ digest })),
    });
    const [request] = server.requests;
    expect(request?.headers.accept?.split(", ")).toHaveLength(4);
    expect(request?.headers.accept).toContain("manifest.list.v2+json");
  });

  it("is known for good once it is read, whoever asks, and by which name", async () => {
    const { oci, store, asked } = await bench();
    const digest = pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    const [one, two] = await Promise.all([oci.read("app", digest), oci.read("app", digest)]);
    expect(one).toBe(two);
    expect(asked()).toEqual([`GET /v2/app/manifests/${digest}`]);
    expect((await oci.resolve("app", "v1")) !== "missing" && (await oci.read("app", digest))).toMatchObject({
      kind: "image",
    });
    expect(asked()).toEqual(["GET /v2/app/manifests/v1"]);
  });

  it("that is missing, or could not be read, is asked for again", async () => {
    const { oci, store, server } = await bench();
    const digest = pushImage(store, { repository: "app", seed: "v1" });
    const bytes = store.resolve("app", digest)?.bytes ?? Buffer.alloc(0);
    store.deleteManifest("app", digest);
    expect(await oci.read("app", digest)).toBe("missing");
    store.putManifest("app", null, bytes, IMAGE);
    server.inject([{ kind: "reply", reply: { status: 418 } }]);
    await expect(oci.read("app", digest)).rejects.toMatchObject({ status: 418 });
    expect(await oci.read("app", digest)).toMatchObject({ kind: "image" });
  });

  it("of which the registry tells no digest has that of its bytes", async () => {
    const { oci, store } = await bench({
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
  it.each<[string, Pick<OciBenchOptions, "handler">, string]>([
    [
      "with bytes of another digest",
      instead(always, { status: 200, headers: { "content-type": INDEX }, body: other }),
      sha256(other),
    ],
    ["whose digest the registry tells wrongly", { handler: lyingDigest }, digestOfNothing("a lie")],
    ["that is a login page", instead(always, LOGIN_PAGE), "200 with a web page"],
    [
      "whose absence a proxy tells, and no registry",
      instead(always, { ...LOGIN_PAGE, status: 404 }),
      "404 with a web page",
    ],
  ])("%s is an error, and not a manifest", async (_what, options, message) => {
    const { oci, store } = await bench(options);
    const digest = pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    await expect(oci.read("app", digest)).rejects.toEqual(listing(message));
  });

  it("of a registry that keeps it by SHA-512 has that digest, by tag too, and its bytes are checked against it", async () => {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [] }));
    const digest: Digest = `sha512:${createHash("sha512").update(bytes).digest("hex")}`;
    const kept = (body: Buffer): Reply => ({
      status: 200,
      headers: { "content-type": INDEX, "docker-content-digest": digest },
      body,
    });
    const { oci } = await bench(instead(always, kept(bytes)));
    expect(await oci.resolve("app", "v1")).toMatchObject({ digest });
    expect(await oci.read("app", digest)).toMatchObject({ kind: "index" });
    const { oci: wrong } = await bench(instead(always, kept(Buffer.from(`${bytes} `))));
    await expect(wrong.resolve("app", "v1")).rejects.toEqual(listing(`not ${digest}`));
    await expect(wrong.read("app", digest)).rejects.toEqual(listing(`not ${digest}`));
  });

  it("that schema 1 was made of, as for a client without Accept, is refused", async () => {
    const body = JSON.stringify({ schemaVersion: 1, name: "app", fsLayers: [] });
    const headers = { "content-type": "application/vnd.docker.distribution.manifest.v1+prettyjws" };
    const { oci } = await bench(instead(always, { status: 200, headers, body }));
    await expect(oci.resolve("app", "v1")).rejects.toEqual(listing("schema 1"));
  });

  it("above 4 MiB is refused", async () => {
    const headers = { "content-type": IMAGE };
    const { oci } = await bench(instead(always, { status: 200, headers, body: " ".repeat(4 * 1024 * 1024 + 1) }));
    await expect(oci.resolve("app", "v1")).rejects.toMatchObject({ name: "HttpError", code: "too-large" });
  });
});

describe("names from outside", () => {
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
  ])("`%s` with `%s` leads no request elsewhere", async (name, tag) => {
    const { oci, asked } = await bench();
    await expect(oci.resolve(name, tag)).rejects.toEqual(listing("cannot be the name"));
    await expect(oci.delete(name, tag)).rejects.toEqual(listing("cannot be the name"));
    expect(asked()).toEqual([]);
    if (name !== "app") await expect(oci.referrers(name, digest)).rejects.toEqual(listing("cannot be the name"));
  });

  it.each(["app", "team/app", "a_b/c__d/e-f.g", "v2/app", "...x", "App"])("`%s` is one", async (name) => {
    const { oci, asked } = await bench();
    expect(await oci.resolve(name, "v1")).toBe("missing");
    expect(asked()).toEqual([`GET /v2/${name}/manifests/v1`]);
  });
});

describe("tags", () => {
  it.each(["", "-x", "a b", "a/b", "../x", "a".repeat(129)])("with one that is none (%j) are an error", async (tag) => {
    const reply = { status: 200, body: { name: "app", tags: ["v1", tag] } };
    const { oci } = await bench(instead((path) => path.includes("/tags/list"), reply));
    await expect(oci.tags("app")).rejects.toEqual(listing("cannot be the name of a tag"));
  });

  async function withTags(count: number, options: OciBenchOptions = {}): Promise<OciBench> {
    const made = await bench(options);
    const tags = Array.from({ length: count }, (_, number) => `t${String(number).padStart(4, "0")}`);
    pushImage(made.store, { repository: "app", seed: "v1", tags });
    return made;
  }

  it("come by all pages", async () => {
    const { oci, asked } = await withTags(25, { behaviour: { pageSize: 10 } });
    expect(await oci.tags("app")).toHaveLength(25);
    expect(asked()).toHaveLength(3);
  });

  it("come at once from a registry that overlooks `n`", async () => {
    const { oci, asked } = await withTags(1500, { behaviour: { paging: "ignore-n" } });
    expect(await oci.tags("app")).toHaveLength(1500);
    expect(asked()).toEqual(["GET /v2/app/tags/list?n=1000"]);
  });

  it("come from a registry that takes no `n` so large", async () => {
    const refused = { errors: [{ code: "PAGINATION_NUMBER_INVALID", message: "invalid number of results requested" }] };
    const { oci, asked } = await withTags(25, {
      behaviour: { pageSize: 10 },
      ...instead((path) => path.includes("n=1000"), { status: 400, body: refused }),
    });
    expect(await oci.tags("app")).toHaveLength(25);
    expect(asked().slice(0, 2)).toEqual(["GET /v2/app/tags/list?n=1000", "GET /v2/app/tags/list"]);
  });

  it.each([
    [999, 1],
    [1000, 2],
    [1001, 2],
    [2000, 3],
  ])("come all %i from a registry that links no page to the next, in %i requests", async (count, requests) => {
    const { oci, asked } = await withTags(count, { behaviour: { paging: "by-last", pageSize: 5000 } });
    expect(new Set(await oci.tags("app")).size).toBe(count);
    expect(asked()).toHaveLength(requests);
  });

  it("end without another question where the last of linked pages is full", async () => {
    const { oci, asked } = await withTags(20, {
      handler: (registry) => (request) =>
        registry({ ...request, url: new URL(request.path.replace(/n=\d+/, "n=10"), request.url) }),
    });
    expect(await oci.tags("app")).toHaveLength(20);
    expect(asked()).toHaveLength(2);
  });

  it("come once, 1000 of them, from a registry that overlooks both `n` and `last`", async () => {
    const { oci, asked } = await withTags(1000, { behaviour: { paging: "ignore-n" } });
    expect(await oci.tags("app")).toHaveLength(1000);
    expect(asked()).toHaveLength(2);
  });

  it("that are null are none", async () => {
    const { oci, store } = await withTags(1);
    store.deleteTag("app", "t0000");
    expect(await oci.tags("app")).toEqual([]);
  });

  it("of no repository are missing", async () => {
    const { oci } = await withTags(1);
    expect(await oci.tags("other")).toBe("missing");
  });

  const next = (link: string): Reply => ({ status: 200, headers: { link }, body: { tags: ["a"] } });
  const page = (body: unknown, status = 200): Reply => ({ status, body });
  const second = (path: string): boolean => path.includes("page=2");
  it.each<[string, (first: URL) => Reply, Reply, number]>([
    [
      "by an absolute link",
      ({ origin }) => next(`<${origin}/v2/app/tags/list?page=2>; rel="next"`),
      page({ tags: ["b"] }),
      2,
    ],
    [
      "by a link to http or https on the registry's own host",
      ({ host }) => next(`<https://${host}/v2/app/tags/list?page=2>; rel="next"`),
      page({ tags: ["b"] }),
      2,
    ],
    ["by a link of two relations", () => next('</v2/app/tags/list?page=2>; rel="last next"'), page({ tags: ["b"] }), 2],
    [
      "by a link after another",
      () => next('</x>; rel="prev", </v2/app/tags/list?page=2>; rel=next'),
      page({ tags: ["b"] }),
      2,
    ],
    ["by a link below the list's own path", () => next('<list?page=2>; rel="next"'), page({ tags: ["b"] }), 2],
  ])("are followed %s", async (_how, first, then, count) => {
    const { oci } = await bench({
      handler: () => (request) => (second(request.path) ? then : first(request.url)),
    });
    expect(await oci.tags("app")).toHaveLength(count);
  });

  it.each<[string, string, Reply, string, number]>([
    ["on another host", '<http://127.0.0.2:1/v2/app/tags/list>; rel="next"', page({}), "another host", 1],
    ["over another scheme", '<https://127.0.0.1/v2/app/tags/list>; rel="next"', page({}), "another host", 1],
    ["at no address", '<http://[>; rel="next"', page({}), "another host", 1],
    ["at a link that cannot be read", '</v2/app/tags/list?page=2; rel="next"', page({}), "cannot be read", 1],
    ["at itself", '</v2/app/tags/list?n=1000>; rel="next"', page({}), "does not end", 1],
    [
      "at a page that is missing",
      '</v2/app/tags/list?page=2>; rel="next"',
      page({ errors: [] }, 404),
      "is not there",
      2,
    ],
    ["at a web page", '</v2/app/tags/list?page=2>; rel="next"', LOGIN_PAGE, "web page", 2],
    ["at a page of another shape", '</v2/app/tags/list?page=2>; rel="next"', page({ tags: [1] }), "another shape", 2],
    ["at a page that tells of no tags", '</v2/app/tags/list?page=2>; rel="next"', page({}), "another shape", 2],
    ["at an error's page", '</v2/app/tags/list?page=2>; rel="next"', page({ errors: [] }), "another shape", 2],
    ["at a page that is cut short", '</v2/app/tags/list?page=2>; rel="next"', page('{"tags":['), "no JSON", 2],
  ])("that go on %s are an error, and never a shorter list", async (_where, link, then, message, requests) => {
    const { oci, asked } = await bench({ handler: () => (request) => (second(request.path) ? then : next(link)) });
    await expect(oci.tags("app")).rejects.toEqual(listing(message));
    expect(asked()).toHaveLength(requests);
  });

  it.each<[string, (own: string, other: string) => string]>([
    ["of an absolute link", (own, other) => `http://${own}//${other}/v2/app/tags/list`],
    ["with a backslash", (own, other) => `http://${own}/\\${other}/v2/app/tags/list`],
    ["that steps up", (_own, other) => `/v2/..//${other}/v2/app/tags/list`],
  ])("that go on at a path %s, which begins with two slashes, are asked for on the same host", async (_how, target) => {
    const foreign = await elsewhere(() => page({ tags: ["b"] }));
    const challenge = { status: 401, headers: { "www-authenticate": 'Basic realm="registry"' } };
    const { oci, asked } = await bench({
      handler:
        () =>
        ({ headers, path, url }) => {
          if (headers.authorization === undefined) return challenge;
          return path.startsWith("//") ? page({}, 404) : next(`<${target(url.host, foreign.url.host)}>; rel="next"`);
        },
    });
    await expect(oci.tags("app")).rejects.toEqual(listing("is not there"));
    expect(asked().at(-1)).toBe(`GET //${foreign.url.host}/v2/app/tags/list`);
    expect(foreign.requests).toEqual([]);
  });

  it("that never end are an error", async () => {
    const { oci } = await withTags(25, { behaviour: { pageSize: 10 }, handler: endlessPages });
    await expect(oci.tags("app")).rejects.toEqual(listing("does not end"));
  });
});

describe("the catalog", () => {
  it("comes by all pages", async () => {
    const { oci, store, asked } = await bench({ behaviour: { pageSize: 2 } });
    for (const repository of ["c", "a", "b/x"]) pushImage(store, { repository, seed: "v1" });
    expect(await oci.catalog()).toEqual(["a", "b/x", "c"]);
    expect(asked()).toHaveLength(2);
  });

  it.each([404, 400, 405, 406, 501])("that is not there, by %i, is no empty one", async (status) => {
    const { oci } = await bench(instead(always, { status, body: "404 page not found\n" }));
    await expect(oci.catalog()).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining("no catalog"),
      remedy: expect.stringContaining("repository-pattern"),
    });
  });

  it("of a server that is no registry is an error that says so", async () => {
    const { oci } = await bench(instead(always, LOGIN_PAGE));
    await expect(oci.catalog()).rejects.toEqual(listing("200 with a web page"));
  });
});

describe("referrers", () => {
  async function signed(options: OciBenchOptions = {}): Promise<OciBench & { subject: Digest; signature: Digest }> {
    const made = await bench(options);
    const subject = pushImage(made.store, { repository: "app", seed: "v1" });
    const push = { repository: "app", subject, artifactType: "application/x-signature", by: "subject" } as const;
    return { ...made, subject, signature: pushReferrer(made.store, push) };
  }

  it("come from the API, and none is an empty list", async () => {
    const { oci, subject, signature } = await signed();
    expect(await oci.referrers("app", subject)).toEqual([signature]);
    expect(await oci.referrers("app", signature)).toEqual([]);
  });

  it.each([404, 400, 405, 406, 501])("are unknown where the API answers %i, which is asked once", async (status) => {
    const { oci, subject, asked } = await signed(
      instead((path) => path.includes("/referrers/"), { status, body: "404 page not found\n" }),
    );
    expect(await oci.referrers("app", subject)).toBeNull();
    const requests = asked().length;
    expect(await oci.referrers("other", subject)).toBeNull();
    expect(asked()).toEqual([]);
    // 501 is a 5xx: the HTTP stack may repeat it before it stands. The other request is for the subject: is it there?
    if (status < 500) expect(requests).toBe(2);
  });

  it.each([301, 302, 303, 307, 308])(
    "are unknown where %i sends for them elsewhere, which is not asked",
    async (status) => {
      const page = await elsewhere(() => ({ status: 429, headers: { "retry-after": "86400" } }));
      const headers = { location: new URL("/-/packages", page.url).href };
      const { oci, subject, asked } = await signed(
        instead((path) => path.includes("/referrers/"), { status, headers }),
      );
      expect(await oci.referrers("app", subject)).toBeNull();
      expect(asked().filter((line) => line.includes("/referrers/"))).toHaveLength(1);
      expect(page.requests).toEqual([]);
    },
  );

  it("are none of what is not there, and unknown of what is, where only the API's 404 tells", async () => {
    const lost = digestOfNothing("lost");
    const silent = { current: lost };
    const made = await signed(
      instead((path) => path.endsWith(`/referrers/${silent.current}`), { status: 404, body: "404 page not found\n" }),
    );
    expect(await made.oci.referrers("app", lost)).toBeNull();
    expect(await made.oci.referrers("app", made.subject)).toEqual([made.signature]);
    expect(await made.oci.referrers("app", lost)).toEqual([]);
    silent.current = made.subject;
    expect(await made.oci.referrers("app", made.subject)).toBeNull();
    expect(await made.oci.referrers("app", made.signature)).toEqual([]);
  });

  const of = (body: unknown, type: string = INDEX): Reply => ({ status: 200, headers: { "content-type": type }, body });
  it.each<[string, Reply, string]>([
    ["no index by its type", of({ manifests: [] }, "application/json"), "not an OCI index"],
    ["an image", of({ mediaType: IMAGE, manifests: [] }), "not an OCI index"],
    ["an object of nothing", of({}), "another shape"],
    ["an index with a digest that is none", of({ manifests: [{ digest: "sha256:abc" }] }), "another shape"],
    ["a web page", LOGIN_PAGE, "no JSON"],
  ])("that are %s are an error, and not an empty list", async (_what, reply, message) => {
    const { oci, subject } = await signed(instead((path) => path.includes("/referrers/"), reply));
    await expect(oci.referrers("app", subject)).rejects.toEqual(listing(message));
  });

  it("come by all pages", async () => {
    const [a, b] = [digestOfNothing("a"), digestOfNothing("b")];
    const { oci } = await bench({
      handler:
        () =>
        ({ url, path }) =>
          url.searchParams.has("page")
            ? of({ mediaType: INDEX, manifests: [{ digest: b }] })
            : {
                ...of({ manifests: [{ digest: a }] }),
                headers: { "content-type": INDEX, link: `<${path}?page=2>; rel="next"` },
              },
    });
    expect(await oci.referrers("app", digestOfNothing("subject"))).toEqual([a, b]);
  });
});

describe("the creation of an image", () => {
  const at = async (made: OciBench, digest: Digest): Promise<number | null> => {
    const content = await made.oci.read("app", digest);
    if (content === "missing" || content.config === null) throw new Error("no config");
    return made.oci.createdAt("app", content.config);
  };

  it.each<[string, string | undefined, number | null]>([
    ["tells it", "2026-11-02T10:00:00.5Z", Date.UTC(2026, 10, 2, 10, 0, 0, 500)],
    ["tells none", undefined, null],
    ["tells a time of no zone", "2026-11-02T10:00:00", null],
    ["tells nonsense", "soon", null],
  ])("is as the config %s", async (_what, created, time) => {
    const made = await bench();
    const digest = pushImage(made.store, { repository: "app", seed: "v1", ...(created ? { created } : {}) });
    expect(await at(made, digest)).toBe(time);
  });

  it.each<[string, Reply]>([
    ["missing", { status: 404, body: { errors: [] } }],
    ["changed on its way", { status: 200, body: { created: "2026-11-02T10:00:00Z" } }],
  ])("is unknown where the config is %s", async (_what, reply) => {
    const made = await bench(instead((path) => path.includes("/blobs/"), reply));
    expect(await at(made, pushImage(made.store, { repository: "app", seed: "v1" }))).toBeNull();
  });

  it("is unknown where the config is not an image's, or larger than one is, or empty", async () => {
    const { oci, store, asked } = await bench();
    const digest = store.putBlob(Buffer.from([0, 1, 2]));
    expect(await oci.createdAt("app", { mediaType: "application/wasm", digest, sizeBytes: 3 })).toBeNull();
    expect(asked()).toHaveLength(1);
    expect(await oci.createdAt("app", { mediaType: "x", digest, sizeBytes: 5_000_000 })).toBeNull();
    const empty = { mediaType: "application/vnd.oci.empty.v1+json", digest, sizeBytes: 2 };
    expect(await oci.createdAt("app", empty)).toBeNull();
    expect(asked()).toEqual([]);
  });

  it("is read where the registry sends for its blobs, without the credential", async () => {
    const config = Buffer.from(JSON.stringify({ created: "2026-11-02T10:00:00Z" }));
    const storage = await elsewhere(() => ({ status: 200, body: config }));
    const { oci } = await bench({
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
  it.each<[string, OciBenchOptions, "image" | "tag" | "nothing", number, string]>([
    ["of a digest", {}, "image", 202, ""],
    ["of a tag", {}, "tag", 202, ""],
    ["of what is gone", {}, "nothing", 404, "MANIFEST_UNKNOWN"],
    ["of a tag at 2.8", { behaviour: { tagDeletes: "refused" } }, "tag", 400, "DIGEST_INVALID"],
    ["where deletes are disabled", { behaviour: { deletes: "disabled" } }, "image", 405, "UNSUPPORTED"],
    ["where the registry is read-only", { behaviour: { deletes: "read-only" } }, "image", 405, "Method not allowed"],
  ])("%s comes back as it was answered", async (_what, options, what, status, text) => {
    const { oci, store, server } = await bench(options);
    const digest = pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    const reference = { image: digest, tag: "v1", nothing: digestOfNothing("x") }[what];
    const response = await oci.delete("app", reference);
    expect([response.status, response.body.toString("utf8")]).toEqual([status, expect.stringContaining(text)]);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `DELETE /v2/app/manifests/${reference}`,
    ]);
  });

  it("is seen by whoever asks whether it is there, whatever was read before", async () => {
    const { oci, store } = await bench();
    const digest = pushImage(store, { repository: "app", seed: "v1" });
    await oci.read("app", digest);
    expect(await oci.exists("app", digest)).toBe(true);
    await oci.delete("app", digest);
    expect(await oci.exists("app", digest)).toBe(false);
  });
});
