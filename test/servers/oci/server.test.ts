import { afterEach, describe, expect, it } from "vitest";
import { digestOfNothing, IMAGE, INDEX, pushImage, pushIndex, pushMultiArch, pushReferrer } from "../content.ts";
import { serve, type TestServer } from "../http-server.ts";
import type { OciBehaviour } from "./behaviour.ts";
import { endlessPages, LOGIN_PAGE, lyingDigest } from "./quirks.ts";
import { playOci, serveOci } from "./server.ts";
import { RegistryStore, sha256 } from "./store.ts";

/** Undone after each test, last first. */
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function play(store: RegistryStore, behaviour: OciBehaviour = {}): Promise<TestServer> {
  const server = await serveOci(store, behaviour);
  undo.push(() => server.close());
  return server;
}

/** A path's answer, as text; OCI types are accepted unless `headers` say otherwise. */
async function ask(server: TestServer, method: string, path: string, headers: Record<string, string> = {}) {
  const answer = await fetch(new URL(path, server.url), {
    method,
    headers: { accept: `${INDEX}, ${IMAGE}`, ...headers },
  });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

describe("how a registry refuses a deletion", () => {
  const refusals: readonly [string, OciBehaviour, "tag" | "digest" | "nothing", number, string][] = [
    ["a tag, as zot deletes it", {}, "tag", 202, ""],
    ["a tag, on distribution 2.8", { tagDeletes: "refused" }, "tag", 400, "DIGEST_INVALID"],
    ["a tag, where that is unsupported", { tagDeletes: "unsupported" }, "tag", 405, "UNSUPPORTED"],
    ["a digest", { tagDeletes: "refused" }, "digest", 202, ""],
    ["a digest that is not there", {}, "nothing", 404, "MANIFEST_UNKNOWN"],
    ["with deletes off, before it looks whether it is there", { deletes: "disabled" }, "nothing", 405, "UNSUPPORTED"],
    ["read-only", { deletes: "read-only" }, "digest", 405, "Method not allowed"],
  ];
  it.each(refusals)("%s", async (_name, behaviour, what, status, words) => {
    const store = new RegistryStore();
    const digest = pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    const server = await play(store, behaviour);
    const reference = { tag: "v1", digest, nothing: digestOfNothing("here") }[what];
    const answer = await ask(server, "DELETE", `/v2/app/manifests/${reference}`);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(words);
    expect(store.tags("app")).toEqual(status === 202 ? [] : ["v1"]);
    expect(store.resolve("app", digest) === null).toBe(status === 202 && what === "digest");
  });
});

describe("how a registry lists", () => {
  function withTags(tags: readonly string[]): RegistryStore {
    const store = new RegistryStore();
    pushImage(store, { repository: "app", seed: "v1", tags });
    return store;
  }
  const lists: readonly [string, readonly string[], OciBehaviour, string, number, unknown, string | null][] = [
    [
      "n of them, and a link to the rest",
      ["c", "a", "b"],
      {},
      "?n=2",
      200,
      ["a", "b"],
      "</v2/app/tags/list?last=b&n=2>",
    ],
    ["the rest", ["c", "a", "b"], {}, "?n=2&last=b", 200, ["c"], null],
    ["fewer than n, with a link", ["a", "b"], { pageSize: 1 }, "?n=9", 200, ["a"], "</v2/app/tags/list?last=a&n=9>"],
    ["all, whatever n is, on 2.8", ["a", "b"], { paging: "ignore-n" }, "?n=1", 200, ["a", "b"], null],
    ["null, where the last tag went", [], {}, "", 200, null, null],
    ["404, where there never was one", [], { withoutTags: "not-found" }, "", 404, undefined, null],
    ["400 for an n that is none", ["a"], {}, "?n=abc", 400, undefined, null],
  ];
  it.each(lists)("%s", async (_name, tags, behaviour, query, status, listed, link) => {
    const answer = await ask(await play(withTags(tags), behaviour), "GET", `/v2/app/tags/list${query}`);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).tags).toEqual(listed);
    expect(answer.headers.get("link")).toBe(link === null ? null : `${link}; rel="next"`);
  });
});

