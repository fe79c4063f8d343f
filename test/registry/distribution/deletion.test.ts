import { describe, expect, test } from "vitest";
import { digestOfNothing, pushImage } from "../../servers/content.ts";
import type { Reply } from "../../servers/http-server.ts";
import { ociError } from "../../servers/oci/answers.ts";
import { LOGIN_PAGE } from "../../servers/oci/quirks.ts";
import { LATER } from "../oci/setup.ts";
import { deletes, deletesReturn, setUp } from "./setup.ts";

const UNSUPPORTED = ociError(405, "UNSUPPORTED", "The operation is unsupported.");

describe("the deletion of a manifest", () => {
  test("deletes its tags", async () => {
    const { registry, store, digest } = await setUp();
    expect(await registry.delete("web", { digest }, LATER)).toEqual({ outcome: "deleted" });
    expect(store.tags("web")).toEqual([]);
  });

  test("sends no other request, but one for a tag of the first that has tags", async () => {
    const { registry, store, digest, requests } = await setUp();
    const others = ["a", "b"].map((seed) => pushImage(store, { repository: "web", seed, tags: [seed] }));
    const [first = digest, second = digest] = others;
    await registry.delete("web", { digest }, LATER);
    expect(requests()).toEqual([`DELETE /v2/web/manifests/${digest}`]);
    await registry.delete("web", { digest: first, tags: ["a", "pr-1"] }, LATER);
    expect(requests()).toEqual([`DELETE /v2/web/manifests/${first}`, "HEAD /v2/web/manifests/a"]);
    await registry.delete("web", { digest: second, tags: ["b"] }, LATER);
    expect(requests()).toEqual([`DELETE /v2/web/manifests/${second}`]);
  });

  test.each<[string, Reply]>([
    ["a login page with 200", LOGIN_PAGE],
    ["404", { status: 404, body: { errors: [{ code: "NAME_UNKNOWN" }] } }],
    ["500", { status: 500 }],
    ["400", { status: 400 }],
    ["400 DIGEST_INVALID", ociError(400, "DIGEST_INVALID", "provided digest did not match uploaded content")],
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

describe("a registry's policy", () => {
  test.each<[string, Reply, string]>([
    ["zot: listed by an index", ociError(405, "DENIED", "manifest is referenced"), "manifest is referenced"],
    ["Harbor: immutable tag", ociError(412, "PRECONDITION", "configured as immutable"), "configured as immutable"],
    ["Quay: immutable tag", ociError(409, "TAG_IMMUTABLE", "tag is immutable"), "tag is immutable"],
    ["Artifact Registry: tagged", ociError(400, "GOOGLE_MANIFEST_DANGLING_TAG", "is tagged"), "is tagged"],
    ["GitLab: protected tag", ociError(403, "DENIED", "the tag is protected"), "the tag is protected"],
    ["no message", { status: 409, body: {} }, "{}"],
  ])("keeps a manifest: %s", async (_what, reply, reason) => {
    const { registry, digest } = await setUp({ handler: deletesReturn(reply) });
    expect(await registry.delete("web", { digest }, LATER)).toEqual({ outcome: "refused", reason });
  });

  test("is not the reason of a 403 that says nothing of the image", async () => {
    const denied = ociError(403, "DENIED", "requested access to the resource is denied");
    const { registry, digest } = await setUp({ handler: deletesReturn(denied) });
    expect(await registry.delete("web", { digest }, LATER)).toMatchObject({ fault: { kind: "permission" } });
  });

  test.each<[string, Reply, string]>([
    ["405 UNSUPPORTED", UNSUPPORTED, "or it is a pull-through cache"],
    ["405 without JSON", { status: 405, body: "Method not allowed" }, "is read-only"],
  ])("is not the reason if every deletion returns %s: deletes are disabled", async (_what, reply, message) => {
    const { registry, digest } = await setUp({ handler: deletesReturn(reply) });
    await expect(registry.delete("web", { digest }, LATER)).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining(message),
    });
  });

  test("is the reason of 405 UNSUPPORTED after another deletion succeeded", async () => {
    const { registry, server, store, digest } = await setUp();
    const other = pushImage(store, { repository: "web", seed: "other", tags: ["other"] });
    await registry.delete("web", { digest: other }, LATER);
    server.inject(({ method }) => (method === "DELETE" ? { kind: "reply", reply: UNSUPPORTED } : null));
    const reason = "The operation is unsupported.";
    expect(await registry.delete("web", { digest }, LATER)).toEqual({ outcome: "refused", reason });
  });
});

describe("the deletion of a tag", () => {
  test("keeps its manifest, and compares its digest before and after", async () => {
    const { registry, store, digest, requests } = await setUp();
    expect(await registry.deleteTag("web", { tag: "pr-1", digest }, LATER)).toBe("deleted");
    const path = "/v2/web/manifests/pr-1";
    expect(requests()).toEqual([`HEAD ${path}`, `DELETE ${path}`, `HEAD ${path}`]);
    expect(store.tags("web")).toEqual(["main", "pr-2", "pr-3"]);
  });

  test("is not sent if the tag points to another manifest now", async () => {
    const setup = await setUp();
    const { registry, store, digest } = setup;
    const moved = pushImage(store, { repository: "web", seed: "moved", tags: ["pr-1"] });
    expect(await registry.deleteTag("web", { tag: "pr-1", digest }, LATER)).toBe("changed");
    expect(deletes(setup)).toEqual([]);
    expect(store.resolve("web", "pr-1")?.digest).toBe(moved);
  });

  test.each(["refused", "unsupported", "ignored"] as const)("that is %s is unsupported", async (tagDeletes) => {
    const { registry, store, digest } = await setUp({ behaviour: { tagDeletes } });
    expect(await registry.deleteTag("web", { tag: "pr-1", digest }, LATER)).toBe("unsupported");
    expect(store.tags("web")).toContain("pr-1");
  });

  test("finds a tag gone before it and after it", async () => {
    const { registry, store, digest } = await setUp();
    store.deleteTag("web", "pr-1");
    expect(await registry.deleteTag("web", { tag: "pr-1", digest }, LATER)).toBe("gone");
    expect(await registry.deleteTag("web", { tag: "pr-2", digest }, LATER)).toBe("deleted");
    expect(await registry.deleteTag("web", { tag: "pr-2", digest }, LATER)).toBe("gone");
  });

  test.each<[string, Reply]>([
    ["a login page with 200", LOGIN_PAGE],
    ["404", { status: 404, body: { errors: [{ code: "NAME_UNKNOWN" }] } }],
  ])("that returns %s is an error, because the tag still exists", async (_what, reply) => {
    const { registry, digest } = await setUp({ handler: deletesReturn(reply) });
    await expect(registry.deleteTag("web", { tag: "pr-1", digest }, LATER)).rejects.toMatchObject({
      name: "HttpError",
      message: expect.stringContaining("still exists"),
    });
  });
});

describe("tags that the registry keeps after their manifest was deleted", () => {
  const KEEPS = { behaviour: { tagsOfDeleted: "kept" } } as const;

  test("are deleted too", async () => {
    const { registry, store, digest } = await setUp(KEEPS);
    const tags = ["main", "pr-1", "pr-2", "pr-3"];
    expect(await registry.delete("web", { digest, tags }, LATER)).toEqual({ outcome: "deleted" });
    expect(store.tags("web")).toEqual([]);
  });

  test("are deleted if an earlier run deleted only the manifest", async () => {
    const { registry, store, digest } = await setUp(KEEPS);
    store.deleteManifest("web", digest, "kept");
    expect(await registry.delete("web", { digest, tags: ["main", "pr-1"] }, LATER)).toEqual({ outcome: "gone" });
    expect(store.tags("web")).toEqual(["pr-2", "pr-3"]);
  });

  test("are not deleted if they were pushed again", async () => {
    const setup = await setUp(KEEPS);
    const { registry, server, store, digest } = setup;
    server.inject(({ method, path }) => {
      if (method === "HEAD" && path.endsWith("/pr-1")) {
        pushImage(store, { repository: "web", seed: "web", tags: ["pr-1"] });
        pushImage(store, { repository: "web", seed: "other", tags: ["pr-2"] });
      }
      return null;
    });
    await registry.delete("web", { digest, tags: ["pr-1", "pr-2"] }, LATER);
    expect(deletes(setup)).toHaveLength(1);
    expect(store.tags("web")).toEqual(expect.arrayContaining(["pr-1", "pr-2"]));
  });

  test("are deleted from the second image on, if the request for the first fails", async () => {
    const { registry, server, store, digest } = await setUp(KEEPS);
    const other = pushImage(store, { repository: "web", seed: "other", tags: ["other"] });
    server.inject(({ method }) => (method === "HEAD" ? { kind: "reply", reply: { status: 401 } } : null));
    expect(await registry.delete("web", { digest, tags: ["main"] }, LATER)).toEqual({ outcome: "deleted" });
    server.inject([]);
    expect(await registry.delete("web", { digest: other, tags: ["other"] }, LATER)).toEqual({ outcome: "deleted" });
    expect(store.tags("web")).not.toContain("other");
  });

  test.each(["moved to another image", "is not deleted, because its image is protected"])(
    "are deleted from the second image on, if the first tag %s",
    async (what) => {
      const { registry, server, store, digest } = await setUp(KEEPS);
      const other = pushImage(store, { repository: "web", seed: "other", tags: ["other"] });
      if (what.startsWith("moved")) store.tag("web", "main", pushImage(store, { repository: "web", seed: "new" }));
      else server.inject([{ kind: "reply", reply: { status: 403 } }]);
      await registry.delete("web", { digest, tags: ["main"] }, LATER);
      expect(await registry.delete("web", { digest: other, tags: ["other"] }, LATER)).toEqual({ outcome: "deleted" });
      expect(store.tags("web")).not.toContain("other");
      expect(store.tags("web")).toContain("main");
    },
  );

  test("are an error that names one, if the registry does not delete tags", async () => {
    const { registry, digest } = await setUp({ behaviour: { ...KEEPS.behaviour, tagDeletes: "unsupported" } });
    await expect(registry.delete("web", { digest, tags: ["main"] }, LATER)).rejects.toMatchObject({
      kind: "deletion",
      message: expect.stringContaining("kept its tag main, which can still be pulled"),
    });
  });
});
