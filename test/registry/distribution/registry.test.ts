import { describe, expect, test } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import { selectRepositories } from "../../../src/inputs/select-repositories.ts";
import type { GcContext } from "../../../src/registry/distribution/gc-command.ts";
import { IMAGE, INDEX, pushImage, pushIndex, pushReferrer } from "../../servers/content.ts";
import { type Handler, refuse, type ServerFault } from "../../servers/http-server.ts";
import { type RegistryStore, sha256 } from "../../servers/oci/store.ts";
import { LATER } from "../oci/setup.ts";
import { deletes, deletesReturn, failDeletes, type RegistrySetup, SUCCEEDED, setUp } from "./setup.ts";

describe("without a catalog", () => {
  const catalogReturns =
    (status: number) =>
    (registry: Handler): Handler =>
    (request) =>
      request.path.startsWith("/v2/_catalog") ? { status, body: { errors: [] } } : registry(request);

  test.each([401, 403, 404])("the names without a wildcard that are not excluded are used (%i)", async (status) => {
    const { registry, store } = await setUp({ handler: catalogReturns(status), credential: null });
    pushImage(store, { repository: "frozen", seed: "frozen", tags: ["pr-1"] });
    const { matching } = await registry.repositories(selectRepositories(["web", "frozen", "!fr*"]));
    expect(matching).toEqual(["web"]);
  });

  test("the refusal is an error if all names are excluded", async () => {
    const { registry } = await setUp({ handler: catalogReturns(403) });
    await expect(registry.repositories(selectRepositories(["web", "!web"]))).rejects.toMatchObject({
      kind: "permission",
    });
  });
});

describe("the check whether deletes are enabled", () => {
  test.each<[string, ServerFault]>([
    ["429", refuse(429, { "retry-after": "1" })],
    ["503", refuse(503)],
    ["a lost connection", { kind: "reset before" }],
  ])("is repeated after %s", async (_what, fault) => {
    const setup = await setUp();
    failDeletes(setup, fault, 1);
    await setup.registry.prepareDeletion("web");
    await setup.registry.prepareDeletion("api");
    expect(deletes(setup)).toHaveLength(2);
  });

  test("fails after 4 attempts, and is made again for the next repository", async () => {
    const setup = await setUp();
    failDeletes(setup, refuse(503), 4);
    await expect(setup.registry.prepareDeletion("web")).rejects.toMatchObject({ name: "HttpError", status: 503 });
    await setup.registry.prepareDeletion("api");
    expect(deletes(setup).map((line) => line.split("/")[2])).toEqual(["web", "web", "web", "web", "api"]);
  });

  test("is not repeated if the registry refuses it", async () => {
    const setup = await setUp({ handler: deletesReturn({ status: 405, body: { errors: [{ code: "UNSUPPORTED" }] } }) });
    await expect(setup.registry.prepareDeletion("web")).rejects.toMatchObject({ kind: "registry" });
    expect(deletes(setup)).toHaveLength(1);
  });
});

describe("the creation time of an index", () => {
  const pushBlob = (store: RegistryStore, type: string, text: string) => {
    const bytes = Buffer.from(text);
    return { mediaType: type, digest: store.putBlob(bytes), size: bytes.length };
  };

  /** Pushes an image with a creation time and a layer of `layerType`. */
  function pushCreated(store: RegistryStore, created: string, layerType: string): { digest: Digest; entry: object } {
    const config = pushBlob(store, "application/vnd.oci.image.config.v1+json", JSON.stringify({ created }));
    const layers = [pushBlob(store, layerType, created)];
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: IMAGE, config, layers }));
    const digest = sha256(bytes);
    store.putManifest("web", digest, bytes, IMAGE);
    return { digest, entry: { mediaType: IMAGE, digest, size: bytes.length } };
  }

  test("is that of its newest image, without attestations", async () => {
    const { registry, store } = await setUp();
    const layer = "application/vnd.oci.image.layer.v1.tar+gzip";
    const children = [
      pushCreated(store, "2026-01-01T00:00:00Z", layer),
      pushCreated(store, "2026-02-01T00:00:00Z", layer),
      pushCreated(store, "2026-03-01T00:00:00Z", "application/vnd.in-toto+json"),
    ];
    const index = { schemaVersion: 2, mediaType: INDEX, manifests: children.map(({ entry }) => entry) };
    const bytes = Buffer.from(JSON.stringify(index));
    store.putManifest("web", "v1", bytes, INDEX);
    expect(await registry.createdAt("web", sha256(bytes))).toBe(Date.parse("2026-02-01T00:00:00Z"));
  });
});

describe("the context of a garbage collection", () => {
  /** Collects garbage, and returns the index or referrer that the registry finds. */
  async function findInRegistry(fill: (setup: RegistrySetup) => void): Promise<string | null> {
    let found: string | null = null;
    const setup = await setUp({}, async (context: GcContext) => {
      found = await context.findIndexOrReferrer();
      return SUCCEEDED;
    });
    fill(setup);
    await setup.registry.list("web");
    await setup.registry.collectGarbage();
    return found;
  }

  test("has no index or referrer in a registry of images", async () => {
    expect(await findInRegistry(() => undefined)).toBeNull();
  });

  test("has the indexes of listed repositories", async () => {
    const found = await findInRegistry(({ store, digest }) =>
      pushIndex(store, { repository: "web", tags: ["v1"], children: [digest] }),
    );
    expect(found).toMatch(/^web@sha256:/);
  });

  test("has the indexes of other repositories", async () => {
    const found = await findInRegistry(({ store, digest }) =>
      pushIndex(store, { repository: "other/app", tags: ["v1"], children: [digest] }),
    );
    expect(found).toMatch(/^other\/app@sha256:/);
  });

  test("has referrers", async () => {
    const found = await findInRegistry(({ store, digest }) => {
      const signature = pushReferrer(store, {
        repository: "other",
        subject: digest,
        artifactType: "application/x-signature",
        by: "subject",
      });
      store.tag("other", "signature", signature);
    });
    expect(found).toMatch(/^other@sha256:/);
  });

  test("has no deleted index", async () => {
    let found: string | null = "not started";
    const { registry, store, digest } = await setUp({}, async (context: GcContext) => {
      found = await context.findIndexOrReferrer();
      return SUCCEEDED;
    });
    const index = pushIndex(store, { repository: "web", tags: ["v1"], children: [digest] });
    await registry.list("web");
    await registry.delete("web", { digest: index }, LATER);
    await registry.collectGarbage();
    expect(found).toBeNull();
  });
});
