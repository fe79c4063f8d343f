import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { digestOfNothing, IMAGE, INDEX, pushImage, pushMultiArch } from "./content.ts";
import type { TestServer } from "./http-server.ts";
import { serveOci } from "./oci.ts";
import { basicAuth, TokenService } from "./oci-auth.ts";
import type { OciBehaviour } from "./oci-behaviour.ts";
import { hasSkopeo, skopeo } from "./skopeo.ts";
import { RegistryStore } from "./store.ts";

const LOGIN = { user: "robot", password: "se:cret" };

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

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "refsweep-oci-"));
  undo.push(() => rm(path, { recursive: true }));
  return path;
}

const guards = {
  "without authentication": { guard: undefined, login: [] },
  "with Basic": { guard: () => basicAuth(LOGIN), login: ["--creds", "robot:se:cret"] },
  "with Bearer tokens": {
    guard: () =>
      new TokenService({ accepts: (login) => login?.user === LOGIN.user && login.password === LOGIN.password }).guard(),
    login: ["--creds", "robot:se:cret"],
  },
} as const;

describe.skipIf(!hasSkopeo())("skopeo finds a registry here", () => {
  describe.each(Object.entries(guards))("%s", (_name, { guard, login }) => {
    const behaviour = (): OciBehaviour => (guard === undefined ? {} : { guard: guard() });
    const srcTls = [
      "--src-tls-verify=false",
      ...login.flatMap((word) => (word === "--creds" ? ["--src-creds"] : [word])),
    ];
    const destTls = [
      "--dest-tls-verify=false",
      ...login.flatMap((word) => (word === "--creds" ? ["--dest-creds"] : [word])),
    ];
    const tls = ["--tls-verify=false", ...login];

    it("that it pulls an index from and pushes it to, with all its children", async () => {
      const from = new RegistryStore();
      const { index, children } = pushMultiArch(from, {
        repository: "app",
        seed: "v1",
        tags: ["v1"],
        attestations: "with",
      });
      const source = await play(from, behaviour());
      const to = new RegistryStore();
      const destination = await play(to, behaviour());
      const dir = await directory();
      await skopeo("copy", "--all", ...srcTls, `docker://${source.url.host}/app:v1`, `dir:${dir}`);
      await skopeo("copy", "--all", ...destTls, `dir:${dir}`, `docker://${destination.url.host}/team/app:v1`);
      expect(to.resolve("team/app", "v1")?.digest).toBe(index);
      expect(
        to
          .manifests("team/app")
          .map(({ digest }) => digest)
          .sort(),
      ).toEqual([index, ...children].sort());
    });

    it("whose tags it lists, whose manifests it reads, and from which it deletes", async () => {
      const store = new RegistryStore();
      const old = pushImage(store, { repository: "team/app", seed: "old", tags: ["old", "older"] });
      const kept = pushImage(store, { repository: "team/app", seed: "new", tags: ["new"] });
      const { host } = (await play(store, behaviour())).url;
      expect(JSON.parse(await skopeo("list-tags", ...tls, `docker://${host}/team/app`))).toMatchObject({
        Tags: ["new", "old", "older"],
      });
      const raw = await skopeo("inspect", "--raw", ...tls, `docker://${host}/team/app:new`);
      expect(raw).toBe(store.resolve("team/app", kept)?.bytes.toString("utf8"));
      await skopeo("delete", ...tls, `docker://${host}/team/app:old`);
      expect(store.resolve("team/app", old)).toBeNull();
      expect(store.tags("team/app")).toEqual(["new"]);
    });
  });
});

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
