import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pushImage, pushMultiArch } from "../content.ts";
import { hasSkopeo, skopeo } from "../oci/skopeo.ts";
import { RegistryStore, referencesOf } from "../oci/store.ts";
import { contentOf, type DigitalOceanRegistry, serveDigitalOceanRegistry } from "./registry.ts";

const TOKEN = "dop_v1_secret";

describe.skipIf(!hasSkopeo())(
  "skopeo (skipped where it is not installed) at DigitalOcean's registry, whose realm is at the API",
  () => {
    let registry: DigitalOceanRegistry;
    const store = new RegistryStore();
    const { index } = pushMultiArch(store, { repository: "app", seed: "v1", tags: ["v1"] });

    beforeEach(async () => {
      registry = await serveDigitalOceanRegistry(store, { registry: "team", token: TOKEN });
    });
    afterEach(() => registry.close());

    it("reads an index with the token as user and as password", async () => {
      const login = ["--tls-verify=false", "--creds", `${TOKEN}:${TOKEN}`];
      const raw = await skopeo("inspect", "--raw", ...login, `docker://${registry.address}/app:v1`);
      expect(raw).toBe(store.resolve("app", index)?.bytes.toString("utf8"));
      const asked = registry.api.requests.map(({ path }) => new URL(path, registry.api.apiUrl));
      expect(asked.map(({ pathname }) => pathname)).toEqual(["/v2/registry/auth"]);
      expect(asked[0]?.searchParams.getAll("scope")).toEqual(["repository:team/app:pull"]);
    });

    it.each(["wrong:wrong", `user:${TOKEN}`, `${TOKEN}:wrong`])("is refused as %s", async (creds) => {
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
  },
);

describe("a collection really removes", () => {
  function filled() {
    const store = new RegistryStore();
    const kept = pushImage(store, { repository: "app", seed: "kept", tags: ["main"] });
    const untagged = pushImage(store, { repository: "app", seed: "untagged", layerBytes: 3_000 });
    const gone = pushImage(store, { repository: "app", seed: "gone", tags: ["old"], layerBytes: 4_000 });
    const blobs = (digest: string) => {
      const manifest = store.resolve("app", digest);
      return manifest === null ? [] : referencesOf(manifest.bytes).blobs;
    };
    const held = { kept: blobs(kept), untagged: blobs(untagged), gone: blobs(gone) };
    store.deleteManifest("app", gone);
    const whole = (name: keyof typeof held) => held[name].every(({ digest }) => store.blob(digest) !== null);
    return { store, whole };
  }

  it.each([
    ["unreferenced blobs only", { manifests: 2, whole: { kept: true, untagged: true, gone: false } }],
    ["untagged manifests only", { manifests: 1, whole: { kept: true, untagged: true, gone: true } }],
    [
      "untagged manifests and unreferenced blobs",
      { manifests: 1, whole: { kept: true, untagged: false, gone: false } },
    ],
  ] as const)("%s", (type, left) => {
    const { store, whole } = filled();
    const freed = contentOf(store).collect(type);
    expect(store.manifests("app")).toHaveLength(left.manifests);
    expect({ kept: whole("kept"), untagged: whole("untagged"), gone: whole("gone") }).toEqual(left.whole);
    const images = [left.whole.untagged, left.whole.gone].filter((there) => !there).length;
    expect(freed.blobs).toBe(images * 2);
    expect(freed.bytes > 0).toBe(images > 0);
  });
});
