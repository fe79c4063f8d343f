import { SIGNED, testCases } from "./decide-cases.ts";
import { LISTS_ALL, type Registry } from "./world.ts";

const TAGS_ONLY: Registry = { listsUntagged: false, referrersApi: false };
const TAGS_AND_REFERRERS: Registry = { listsUntagged: false, referrersApi: true };

testCases([
  {
    title: "keeps the untagged platforms of a live index",
    world: { index: { tags: ["live"], children: ["amd64", "arm64"] }, amd64: {}, arm64: {}, leftover: {} },
    deleted: ["leftover"],
  },
  {
    title: "keeps the leaf of a nested live index",
    world: { outer: { tags: ["live"], children: ["inner"] }, inner: { children: ["leaf"] }, leaf: {}, leftover: {} },
    deleted: ["leftover"],
  },
  {
    title: "keeps a child that an orphaned and a live index share",
    world: {
      old: { tags: ["orphaned"], children: ["shared", "own"] },
      new: { tags: ["live"], children: ["shared"] },
      shared: {},
      own: {},
    },
    deleted: ["old", "own"],
  },
  {
    title: "keeps a child with an orphaned tag of its own under a live index",
    world: { index: { tags: ["live"], children: ["amd64"] }, amd64: { tags: ["orphaned-amd64"] } },
    deleted: [],
  },
  ...[LISTS_ALL, TAGS_AND_REFERRERS].map((registry) => ({
    title: "keeps and deletes a referrer with its subject",
    world: {
      kept: { tags: ["live"] },
      gone: { tags: ["orphaned"] },
      keptSig: { subject: "kept" },
      goneSig: { subject: "gone", hours: 1 },
    },
    registry,
    deleted: ["gone", "goneSig"],
  })),
  {
    title: "keeps and deletes a signature with the image that its tag names",
    world: {
      kept: { tags: ["live"] },
      gone: { tags: ["orphaned"] },
      a: { tags: ["sha256-kept.sig"] },
      b: { tags: ["sha256-kept"], children: ["sbom"] },
      sbom: { subject: "kept" },
      c: { tags: ["sha256-gone.att"] },
    },
    deleted: ["c", "gone"],
  },
  {
    title: "keeps the signature of a signature of a live image",
    world: { kept: { tags: ["live"] }, sig: { subject: "kept" }, sigOfSig: { subject: "sig" }, other: {} },
    deleted: ["other"],
  },
  {
    title: "deletes a signature whose image does not exist",
    world: { a: { tags: ["sha256-never-pushed.sig"] }, ...SIGNED },
    deleted: ["a"],
  },
  ...[LISTS_ALL, TAGS_ONLY, TAGS_AND_REFERRERS].map((registry) => ({
    title: "keeps signatures if no signature has its image in this repository",
    world: {
      a: { tags: ["sha256-far.sig"] },
      b: { tags: ["sha256-away"], children: ["c"] },
      c: { subject: "away" },
      image: { tags: ["live"] },
    },
    registry,
    deleted: [],
  })),
  {
    title: "deletes signatures with the last image of a repository",
    world: { image: { tags: ["orphaned"] }, own: { tags: ["sha256-image.sig"] }, b: { tags: ["sha256-far.sig"] } },
    deleted: ["b", "image", "own"],
  },
  {
    title: "keeps a signature whose image exists, although no list shows it",
    world: { image: { unlisted: true }, a: { tags: ["sha256-image.sig"] }, leftover: {}, ...SIGNED },
    deleted: ["leftover"],
  },
  {
    title: "deletes a signature with its untagged image",
    world: { image: {}, own: { tags: ["sha256-image.sig"] } },
    deleted: ["image", "own"],
  },
  {
    title: "keeps a young referrer, which may be pushed before its subject",
    world: { a: { tags: ["sha256-not-yet.sig"], hours: 1 }, old: { tags: ["sha256-never.sig"] }, ...SIGNED },
    deleted: ["old"],
  },
  {
    title: "deletes a referrer without a subject, though untagged is keep",
    world: { sig: { subject: "never" }, leftover: {}, old: { tags: ["orphaned"] } },
    rules: { untagged: "keep" },
    deleted: ["old", "sig"],
  },
  {
    title: "keeps the children of indexes that their parent lists with an unknown media type",
    world: {
      outer: { tags: ["live"], children: ["unnamed", "odd"] },
      unnamed: { children: ["a"], type: "" },
      odd: { children: ["b"], type: "application/vnd.example.list.v9+json" },
      a: {},
      b: {},
      leftover: {},
    },
    deleted: ["leftover"],
  },
  {
    title: "keeps the children of an index that a live index lists as an image",
    world: {
      outer: { tags: ["live"], children: ["wrong", "plain"] },
      wrong: { children: ["amd64", "inner"], type: "application/vnd.docker.distribution.manifest.v2+json" },
      inner: { children: ["deep"], type: "application/vnd.oci.image.manifest.v1+json" },
      plain: {},
      amd64: {},
      deep: {},
      leftover: {},
    },
    deleted: ["leftover"],
  },
  ...[LISTS_ALL, TAGS_ONLY].map((registry) => ({
    title: "keeps a child that an orphaned index shares with an index which a live index lists as an image",
    world: {
      outer: { tags: ["live"], children: ["wrong"] },
      wrong: { children: ["shared"], type: "application/vnd.oci.image.manifest.v1+json" },
      shared: {},
      old: { tags: ["orphaned"], children: ["shared", "own", "wrong-too"] },
      own: {},
      "wrong-too": { children: [], type: "application/vnd.oci.image.manifest.v1+json" },
    },
    registry,
    deleted: ["old", "own", "wrong-too"],
  })),
  {
    title: "does not count a referrer without a subject for keep-count",
    world: { a: { tags: ["orphaned"], hours: 90 }, sig: { tags: ["sha256-never.sig"], hours: 30 }, ...SIGNED },
    rules: { keepCount: 1 },
    deleted: ["sig"],
  },
  {
    title: "keeps an attestation of an image that a live index lists too",
    world: {
      old: { tags: ["orphaned"], children: ["image", "attestation"] },
      new: { tags: ["live"], children: ["image"] },
      image: {},
      attestation: { subject: "image" },
    },
    registry: TAGS_AND_REFERRERS,
    deleted: ["old"],
  },
  {
    title: "keeps the children of an untagged index that is attached to a live image",
    world: {
      image: { tags: ["live"] },
      bom: { subject: "image", children: ["part"] },
      part: { tags: ["orphaned"] },
      x: {},
    },
    deleted: ["x"],
  },
  {
    title: "deletes nothing if a kept manifest cannot be read",
    world: { index: { tags: ["live"], children: ["a"], read: "unreadable" }, a: {}, b: { tags: ["orphaned"] } },
    deleted: [],
  },
  {
    title: "deletes nothing if an orphaned manifest cannot be read",
    world: { index: { tags: ["orphaned"], children: ["a"], read: "unreadable" }, a: {}, b: { tags: ["orphaned-2"] } },
    deleted: [],
  },
  {
    title:
      "deletes nothing if an image that a kept index lists cannot be read: an untagged manifest may be a part of it",
    world: {
      index: { tags: ["live"], children: ["a"] },
      a: { read: "unreadable" },
      part: {},
      b: { tags: ["orphaned"] },
    },
    deleted: [],
  },
  {
    title: "ignores a listed manifest that does not exist",
    world: { ghost: { tags: ["live"], read: "missing" }, b: { tags: ["orphaned"] } },
    deleted: ["b"],
  },
  {
    title: "keeps a circle of references",
    world: {
      a: { tags: ["orphaned-a"], children: ["b"] },
      b: { tags: ["orphaned-b"], children: ["a"] },
      itself: { tags: ["orphaned-c", "sha256-itself"] },
      c: { tags: ["orphaned"] },
    },
    registry: TAGS_ONLY,
    deleted: ["c"],
  },
]);
