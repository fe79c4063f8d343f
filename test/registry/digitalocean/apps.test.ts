import { describe, expect, test } from "vitest";
import { refuse } from "../../servers/http-server.ts";
import { digestOf, type Fixture, openFixture, REGISTRY } from "./fixture.ts";

async function appImages({ registry }: Fixture) {
  const images = await registry.appImages?.();
  if (images === undefined) throw new Error("the registry does not report app images");
  return images;
}

async function imagesOf(...apps: readonly unknown[]): Promise<{ digests: string[]; tags: Record<string, string[]> }> {
  const { digests, tags } = await appImages(await openFixture({ behaviour: { apps } }));
  return {
    digests: [...digests],
    tags: Object.fromEntries([...tags].map(([repository, names]) => [repository, [...names].sort()])),
  };
}

const DOCR = { registry_type: "DOCR", repository: "web" };
const WEB = { web: ["v1"] };
const V1 = { image: { ...DOCR, tag: "v1" } };

describe("appImages", () => {
  test.each([
    ["a service's tag", { spec: { services: [V1] } }, WEB],
    ["a worker's tag", { spec: { workers: [V1] } }, WEB],
    ["a job's tag", { spec: { jobs: [V1] } }, WEB],
    ["a function's tag", { spec: { functions: [V1] } }, WEB],
    ["a static site's tag", { spec: { static_sites: [V1] } }, WEB],
    ["the active deployment's tag", { spec: {}, active_deployment: { spec: { services: [V1] } } }, WEB],
    ["the deployment in progress", { in_progress_deployment: { spec: { services: [V1] } } }, WEB],
    ["the pending deployment", { pending_deployment: { spec: { services: [V1] } } }, WEB],
    ["the pinned_deployment", { pinned_deployment: { spec: { services: [V1] } } }, WEB],
    ["latest if there is no tag", { spec: { services: [{ image: DOCR }] } }, { web: ["latest"] }],
    ["latest if the tag is empty", { spec: { services: [{ image: { ...DOCR, tag: "" } }] } }, { web: ["latest"] }],
    ["a tag with an empty registry", { spec: { services: [{ image: { ...V1.image, registry: "" } }] } }, WEB],
    ["a tag with this registry's name", { spec: { services: [{ image: { ...V1.image, registry: REGISTRY } }] } }, WEB],
    [
      "nothing of another registry of the team",
      { spec: { services: [{ image: { ...V1.image, registry: "other" } }] } },
      {},
    ],
    ["nothing of Docker Hub", { spec: { services: [{ image: { ...V1.image, registry_type: "DOCKER_HUB" } }] } }, {}],
    [
      "nothing of an app that is built from source",
      { spec: { services: [{ github: { repo: "a/b" } }], databases: null } },
      {},
    ],
  ])("returns %s", async (_, app, tags) => {
    expect((await imagesOf(app)).tags).toEqual(tags);
  });

  test("returns the digest of a spec and the one that a deployment resolved, but not latest", async () => {
    const spec = { services: [{ image: { ...DOCR, digest: digestOf("a") } }] };
    const active_deployment = { services: [{ name: "web", source_image_digest: digestOf("b") }] };
    expect(await imagesOf({ spec, active_deployment })).toEqual({
      digests: expect.arrayContaining([digestOf("a"), digestOf("b")]),
      tags: {},
    });
  });

  test("reads every page", async () => {
    const apps = Array.from({ length: 450 }, (_, number) => ({
      spec: { services: [{ image: { ...DOCR, tag: `v${number}` } }] },
    }));
    const fixture = await openFixture({ behaviour: { apps } });
    expect((await appImages(fixture)).tags.get("web")?.size).toBe(450);
    expect(fixture.requests()).toHaveLength(3);
  });

  test("throws if an image has an unknown shape", async () => {
    await expect(imagesOf({ spec: { services: [{ image: { registry_type: "DOCR" } }] } })).rejects.toMatchObject({
      kind: "listing",
    });
  });

  test("throws if fewer apps are listed than the total", async () => {
    const fixture = await openFixture();
    fixture.server.inject(() => refuse(200, {}, { apps: [], meta: { total: 3 } }));
    await expect(appImages(fixture)).rejects.toMatchObject({ kind: "listing" });
  });

  test("needs the scope app:read", async () => {
    const fixture = await openFixture({ behaviour: { scopes: ["registry:read"] } });
    await expect(appImages(fixture)).rejects.toMatchObject({
      kind: "permission",
      remedy: expect.stringContaining("app:read"),
    });
  });
});
