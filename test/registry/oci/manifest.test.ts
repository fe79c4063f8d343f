import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseManifest } from "../../../src/registry/oci/manifest.ts";
import { IMAGE, INDEX } from "../../servers/content.ts";

const DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const A = `sha256:${"a".repeat(64)}`;
const B = `sha512:${"b".repeat(128)}`;

function parse(manifest: unknown, contentType?: string): ReturnType<typeof parseManifest> {
  const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
  return parseManifest(Buffer.from(text), contentType, "GET https://registry.example/v2/app/manifests/x");
}

const entry = (digest: string, mediaType: string = IMAGE) => ({ mediaType, digest, size: 7 });
const read = (digest: string, mediaType: string = IMAGE) => ({ mediaType, digest, sizeBytes: 7 });

describe("parseManifest returns", () => {
  it.each<[string, unknown, string, object]>([
    [
      "an index",
      { mediaType: INDEX, manifests: [entry(A), entry(B, INDEX)] },
      INDEX,
      { kind: "index", children: [read(A), read(B, INDEX)] },
    ],
    [
      "a Docker list",
      { manifests: [entry(A, DOCKER_IMAGE)] },
      DOCKER_LIST,
      { kind: "index", children: [read(A, DOCKER_IMAGE)] },
    ],
    ["an index without mediaType", { manifests: [entry(A)] }, INDEX, { mediaType: INDEX, children: [read(A)] }],
    [
      "a build cache: an index of blobs",
      {
        manifests: [
          entry(A, "application/vnd.oci.image.layer.v1.tar+zstd"),
          entry(B, "application/vnd.buildkit.cacheconfig.v0"),
        ],
      },
      INDEX,
      {
        kind: "index",
        children: [],
        blobs: [
          read(A, "application/vnd.oci.image.layer.v1.tar+zstd"),
          read(B, "application/vnd.buildkit.cacheconfig.v0"),
        ],
      },
    ],
    ["an empty index", { manifests: [] }, INDEX, { kind: "index", children: [] }],
    ["an index with `manifests: null`", { manifests: null }, INDEX, { kind: "index", children: [] }],
    [
      "an entry without mediaType and size",
      { manifests: [{ digest: A }] },
      INDEX,
      { children: [{ mediaType: "", digest: A, sizeBytes: 0 }] },
    ],
    [
      "an image",
      { config: entry(A, "c"), layers: [entry(B, "l")] },
      IMAGE,
      { kind: "image", children: [], config: read(A, "c"), blobs: [read(A, "c"), read(B, "l")] },
    ],
    [
      "a Docker image",
      { mediaType: DOCKER_IMAGE, config: entry(A), layers: [] },
      DOCKER_IMAGE,
      { kind: "image", config: read(A) },
    ],
    [
      "an artifact without layers",
      { artifactType: "x/y", config: entry(A) },
      IMAGE,
      { blobs: [read(A)], subject: null },
    ],
    ["an image with `layers: null`", { config: entry(A), layers: null, manifests: null }, IMAGE, { blobs: [read(A)] }],
    ["a referrer", { config: entry(A), layers: [], subject: entry(B) }, IMAGE, { kind: "image", subject: B }],
    ["an index with a subject", { manifests: [], subject: entry(B) }, INDEX, { kind: "index", subject: B }],
    ["the media type without parameters", { manifests: [] }, `${INDEX}; charset=utf-8`, { mediaType: INDEX }],
    ["an index with unknown fields", { manifests: [], future: { manifests: [1] } }, INDEX, { kind: "index" }],
  ])("%s", (_what, manifest, contentType, content) => {
    expect(parse(manifest, contentType)).toMatchObject(content);
  });

  it.each<[string, unknown, number | null]>([
    ["in RFC 3339", "2026-11-02T10:00:00Z", Date.UTC(2026, 10, 2, 10)],
    [
      "with a time zone and fractions of a second",
      "2026-11-02T12:00:00.123456789+02:00",
      Date.UTC(2026, 10, 2, 10, 0, 0, 123),
    ],
    ["null without a time zone", "2026-11-02T10:00:00", null],
    ["null for a year", "2026", null],
    ["null for other text", "yesterday", null],
    ["null for a number", 2026, null],
  ])("the creation time %s", (_what, created, time) => {
    const annotations = { "org.opencontainers.image.created": created };
    expect(parse({ manifests: [], annotations }, INDEX).annotatedAt).toBe(time);
  });
});

