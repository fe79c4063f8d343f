import { expect, test } from "vitest";
import { Inventory } from "../../../src/registry/distribution/inventory.ts";
import type { ManifestContent } from "../../../src/registry/manifest.ts";
import { digestOfNothing } from "../../servers/content.ts";
import { SCHEMA_1 } from "../../servers/schema1.ts";

const IMAGE = digestOfNothing("image");
const INDEX = digestOfNothing("index");
const REFERRER = digestOfNothing("referrer");
const LAYER = digestOfNothing("layer");

const CONTENT: ManifestContent = {
  mediaType: "",
  kind: "image",
  children: [],
  subject: null,
  blobs: [{ mediaType: "", digest: LAYER, sizeBytes: 7 }],
  config: null,
  annotatedAt: null,
  source: null,
  sizeBytes: 3,
};

test("finds indexes and referrers until they are removed", () => {
  const inventory = new Inventory();
  inventory.add("web", IMAGE, CONTENT);
  expect(inventory.indexOrReferrer()).toBeNull();
  inventory.add("web", INDEX, { ...CONTENT, kind: "index", blobs: [] });
  inventory.add("web", INDEX, { ...CONTENT, kind: "index", blobs: [] });
  expect(inventory.indexOrReferrer()).toBe(`web@${INDEX}`);
  inventory.remove("web", INDEX);
  expect(inventory.indexOrReferrer()).toBeNull();
  for (const name of ["web", "api"]) inventory.add(name, REFERRER, { ...CONTENT, subject: IMAGE });
  inventory.remove("web", REFERRER);
  expect(inventory.indexOrReferrer()).toBe(`api@${REFERRER}`);
});

test("knows the sizes of manifests and blobs, even after they are removed", () => {
  const inventory = new Inventory();
  inventory.add("web", IMAGE, CONTENT);
  inventory.remove("web", IMAGE);
  expect([IMAGE, LAYER, INDEX].map((digest) => inventory.sizeOf(digest))).toEqual([3, 7, null]);
});

test("does not take the layers of an image of schema 1 for empty ones", () => {
  const inventory = new Inventory();
  inventory.add("web", IMAGE, CONTENT);
  const blobs = CONTENT.blobs.map((blob) => ({ ...blob, sizeBytes: 0 }));
  inventory.add("web", INDEX, { ...CONTENT, mediaType: SCHEMA_1, blobs });
  expect(inventory.sizeOf(LAYER)).toBe(7);
});

test("knows which repositories were listed", () => {
  const inventory = new Inventory();
  inventory.repositories.add("team/web");
  expect(["team/web", "web"].map((name) => inventory.repositories.has(name))).toEqual([true, false]);
});
