import { describe, expect, test } from "vitest";
import type { RepositorySelection } from "../../../src/registry/registry.ts";
import { refuse } from "../../servers/http-server.ts";
import { digestOf, fill, image, index, NEVER, openFixture, REGISTRY } from "./fixture.ts";

const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const EMPTY = { mediaType: "application/vnd.oci.empty.v1+json", digest: digestOf("{}"), size: 2 };
const ALL: RepositorySelection = { names: null, literals: [], matches: () => true };

describe("delete", () => {
  test("sends one request, with the repository's `/` as %2F", async () => {
    const fixture = await openFixture();
    fill(fixture, "team/web", 1);
    const digest = digestOf("team/web 1");
    expect(await fixture.registry.delete("team/web", { digest }, NEVER)).toEqual({ outcome: "deleted" });
    expect(fixture.requests()).toEqual([`DELETE /v2/registries/${REGISTRY}/repositories/team%2Fweb/digests/${digest}`]);
    expect(fixture.content.manifests("team/web")).toEqual([]);
  });

  test("sends nothing after its `sendBy`", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 1);
    const target = { digest: digestOf("web 1") };
    const past = fixture.clock.now() - 1;
    await expect(fixture.registry.delete("web", target, past)).rejects.toMatchObject({ code: "expired" });
    await expect(fixture.registry.deleteTag("web", { ...target, tag: "main" }, past)).rejects.toMatchObject({
      code: "expired",
    });
    expect(fixture.requests()).toEqual([]);
  });

  test("is `gone` for a 404 if the repository can be read, which is checked once", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 1);
    await fixture.registry.repositories(ALL);
    fixture.requests();
    for (const digest of ["x", "y", "z"].map(digestOf)) {
      expect(await fixture.registry.delete("web", { digest }, NEVER)).toEqual({ outcome: "gone" });
    }
    const requests = fixture.requests();
    expect(requests.filter((line) => line.startsWith("GET"))).toHaveLength(1);
    expect(requests).toHaveLength(4);
  });

  test.each(["digest", "tag"])("throws HttpError for a 404 if the %s can still be read", async (kind) => {
    const fixture = await openFixture();
    const body = JSON.stringify({ schemaVersion: 2, mediaType: IMAGE, config: EMPTY, layers: [] });
    const digest = digestOf(body);
    fixture.content.push("web", image("kept", { tags: ["main"] }));
    fixture.oci.inject(() => refuse(200, { "content-type": IMAGE, "docker-content-digest": digest }, body));
    const deletion =
      kind === "tag"
        ? fixture.registry.deleteTag("web", { tag: "pr-1", digest }, NEVER)
        : fixture.registry.delete("web", { digest }, NEVER);
    await expect(deletion).rejects.toMatchObject({
      name: "HttpError",
      status: 404,
      retryable: false,
      message: expect.stringContaining("but the manifest still exists"),
    });
  });

  test("throws for a 404 if the repository returns 404 too", async () => {
    const fixture = await openFixture();
    const target = { digest: digestOf("x") };
    await expect(fixture.registry.delete("web", target, NEVER)).rejects.toMatchObject({ kind: "deletion" });
    fill(fixture, "web", 1);
    expect(await fixture.registry.delete("web", target, NEVER)).toEqual({ outcome: "gone" });
  });

  test.each([405, 409, 412, 422])(
    "throws HttpError with the API's message for %i, after one request",
    async (status) => {
      const fixture = await openFixture();
      fixture.server.inject(() => refuse(status, {}, { id: "x", message: "not this one" }));
      await expect(fixture.registry.delete("web", { digest: digestOf("x") }, NEVER)).rejects.toMatchObject({
        name: "HttpError",
        status,
        detail: expect.stringContaining("not this one"),
      });
      const requests = fixture.requests();
      expect(requests.filter((line) => line.startsWith("DELETE"))).toHaveLength(1);
      // Whether a garbage collection is the reason.
      expect(requests.slice(1)).toEqual([`GET /v2/registries/${REGISTRY}/garbage-collection`]);
    },
  );

  test.each([
    ["the API deletes it", null],
    ["the API refuses until its parent is deleted", 409],
  ] as const)("deletes an index's child if %s", async (_, childRefusal) => {
    const fixture = await openFixture({ behaviour: { childRefusal } });
    fixture.content.push("web", image("child"));
    fixture.content.push("web", index("index", [digestOf("child")]));
    const child = { digest: digestOf("child") };
    if (childRefusal !== null) {
      await expect(fixture.registry.delete("web", child, NEVER)).rejects.toMatchObject({ status: childRefusal });
      await fixture.registry.delete("web", { digest: digestOf("index") }, NEVER);
    }
    expect(await fixture.registry.delete("web", child, NEVER)).toEqual({ outcome: "deleted" });
  });

  test.each([429, 500, 503])("is not repeated after %i", async (status) => {
    const fixture = await openFixture();
    fill(fixture, "web", 1);
    fixture.server.inject([refuse(status, { "retry-after": "1" })]);
    await expect(fixture.registry.delete("web", { digest: digestOf("web 1") }, NEVER)).rejects.toMatchObject({
      name: "HttpError",
      status,
      retryable: true,
    });
    expect(fixture.requests().filter((line) => line.startsWith("DELETE"))).toHaveLength(1);
    expect(fixture.content.manifests("web")).toHaveLength(1);
  });

  test("is not repeated if its response is lost", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 2);
    fixture.server.inject([{ kind: "reset after" }]);
    await expect(fixture.registry.delete("web", { digest: digestOf("web 1") }, NEVER)).rejects.toMatchObject({
      name: "HttpError",
      code: "network",
    });
    expect(fixture.requests()).toHaveLength(1);
  });
});