describe("what a registry looks at", () => {
  it("the types a client accepts, as distribution does: OCI's are not found without", async () => {
    const store = new RegistryStore();
    const { index, children } = pushMultiArch(store, { repository: "app", seed: "v1" });
    const server = await play(store);
    const statuses = async (accept: string) =>
      Promise.all(
        [index, children[0]].map(
          async (digest) => (await ask(server, "HEAD", `/v2/app/manifests/${digest}`, { accept })).status,
        ),
      );
    expect(await statuses("*/*")).toEqual([404, 404]);
    expect(await statuses(`${INDEX};q=0.5`)).toEqual([200, 404]);
    expect(await statuses(`${IMAGE}, ${INDEX}`)).toEqual([200, 200]);
  });

  it.each([
    ["refused", 400],
    ["accepted", 201],
  ] as const)("the entries of an index that is pushed: missing ones are %s", async (missingReferences, status) => {
    const store = new RegistryStore();
    const elsewhere = new RegistryStore();
    const sparse = pushIndex(elsewhere, { repository: "app", children: [digestOfNothing("child")] });
    const { url } = await play(store, { missingReferences });
    const body = elsewhere.resolve("app", sparse)?.bytes.toString("utf8") ?? "";
    const answer = await fetch(new URL("/v2/app/manifests/v1", url), {
      method: "PUT",
      headers: { "content-type": INDEX },
      body,
    });
    expect(answer.status).toBe(status);
    expect(store.tags("app")).toEqual(status === 201 ? ["v1"] : []);
  });

  it.each([
    ["yes", 200, 1],
    ["no", 404, 0],
  ] as const)("who refers to a manifest, if it has that API: %s", async (referrersApi, status, found) => {
    const store = new RegistryStore();
    const subject = pushImage(store, { repository: "app", seed: "v1" });
    pushReferrer(store, { repository: "app", subject, artifactType: "application/spdx+json", by: "subject" });
    const answer = await ask(await play(store, { referrersApi }), "GET", `/v2/app/referrers/${subject}`);
    expect(answer.status).toBe(status);
    expect(answer.body.split('"artifactType":"application/spdx+json"')).toHaveLength(found + 1);
  });
});

describe("what a registry says of a subject when a manifest with one is pushed", () => {
  it.each(["yes", "no"] as const)("with a referrers API: %s", async (referrersApi) => {
    const elsewhere = new RegistryStore();
    const subject = digestOfNothing("subject");
    const push = { repository: "app", subject, artifactType: "application/spdx+json", by: "subject" } as const;
    const body = elsewhere.resolve("app", pushReferrer(elsewhere, push))?.bytes.toString("utf8") ?? "";
    const { url } = await play(new RegistryStore(), { referrersApi, missingReferences: "accepted" });
    const headers = { "content-type": IMAGE };
    const answer = await fetch(new URL("/v2/app/manifests/sbom", url), { method: "PUT", headers, body });
    expect(answer.headers.get("oci-subject")).toBe(referrersApi === "yes" ? subject : null);
  });
});

describe("how blobs are uploaded", () => {
  const digest = sha256("hello world");

  it("in chunks, which have to follow one another", async () => {
    const store = new RegistryStore();
    const { url } = await play(store);
    const send = (method: string, path: string, body: string, headers: Record<string, string> = {}) =>
      fetch(new URL(path, url), { method, body, headers });
    const at = (await send("POST", "/v2/app/blobs/uploads/", "")).headers.get("location") ?? "";
    expect((await send("PATCH", at, "hello", { "content-range": "0-4" })).headers.get("range")).toBe("0-4");
    expect((await send("PATCH", at, "world", { "content-range": "6-10" })).status).toBe(416);
    expect((await send("PUT", `${at}?digest=${digest}`, " World")).status).toBe(400);
    expect((await send("PUT", `${at}?digest=${digest}`, " world")).status).toBe(201);
    expect(store.blob(digest)?.toString()).toBe("hello world");
  });

  it.each([
    ["at once, with the digest", "there is none", `digest=${digest}`, 201],
    ["by mounting what another repository has", "there is one", `mount=${digest}&from=other`, 201],
    ["and a mount of what nobody has begins an upload", "there is none", `mount=${digest}&from=other`, 202],
  ] as const)("%s", async (_name, before, query, status) => {
    const store = new RegistryStore();
    if (before === "there is one") store.putBlob(Buffer.from("hello world"));
    const { url } = await play(store);
    const body = query.startsWith("digest") ? "hello world" : "";
    const answer = await fetch(new URL(`/v2/app/blobs/uploads/?${query}`, url), { method: "POST", body });
    expect(answer.status).toBe(status);
    expect(store.blob(digest) !== null).toBe(status === 201);
  });
});

describe("how a registry may lie", () => {
  it("with the digest of another manifest", async () => {
    const store = new RegistryStore();
    const digest = pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    const server = await serve(lyingDigest(playOci(store)));
    undo.push(() => server.close());
    const answer = await ask(server, "GET", "/v2/app/manifests/v1");
    expect(sha256(answer.body)).toBe(digest);
    expect(answer.headers.get("docker-content-digest")).toMatch(/^sha256:/);
    expect(answer.headers.get("docker-content-digest")).not.toBe(digest);
  });

  it("with pages that never end", async () => {
    const store = new RegistryStore();
    pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    const server = await serve(endlessPages(playOci(store)));
    undo.push(() => server.close());
    const link = (await ask(server, "GET", "/v2/app/tags/list?n=5&last=v1")).headers.get("link");
    expect(link).toBe('</v2/app/tags/list?n=5&last=v1>; rel="next"');
  });

  it("with a login page for whatever is asked", async () => {
    const server = await play(new RegistryStore(), { guard: () => LOGIN_PAGE });
    const answer = await ask(server, "DELETE", `/v2/app/manifests/${digestOfNothing("here")}`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  });
});
