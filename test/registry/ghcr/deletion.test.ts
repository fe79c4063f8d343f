import { describe, expect, test } from "vitest";
import { HttpError } from "../../../src/http/errors.ts";
import { refuse } from "../../servers/http-server.ts";
import { deleteElsewhere, type FixtureOptions, NEVER, openFixture, PACKAGES, targetOf } from "./fixture.ts";

/** A package with an image to keep, one with too many downloads, and an old one. */
async function openPackage(options: FixtureOptions = {}) {
  const fixture = await openFixture(options);
  const { packages } = fixture.server;
  const kept = packages.pushImage("web", "kept", { tags: ["latest"] });
  const popular = packages.pushImage("web", "popular", { tags: ["v1"], downloads: 5001 });
  const old = packages.pushImage("web", "old", { tags: ["pr-1"] });
  const listing = await fixture.registry.list("web");
  fixture.requests();
  const { registry } = fixture;
  const target = { kept: targetOf(listing, kept), popular: targetOf(listing, popular), old: targetOf(listing, old) };
  return { fixture, registry, packages, target };
}

const SECONDARY_LIMIT = { message: "You have exceeded a secondary rate limit." };

describe("delete", () => {
  test("deletes by version id", async () => {
    const { fixture, registry, packages, target } = await openPackage();
    expect(await registry.delete("web", target.old, NEVER)).toEqual({ outcome: "deleted" });
    expect(fixture.requests()).toEqual([`DELETE ${PACKAGES}/container/web/versions/${target.old.versionId}`]);
    expect(packages.find("web", "pr-1")).toBeNull();
  });

  test("throws without a version id, and sends nothing", async () => {
    const { fixture, registry, target } = await openPackage();
    const { digest } = target.old;
    await expect(registry.delete("web", { digest }, NEVER)).rejects.toMatchObject({ kind: "deletion" });
    expect(fixture.requests()).toEqual([]);
  });

  test("sends nothing after its `sendBy`", async () => {
    const { fixture, registry, target } = await openPackage();
    const past = fixture.clock.now() - 1;
    await expect(registry.delete("web", target.old, past)).rejects.toMatchObject({ code: "expired" });
    expect(fixture.requests()).toEqual([]);
  });

  test("is `gone` for a 404 if the package can be read, which is checked once", async () => {
    const { fixture, registry, target } = await openPackage();
    await registry.delete("web", target.old, NEVER);
    fixture.requests();
    for (const _ of "abc") expect(await registry.delete("web", target.old, NEVER)).toEqual({ outcome: "gone" });
    const version = `GET ${PACKAGES}/container/web/versions/${target.old.versionId}`;
    expect(fixture.requests().filter((line) => line.startsWith("GET"))).toEqual([
      version,
      `GET ${PACKAGES}/container/web`,
      version,
      version,
    ]);
  });

  test("throws for a 404 if the token may not read the package", async () => {
    const { fixture, registry, target } = await openPackage();
    fixture.server.behaviour.role = "none";
    await expect(registry.delete("web", target.old, NEVER)).rejects.toMatchObject({ kind: "permission" });
  });

  test("throws for a 404 if the version still exists", async () => {
    const behaviour = { role: "read", deletionRefusal: 404 } as const;
    const { registry, packages, target } = await openPackage({ behaviour });
    expect(await registry.delete("web", target.old, NEVER)).toMatchObject({
      outcome: "forbidden",
      fault: {
        kind: "permission",
        message: expect.stringContaining(`Acme/web@${target.old.digest} still exists`),
        remedy: expect.stringContaining("role Admin"),
      },
    });
    expect(packages.find("web", "pr-1")).not.toBeNull();
  });

  test("throws HttpError for a 404 if the manifest can still be read", async () => {
    const { fixture, registry, target } = await openPackage();
    fixture.server.api.inject(({ path }) => (path.endsWith(`/versions/${target.old.versionId}`) ? refuse(404) : null));
    await expect(registry.delete("web", target.old, NEVER)).rejects.toMatchObject({
      name: "HttpError",
      status: 404,
      retryable: false,
      message: expect.stringContaining("but the manifest still exists"),
    });
  });

  test("throws if the role Admin is missing, with both permissions in the remedy", async () => {
    const { fixture, registry, target } = await openPackage({ behaviour: { role: "read" } });
    expect(await registry.delete("web", target.old, NEVER)).toMatchObject({
      outcome: "forbidden",
      fault: { kind: "permission", remedy: expect.stringMatching(/packages: write.*Admin.*Manage Actions access/) },
    });
    expect(fixture.requests()).toHaveLength(1);
  });

  test("is `refused` with GitHub's message for many downloads and for the last tagged version", async () => {
    const { fixture, registry, target } = await openPackage();
    expect(await registry.delete("web", target.popular, NEVER)).toEqual({
      outcome: "refused",
      reason: expect.stringMatching(/^Publicly visible package versions with more than 5000 downloads/),
    });
    await registry.delete("web", target.old, NEVER);
    deleteElsewhere(fixture, "v1");
    expect(await registry.delete("web", target.kept, NEVER)).toEqual({
      outcome: "refused",
      reason: expect.stringMatching(/^You cannot delete the last tagged version/),
    });
  });

  test.each([
    ["another message", { message: "Invalid request." }],
    ["a proxy's page", "<html>Bad Request</html>"],
  ])("throws for a 400 with %s", async (_, body) => {
    const { fixture, registry, target } = await openPackage();
    fixture.server.api.inject([refuse(400, {}, body)]);
    await expect(registry.delete("web", target.old, NEVER)).rejects.toMatchObject({ name: "HttpError", status: 400 });
  });

  test("is not repeated if its response is lost", async () => {
    const { fixture, registry, target } = await openPackage();
    fixture.server.api.inject([{ kind: "reset after" }]);
    await expect(registry.delete("web", target.old, NEVER)).rejects.toMatchObject({ code: "network" });
    expect(fixture.requests()).toHaveLength(1);
  });
});

