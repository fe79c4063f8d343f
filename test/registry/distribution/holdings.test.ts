import { expect, test } from "vitest";
import { createHoldings } from "../../../src/registry/distribution/holdings.ts";
import type { ManifestContent } from "../../../src/registry/manifest.ts";
import { digestOfNothing } from "../../servers/content.ts";

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
  sizeBytes: 3,
};

test("indexes and referrers hold untagged manifests, each once, until they go", () => {
  const holdings = createHoldings();
  holdings.learn("web", IMAGE, CONTENT);
  expect(holdings.holders).toBe(0);
  for (const _ of "twice") holdings.learn("web", INDEX, { ...CONTENT, kind: "index", blobs: [] });
  holdings.learn("web", REFERRER, { ...CONTENT, subject: IMAGE });
  holdings.learn("api", REFERRER, { ...CONTENT, subject: IMAGE });
  expect(holdings.holders).toBe(3);
  holdings.forget("web", REFERRER);
  expect(holdings.holders).toBe(2);
});

test("sizes are those of manifests and of their blobs, and stay known when they go", () => {
  const holdings = createHoldings();
  holdings.learn("web", IMAGE, CONTENT);
  holdings.forget("web", IMAGE);
  expect([IMAGE, LAYER, INDEX].map((digest) => holdings.sizeOf(digest))).toEqual([3, 7, null]);
});
