import { describe, expect, test } from "vitest";
import { digestOfNothing } from "../../servers/content.ts";
import type { Handler } from "../../servers/http-server.ts";
import { SCHEMA_1, signedSchema1 } from "../../servers/schema1.ts";
import { listingFault } from "./replies.ts";
import { setUp } from "./setup.ts";

const LAYER = digestOfNothing("layer");
const { bytes, digest } = signedSchema1("app", "old", LAYER);

/** Answers the references `old` and the digest of the manifest with it. */
function stores(body: Buffer, header: string = digest): (registry: Handler) => Handler {
  return (registry) => (request) => {
    const isStored = /\/manifests\/(?:old|sha256:[0-9a-f]+)$/.test(request.path);
    if (!isStored) return registry(request);
    return { status: 200, headers: { "content-type": SCHEMA_1, "docker-content-digest": header }, body };
  };
}

describe("an image of schema 1", () => {
  test("has the digest of its content without the signatures, its layers, and its creation time", async () => {
    const { oci, lines } = await setUp({ handler: stores(bytes) });
    expect(await oci.resolve("app", "old")).toMatchObject({
      digest,
      content: {
        kind: "image",
        children: [],
        subject: null,
        annotatedAt: Date.parse("2015-01-01"),
        blobs: [{ digest: LAYER }],
      },
    });
    expect(lines).toEqual([expect.stringMatching(/^schema-1: app:old is an image of Docker's old schema 1/)]);
  });

  test("is read by that digest", async () => {
    const { oci } = await setUp({ handler: stores(bytes) });
    expect(await oci.read("app", digest)).toMatchObject({ kind: "image" });
  });

  test("without signatures has the digest of all its bytes", async () => {
    const unsigned = Buffer.from(JSON.stringify({ schemaVersion: 1, fsLayers: [], history: [] }));
    const { oci } = await setUp({ handler: stores(unsigned, "") });
    expect(await oci.resolve("app", "old")).toMatchObject({ content: { kind: "image" } });
  });

  test.each([
    ["another signed text", Buffer.from(bytes.toString().replace("amd64", "arm64"))],
    ["no valid signature", Buffer.from(bytes.toString().replace('"protected":"', '"protected":"x'))],
  ])("with %s is an error, because its digest is another one", async (_what, damaged) => {
    const { oci } = await setUp({ handler: stores(damaged) });
    await expect(oci.resolve("app", "old")).rejects.toEqual(listingFault(`instead of ${digest}`));
  });
});

describe("a manifest whose type the registry does not return", () => {
  test.each([404, 200])("is an error and not missing (%i with other types)", async (status) => {
    const message = "OCI index found, but accept header does not support OCI indexes";
    const type = "application/vnd.cncf.oras.artifact.manifest.v1+json";
    const { oci } = await setUp({
      handler: () => (request) => {
        if (status === 404) return { status, body: { errors: [{ code: "MANIFEST_UNKNOWN", message }] } };
        const accepts = request.headers.accept?.includes("*/*") === true;
        return accepts
          ? { status, headers: { "content-type": type }, body: {} }
          : { status: 404, body: { errors: [] } };
      },
    });
    await expect(oci.resolve("app", "main")).rejects.toEqual(listingFault(status === 404 ? message : type));
  });

  test("is an error by digest, too", async () => {
    const body = { errors: [{ code: "MANIFEST_UNKNOWN", message: "the accept header does not support it" }] };
    const { oci } = await setUp({ handler: () => () => ({ status: 404, body }) });
    await expect(oci.read("app", digest)).rejects.toEqual(listingFault("returned 404 for a manifest that exists"));
    await expect(oci.exists("app", digest)).rejects.toEqual(listingFault("returned 404 for a manifest that exists"));
  });
});
