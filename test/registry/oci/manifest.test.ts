import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseManifest } from "../../../src/registry/oci/manifest.ts";
import { IMAGE, INDEX } from "../../servers/content.ts";

const DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
const A = `sha256:${"a".repeat(64)}`;
const B = `sha512:${"b".repeat(128)}`;

function parse(manifest: unknown, contentType?: string): ReturnType<typeof parseManifest> {
  const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
  return parseManifest(Buffer.from(text), contentType, "GET https://registry.example/v2/app/manifests/x");
}

const entry = (digest: string, mediaType: string = IMAGE) => ({ mediaType, digest, size: 7 });
const read = (digest: string, mediaType: string = IMAGE) => ({ mediaType, digest, sizeBytes: 7 });

describe("what a manifest says", () => {
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
    ["an index without a type of its own", { manifests: [entry(A)] }, INDEX, { mediaType: INDEX, children: [read(A)] }],
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
    ["an index whose entries are null", { manifests: null }, INDEX, { kind: "index", children: [] }],
    [
      "an entry without type and size",
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
    ["what has no layers", { artifactType: "x/y", config: entry(A) }, IMAGE, { blobs: [read(A)], subject: null }],
    ["what has layers of null", { config: entry(A), layers: null, manifests: null }, IMAGE, { blobs: [read(A)] }],
    ["a referrer", { config: entry(A), layers: [], subject: entry(B) }, IMAGE, { kind: "image", subject: B }],
    ["an index that refers", { manifests: [], subject: entry(B) }, INDEX, { kind: "index", subject: B }],
    ["parameters of the type", { manifests: [] }, `${INDEX}; charset=utf-8`, { mediaType: INDEX }],
    ["fields that nobody knows", { manifests: [], future: { manifests: [1] } }, INDEX, { kind: "index" }],
  ])("%s", (_what, manifest, contentType, content) => {
    expect(parse(manifest, contentType)).toMatchObject(content);
  });

  it.each<[string, unknown, number | null]>([
    ["of RFC 3339", "2026-11-02T10:00:00Z", Date.UTC(2026, 10, 2, 10)],
    ["with a zone and parts of seconds", "2026-11-02T12:00:00.123456789+02:00", Date.UTC(2026, 10, 2, 10, 0, 0, 123)],
    ["without a zone", "2026-11-02T10:00:00", null],
    ["of a year alone", "2026", null],
    ["of no form", "yesterday", null],
    ["of another type", 2026, null],
  ])("a time %s", (_what, created, time) => {
    const annotations = { "org.opencontainers.image.created": created };
    expect(parse({ manifests: [], annotations }, INDEX).annotatedAt).toBe(time);
  });
});

describe("what is refused, with a sentence", () => {
  it.each<[string, unknown, string | undefined, string]>([
    ["schema 1, which registries make up", { schemaVersion: 1, name: "app" }, SCHEMA_1, "schema 1"],
    ["a web page", "<html></html>", "text/html", "text/html and is no JSON"],
    ["JSON of no manifest's type", { manifests: [] }, "application/json", "came as application/json"],
    ["no Content-Type", { mediaType: INDEX, manifests: [] }, undefined, "no Content-Type"],
    ["an index that came as an image", { mediaType: INDEX, manifests: [] }, IMAGE, "calls itself"],
    ["an image that came as an index", { mediaType: IMAGE, config: entry(A), layers: [] }, INDEX, "calls itself"],
    [
      "the entries of an index in an image",
      { config: entry(A), manifests: [entry(B)] },
      IMAGE,
      "entries of an index and those of an image",
    ],
    [
      "the layers of an image in an index",
      { manifests: [entry(A)], layers: [entry(B)] },
      INDEX,
      "entries of an index and those of an image",
    ],
    ["a digest cut short", { manifests: [entry("sha256:abc")] }, INDEX, "no sha256 or sha512 digest"],
    ["a digest in capitals", { manifests: [entry(`sha256:${"A".repeat(64)}`)] }, INDEX, "no sha256 or sha512 digest"],
    ["a digest that is a path", { manifests: [entry("../../other/manifests/v1")] }, INDEX, "no sha256"],
    ["an entry without a digest", { manifests: [{ mediaType: IMAGE }] }, INDEX, "is no manifest"],
    ["an entry that is null", { manifests: [null] }, INDEX, "is no manifest"],
    ["a subject that is none", { config: entry(A), subject: { digest: "x" } }, IMAGE, "no sha256"],
    ["a size below zero", { manifests: [{ digest: A, size: -1 }] }, INDEX, "is no manifest"],
    ["a list", [], INDEX, "is no manifest"],
    ["an object of nothing, as an index", {}, INDEX, "an index without `manifests`"],
    ["null", "null", INDEX, "is no manifest"],
    ["nothing", "", INDEX, "is no JSON"],
    ["half a manifest", '{"manifests": [', INDEX, "is no JSON"],
  ])("%s", (_what, manifest, contentType, message) => {
    expect(() => parse(manifest, contentType)).toThrow(
      expect.objectContaining({ name: "Fault", kind: "listing", message: expect.stringContaining(message) }),
    );
  });

  it("4 MiB of depth", () => {
    expect(() => parse("[".repeat(4 * 1024 * 1024), INDEX)).toThrow("is no JSON");
    const depth = 1_000_000;
    expect(parse(`{"manifests":[],"x":${"[".repeat(depth)}${"]".repeat(depth)}}`, INDEX).kind).toBe("index");
  });

  it("4 MiB of bad entries, at the first of them", () => {
    const error = thrownBy(() => parse(`{"manifests":[${"{},".repeat(1_000_000)}{}]}`, INDEX));
    expect(error).toContain("manifests.0.digest");
    expect(error).not.toContain("manifests.1.");
  });

  it("whatever JSON comes, it is a manifest or a Fault", () => {
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
  throw new Error("nothing was thrown");
}
