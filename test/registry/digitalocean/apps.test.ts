import { afterEach, describe, expect, test } from "vitest";
import { createDigitalOceanApi, type DigitalOceanApi } from "../../../src/registry/digitalocean/api.ts";
import { listAppImages } from "../../../src/registry/digitalocean/apps.ts";
import { type Bench, digestOf, openBench, REGISTRY, TOKEN } from "./bench.ts";

const opened: Bench[] = [];

async function bench(apps: readonly unknown[]): Promise<{ made: Bench; api: DigitalOceanApi }> {
  const made = await openBench({ behaviour: { apps } });
  opened.push(made);
  const { http, apiUrl } = made.options;
  return { made, api: createDigitalOceanApi({ http, apiUrl, token: TOKEN, registry: REGISTRY }) };
}

afterEach(async () => {
  for (const made of opened.splice(0)) await made.close();
});

async function imagesOf(...apps: readonly unknown[]): Promise<{ digests: string[]; tags: Record<string, string[]> }> {
  const { digests, tags } = await listAppImages((await bench(apps)).api);
  return {
    digests: [...digests],
    tags: Object.fromEntries([...tags].map(([repository, names]) => [repository, [...names].sort()])),
  };
}

const DOCR = { registry_type: "DOCR", repository: "web" };
const WEB = { web: ["v1"] };
const V1 = { image: { ...DOCR, tag: "v1" } };

describe("the images of apps", () => {
  test.each([
    ["a service's tag", { spec: { services: [V1] } }, WEB],
    ["a worker's tag", { spec: { workers: [V1] } }, WEB],
    ["a job's tag", { spec: { jobs: [V1] } }, WEB],
    ["a function's tag", { spec: { functions: [V1] } }, WEB],
    ["a static site's tag", { spec: { static_sites: [V1] } }, WEB],
    ["the active deployment's tag", { spec: {}, active_deployment: { spec: { services: [V1] } } }, WEB],
    ["the deployment in progress", { in_progress_deployment: { spec: { services: [V1] } } }, WEB],
    ["the pending deployment", { pending_deployment: { spec: { services: [V1] } } }, WEB],
    ["the pinned deployment", { pinned_deployment: { spec: { services: [V1] } } }, WEB],
    ["latest where there is no tag", { spec: { services: [{ image: DOCR }] } }, { web: ["latest"] }],
    ["latest where the tag is empty", { spec: { services: [{ image: { ...DOCR, tag: "" } }] } }, { web: ["latest"] }],
    ["an empty registry", { spec: { services: [{ image: { ...V1.image, registry: "" } }] } }, WEB],
    ["this registry's name", { spec: { services: [{ image: { ...V1.image, registry: REGISTRY } }] } }, WEB],
    ["not another registry of the team", { spec: { services: [{ image: { ...V1.image, registry: "other" } }] } }, {}],
    ["not Docker Hub's", { spec: { services: [{ image: { ...V1.image, registry_type: "DOCKER_HUB" } }] } }, {}],
    ["not what is built from source", { spec: { services: [{ github: { repo: "a/b" } }], databases: null } }, {}],
  ])("pin %s", async (_, app, tags) => {
    expect((await imagesOf(app)).tags).toEqual(tags);
  });

  test("pin a digest of a spec, and the one that a deployment resolved, without pinning latest", async () => {
    const spec = { services: [{ image: { ...DOCR, digest: digestOf("a") } }] };
    const active_deployment = { services: [{ name: "web", source_image_digest: digestOf("b") }] };
    expect(await imagesOf({ spec, active_deployment })).toEqual({
      digests: expect.arrayContaining([digestOf("a"), digestOf("b")]),
      tags: {},
    });
  });

  test("are read from every page", async () => {
    const apps = Array.from({ length: 450 }, (_, number) => ({
      spec: { services: [{ image: { ...DOCR, tag: `v${number}` } }] },
    }));
    const { made, api } = await bench(apps);
    expect((await listAppImages(api)).tags.get("web")?.size).toBe(450);
    expect(made.asked()).toHaveLength(3);
  });

  test("are an error where an image cannot be understood", async () => {
    await expect(imagesOf({ spec: { services: [{ image: { registry_type: "DOCR" } }] } })).rejects.toMatchObject({
      kind: "listing",
    });
  });

  test("are an error where fewer come than there are", async () => {
    const { made, api } = await bench([]);
    made.server.inject([{ kind: "reply", reply: { status: 200, body: { apps: [], meta: { total: 3 } } } }]);
    await expect(listAppImages(api)).rejects.toMatchObject({ kind: "listing" });
  });

  test("need the scope app:read", async () => {
    const { made, api } = await bench([]);
    made.behaviour.scopes = ["registry:read"];
    await expect(listAppImages(api)).rejects.toMatchObject({
      kind: "permission",
      remedy: expect.stringContaining("app:read"),
    });
  });
});