describe("parseManifest refuses", () => {
  it.each<[string, unknown, string | undefined, string]>([
    ["a web page", "<html></html>", "text/html", "did not return JSON"],
    ["JSON with another media type", { manifests: [] }, "application/json", "unsupported manifest: application/json"],
    ["no Content-Type", { mediaType: INDEX, manifests: [] }, undefined, "no Content-Type"],
    ["an index with the Content-Type of an image", { mediaType: INDEX, manifests: [] }, IMAGE, "and mediaType"],
    [
      "an image with the Content-Type of an index",
      { mediaType: IMAGE, config: entry(A), layers: [] },
      INDEX,
      "and mediaType",
    ],
    [
      "an image with the field of an index",
      { config: entry(A), manifests: [entry(B)] },
      IMAGE,
      "the fields of an index and of an image",
    ],
    [
      "an index with the field of an image",
      { manifests: [entry(A)], layers: [entry(B)] },
      INDEX,
      "the fields of an index and of an image",
    ],
    ["a short digest", { manifests: [entry("sha256:abc")] }, INDEX, "not a sha256 or sha512 digest"],
    [
      "a digest in upper case",
      { manifests: [entry(`sha256:${"A".repeat(64)}`)] },
      INDEX,
      "not a sha256 or sha512 digest",
    ],
    ["a digest that is a path", { manifests: [entry("../../other/manifests/v1")] }, INDEX, "not a sha256"],
    ["an entry without a digest", { manifests: [{ mediaType: IMAGE }] }, INDEX, "unexpected JSON"],
    ["an entry that is null", { manifests: [null] }, INDEX, "unexpected JSON"],
    ["an invalid subject", { config: entry(A), subject: { digest: "x" } }, IMAGE, "not a sha256"],
    ["a negative size", { manifests: [{ digest: A, size: -1 }] }, INDEX, "unexpected JSON"],
    ["a list", [], INDEX, "an index without `manifests`"],
    ["an empty object as an index", {}, INDEX, "an index without `manifests`"],
    ["null", "null", INDEX, "unexpected JSON"],
    ["an empty body", "", INDEX, "did not return JSON"],
    ["half a manifest", '{"manifests": [', INDEX, "did not return JSON"],
  ])("%s", (_what, manifest, contentType, message) => {
    expect(() => parse(manifest, contentType)).toThrow(
      expect.objectContaining({ name: "Fault", kind: "listing", message: expect.stringContaining(message) }),
    );
  });

  it("4 MiB of nested lists", () => {
    expect(() => parse("[".repeat(4 * 1024 * 1024), INDEX)).toThrow("did not return JSON");
    const depth = 1_000_000;
    expect(parse(`{"manifests":[],"x":${"[".repeat(depth)}${"]".repeat(depth)}}`, INDEX).kind).toBe("index");
  });

  it("4 MiB of invalid entries, at the first one", () => {
    const error = thrownBy(() => parse(`{"manifests":[${"{},".repeat(1_000_000)}{}]}`, INDEX));
    expect(error).toContain("manifests.0.digest");
    expect(error).not.toContain("manifests.1.");
  });

  it("with a Fault, for any JSON that is not a manifest", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(INDEX, IMAGE, DOCKER_LIST, DOCKER_IMAGE), (text, type) => {
        try {
          expect(parse(text, type).mediaType).toBe(type);
        } catch (error) {
          expect(error).toMatchObject({ name: "Fault", kind: "listing" });
        }
      }),
    );
  });
});

function thrownBy(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return String(error);
  }
  throw new Error("no error was thrown");
}