describe("delete at a rate limit", () => {
  test.each([403, 429])("throws HttpError for a secondary limit (%i), and is not repeated", async (status) => {
    const { fixture, registry, packages, target } = await openPackage();
    fixture.server.api.inject([refuse(status, { "retry-after": "60" }, SECONDARY_LIMIT)]);
    const error: unknown = await registry.delete("web", target.old, NEVER).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({ status, retryable: true });
    expect(fixture.requests()).toHaveLength(1);
    expect(packages.find("web", "pr-1")).not.toBeNull();
  });

  test("makes the next deletion wait, and slows down the ones after it", async () => {
    const { fixture, registry, target } = await openPackage();
    const { clock } = fixture;
    fixture.server.api.inject([refuse(429, { "retry-after": "60" }, SECONDARY_LIMIT)]);
    await expect(registry.delete("web", target.old, NEVER)).rejects.toBeInstanceOf(HttpError);
    const start = clock.now();
    expect(await registry.delete("web", target.old, NEVER)).toEqual({ outcome: "deleted" });
    expect(clock.now() - start).toBeGreaterThanOrEqual(60_000);
    const slow = clock.now();
    for (const _ of "abcde") await registry.delete("web", target.popular, NEVER);
    expect(clock.now() - slow).toBeGreaterThanOrEqual(5_000);
  });

  test("is `expired` if the limit lasts longer than its `sendBy`", async () => {
    const { fixture, registry, target } = await openPackage();
    fixture.server.api.inject([refuse(429, { "retry-after": "60" }, SECONDARY_LIMIT)]);
    await expect(registry.delete("web", target.old, NEVER)).rejects.toBeInstanceOf(HttpError);
    fixture.requests();
    const sendBy = fixture.clock.now() + 30_000;
    await expect(registry.delete("web", target.old, sendBy)).rejects.toMatchObject({ code: "expired" });
    expect(fixture.requests()).toEqual([]);
  });

  test("is not a permission error if the limit never ends", async () => {
    const { fixture, registry, target } = await openPackage();
    fixture.server.api.inject(() => refuse(403, { "retry-after": "1" }, SECONDARY_LIMIT));
    await expect(registry.delete("web", target.old, NEVER)).rejects.toBeInstanceOf(HttpError);
  });
});
