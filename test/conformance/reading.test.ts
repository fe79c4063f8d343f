import { describe, expect, test } from "vitest";
import { selectRepositories } from "../../src/inputs/select-repositories.ts";
import { digestOfNothing } from "../servers/content.ts";
import { refuse } from "../servers/http-server.ts";
import { PAGE_SIZE } from "./adapter.ts";
import { ADAPTERS } from "./adapters.ts";
import { openRegistry } from "./open-registry.ts";

const PUSHED_AT = Date.UTC(2026, 9, 5, 10, 30);
const permission = expect.objectContaining({ kind: "permission" });

describe.each(ADAPTERS.map((adapter) => ({ name: adapter.name, adapter })))("$name", ({ adapter }) => {
  describe("repositories", () => {
    test("are those that the pattern matches", async () => {
      const { registry, server } = await openRegistry(adapter, { "repository-pattern": "web" });
      for (const repository of ["web", "api", "web/worker"])
        server.pushImage(repository, { seed: "a", tags: ["main"] });
      expect(await registry.repositories(selectRepositories(["web"]))).toEqual({ matching: ["web"], existing: [] });
    });

    test("that do not exist are an error", async () => {
      const { registry, server } = await openRegistry(adapter);
      server.pushImage("web", { seed: "a", tags: ["main"] });
      await expect(registry.repositories(selectRepositories(["wbe"]))).rejects.toMatchObject({
        kind: "registry",
        message: expect.stringContaining("wbe"),
      });
    });
  });

  test("a repository whose check or list fails does not stop another one", async () => {
    const { registry, server, inject } = await openRegistry(adapter);
    for (const repository of ["api", "web"]) server.pushImage(repository, { seed: "a", tags: ["main"] });
    inject(({ path }) => (/(?:\/|%2F)api(?:\/|$)/.test(path) ? refuse(500) : null));
    const { matching } = await registry.repositories(selectRepositories(["api", "web"]));
    expect(matching).toEqual(["api", "web"]);
    await expect(registry.list("api")).rejects.toMatchObject({ name: "HttpError", status: 500 });
    expect((await registry.list("web")).manifests).toHaveLength(1);
  });

  describe("a list", () => {
    test("has every manifest with its tags, untagged ones and push times as declared", async () => {
      const { provider, registry, server } = await openRegistry(adapter);
      const main = server.pushImage("web", { seed: "main", tags: ["main", "v1.0.0"], pushedAt: PUSHED_AT });
      const branch = server.pushImage("web", { seed: "branch", tags: ["feature-login"], pushedAt: PUSHED_AT });
      const untagged = server.pushImage("web", { seed: "untagged", pushedAt: PUSHED_AT });
      server.pushImage("api", { seed: "other", tags: ["main"] });
      const { listsUntagged, listsPushTimes } = provider.capabilities;
      const pushedAt = listsPushTimes ? PUSHED_AT : null;

      const { manifests } = await registry.list("web");

      const found = manifests.map((manifest) => ({ ...manifest, tags: manifest.tags.toSorted() }));
      const wanted = [
        { digest: main, tags: ["main", "v1.0.0"], pushedAt },
        { digest: branch, tags: ["feature-login"], pushedAt },
        ...(listsUntagged ? [{ digest: untagged, tags: [], pushedAt }] : []),
      ];
      expect(found).toHaveLength(wanted.length);
      for (const manifest of wanted) expect(found).toContainEqual(expect.objectContaining(manifest));
    });

    test("has the manifests of all pages, each once", async () => {
      const { registry, server, requests } = await openRegistry(adapter);
      const digests = Array.from({ length: 2 * PAGE_SIZE + 2 }, (_, number) =>
        server.pushImage("web", { seed: `image ${number}`, tags: [`tag-${number}`] }),
      );
      const { manifests } = await registry.list("web");
      expect(manifests.map(({ digest }) => digest).sort()).toEqual(digests.sort());
      expect(requests().length).toBeGreaterThan(1);
    });

    test("that changes once while it is read has every manifest that exists throughout, each once", async () => {
      const { registry, server } = await openRegistry(adapter);
      const digests = Array.from({ length: 2 * PAGE_SIZE }, (_, number) =>
        server.pushImage("web", { seed: `image ${number}`, tags: [`tag-${number}`] }),
      );
      server.beforePage((page) => {
        if (page === 2) server.pushImage("web", { seed: "pushed meanwhile", tags: ["a-first-tag"] });
      });
      const found = (await registry.list("web")).manifests.map(({ digest }) => digest);
      expect(found).toEqual(expect.arrayContaining(digests));
      expect(new Set(found).size).toBe(found.length);
    });

    test("that keeps changing is complete, or an error", async () => {
      const { registry, server } = await openRegistry(adapter);
      const digests = Array.from({ length: 2 * PAGE_SIZE }, (_, number) =>
        server.pushImage("web", { seed: `image ${number}`, tags: [`tag-${number}`] }),
      );
      server.beforePage((page) => server.pushImage("web", { seed: `new ${page}`, tags: [`a-${page}`] }));
      const found = await registry.list("web").catch((error: unknown) => error);
      if (found instanceof Error) expect(found).toMatchObject({ name: "Fault", kind: "listing" });
      else expect(found).toMatchObject({ manifests: { length: expect.any(Number) } });
      if (found instanceof Error) return;
      const listedDigests = (await registry.list("web")).manifests.map(({ digest }) => digest);
      expect(listedDigests).toEqual(expect.arrayContaining(digests));
    });

    test.each([401, 403])("that is refused with %i is an error about permission", async (status) => {
      const { registry, server, inject } = await openRegistry(adapter);
      server.pushImage("web", { seed: "a", tags: ["main"] });
      inject(() => refuse(status));
      await expect(registry.list("web")).rejects.toEqual(permission);
    });

    test("with a request that fails is an error", async () => {
      const { registry, server, requests, inject } = await openRegistry(adapter);
      for (let number = 0; number < 2 * PAGE_SIZE; number += 1) {
        server.pushImage("web", { seed: `image ${number}`, tags: [`tag-${number}`] });
      }
      await registry.list("web");
      const before = requests().length;
      await registry.list("web");
      const [first, ...others] = new Set(requests().slice(before));
      for (const failing of [first, others.at(-1)]) {
        inject(({ method, path }) => (`${method} ${path}` === failing ? refuse(500) : null));
        await expect(registry.list("web")).rejects.toMatchObject({ name: "HttpError", status: 500 });
      }
    });
  });

  describe("a manifest", () => {
    test("is read by digest, once", async () => {
      const { registry, server, requests } = await openRegistry(adapter);
      const image = server.pushImage("web", { seed: "a" });
      const index = server.pushIndex("web", { seed: "index", children: [image], tags: ["main"] });
      expect(await registry.read("web", image)).toMatchObject({ kind: "image", children: [], subject: null });
      expect(await registry.read("web", index)).toMatchObject({ kind: "index", children: [{ digest: image }] });
      const before = requests().length;
      await Promise.all([registry.read("web", image), registry.read("web", index)]);
      expect(requests()).toHaveLength(before);
    });

    test("shows its subject", async () => {
      const { registry, server } = await openRegistry(adapter);
      const subject = server.pushImage("web", { seed: "a", tags: ["main"] });
      const referrer = server.pushImage("web", { seed: "signature", subject });
      expect(await registry.read("web", referrer)).toMatchObject({ subject });
    });

    test("that does not exist is missing", async () => {
      const { registry, server } = await openRegistry(adapter);
      server.pushImage("web", { seed: "a", tags: ["main"] });
      expect(await registry.read("web", digestOfNothing("missing"))).toBe("missing");
    });

    test.each([401, 403])("that is refused with %i is an error about permission", async (status) => {
      const { registry, server, inject } = await openRegistry(adapter);
      const digest = server.pushImage("web", { seed: "a", tags: ["main"] });
      inject(() => refuse(status));
      await expect(registry.read("web", digest)).rejects.toEqual(permission);
    });
  });

  test("referrers of untagged manifests are found by the API, if lists do not show untagged manifests", async () => {
    const { provider, registry, server } = await openRegistry(adapter);
    if (provider.capabilities.listsUntagged) return;
    const subject = server.pushImage("web", { seed: "a", tags: ["main"] });
    const referrer = server.pushImage("web", { seed: "signature", subject });
    expect(await registry.referrers("web", subject)).toEqual(adapter.hasReferrersApi === true ? [referrer] : null);
  });
});