test("deleteTag keeps the manifest", async () => {
  const fixture = await openFixture();
  fixture.content.push("web", image("a", { tags: ["pr-1", "main"] }));
  expect(await fixture.registry.deleteTag("web", { tag: "pr-1", digest: digestOf("a") }, NEVER)).toBe("deleted");
  expect(fixture.content.manifests("web")?.[0]?.tags).toEqual(["main"]);
  expect(await fixture.registry.deleteTag("web", { tag: "pr-1", digest: digestOf("a") }, NEVER)).toBe("gone");
});

describe("permissions", () => {
  test("every operation reports a rejected token, after one request", async () => {
    const fixture = await openFixture({ settings: { credential: { username: "", secret: "expired" } } });
    const { registry } = fixture;
    const operations = [
      () => registry.repositories(ALL),
      () => registry.list("web"),
      () => registry.delete("web", { digest: digestOf("x") }, NEVER),
      () => registry.deleteTag("web", { tag: "x", digest: digestOf("x") }, NEVER),
      () => registry.prepareDeletion("web"),
      () => registry.collectGarbage(),
    ];
    for (const operation of operations) {
      await expect(operation()).rejects.toMatchObject({
        kind: "permission",
        message: expect.stringContaining("rejected the token"),
      });
    }
    expect(fixture.requests()).toHaveLength(operations.length);
  });

  test("delete reports a missing scope, and is not `gone`", async () => {
    const fixture = await openFixture({ behaviour: { scopes: ["registry:read"] } });
    fill(fixture, "web", 1);
    expect(await fixture.registry.delete("web", { digest: digestOf("web 1") }, NEVER)).toMatchObject({
      outcome: "forbidden",
      fault: { kind: "permission", remedy: expect.stringContaining("registry:delete") },
    });
    expect(fixture.requests().filter((line) => line.startsWith("DELETE"))).toHaveLength(1);
  });

  test("the error names the missing scope", async () => {
    const { registry } = await openFixture({ behaviour: { scopes: [] } });
    await expect(registry.list("web")).rejects.toMatchObject({ remedy: expect.stringContaining("registry:read") });
    await expect(registry.deleteTag("web", { tag: "x", digest: digestOf("x") }, NEVER)).rejects.toMatchObject({
      remedy: expect.stringContaining("registry:delete"),
    });
    await expect(registry.collectGarbage()).rejects.toMatchObject({
      kind: "permission",
      remedy: expect.stringContaining("registry:update"),
    });
  });

  test("no error contains the token", async () => {
    const { registry } = await openFixture({ behaviour: { scopes: [] } });
    const error: unknown = await registry.list("web").catch((caught: unknown) => caught);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("dop_v1_secret");
  });

  test("opening throws if there is no credential", async () => {
    await expect(openFixture({ settings: { credential: null } })).rejects.toMatchObject({ kind: "input" });
  });
});
