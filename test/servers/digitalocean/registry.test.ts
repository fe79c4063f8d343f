import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pushImage, pushMultiArch } from "../content.ts";
import { skopeo } from "../oci/skopeo.ts";
import { RegistryStore, referencesOf } from "../oci/store.ts";
import { needs } from "../tools.ts";
import { contentOf, type DigitalOceanRegistry, serveDigitalOceanRegistry } from "./registry.ts";

const TOKEN = "dop_v1_secret";

describe("skopeo with DigitalOcean's registry, whose token server is the API", needs("skopeo"), () => {
  let registry: DigitalOceanRegistry;
  const store = new RegistryStore();
  const { index } = pushMultiArch(store, { repository: "app", seed: "v1", tags: ["v1"] });

  beforeEach(async () => {
    registry = await serveDigitalOceanRegistry(store, { registry: "team", token: TOKEN });
  });
  afterEach(() => registry.close());

  it("reads an index with the token as user and password", async () => {
    const login = ["--tls-verify=false", "--creds", `${TOKEN}:${TOKEN}`];
    const raw = await skopeo("inspect", "--raw", ...login, `docker://${registry.address}/app:v1`);
    expect(raw).toBe(store.resolve("app", index)?.bytes.toString("utf8"));
    const requests = registry.api.requests.map(({ path }) => new URL(path, registry.api.apiUrl));
    expect(requests.map(({ pathname }) => pathname)).toEqual(["/v2/registry/auth"]);
    expect(requests[0]?.searchParams.getAll("scope")).toEqual(["repository:team/app:pull"]);
  });

  it.each(["wrong:wrong", `user:${TOKEN}`, `${TOKEN}:wrong`])("is rejected as %s", async (creds) => {
    const reading = skopeo(
      "inspect",
      "--raw",
      "--tls-verify=false",
      "--creds",
      creds,
      `docker://${registry.address}/app:v1`,
    );
    await expect(reading).rejects.toThrow(/unauthorized|authentication required/);
  });
});

describe("a garbage collection deletes", () => {
  function filled() {
    const store = new RegistryStore();
    const kept = pushImage(store, { repository: "app", seed: "kept", tags: ["main"] });
    const untagged = pushImage(store, { repository: "app", seed: "untagged", layerBytes: 3_000 });
    const deleted = pushImage(store, { repository: "app", seed: "deleted", tags: ["old"], layerBytes: 4_000 });
    const blobs = (digest: string) => {
      const manifest = store.resolve("app", digest);
      return manifest === null ? [] : referencesOf(manifest.bytes).blobs;
    };
    const images = { kept: blobs(kept), untagged: blobs(untagged), deleted: blobs(deleted) };
    store.deleteManifest("app", deleted);
    const complete = (name: keyof typeof images) => images[name].every(({ digest }) => store.blob(digest) !== null);
    return { store, complete };
  }

  it.each([
    ["unreferenced blobs only", { manifests: 2, complete: { kept: true, untagged: true, deleted: false } }],
    ["untagged manifests only", { manifests: 1, complete: { kept: true, untagged: true, deleted: true } }],
    [
      "untagged manifests and unreferenced blobs",
      { manifests: 1, complete: { kept: true, untagged: false, deleted: false } },
    ],
  ] as const)("%s", (type, expected) => {
    const { store, complete } = filled();
    const freed = contentOf(store).collect(type);
    expect(store.manifests("app")).toHaveLength(expected.manifests);
    expect({ kept: complete("kept"), untagged: complete("untagged"), deleted: complete("deleted") }).toEqual(
      expected.complete,
    );
    const images = [expected.complete.untagged, expected.complete.deleted].filter((isComplete) => !isComplete).length;
    expect(freed.blobs).toBe(images * 2);
    expect(freed.bytes > 0).toBe(images > 0);
  });
});
