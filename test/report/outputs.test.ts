import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { outputsOf } from "../../src/report/outputs.ts";
import type { RunResult } from "../../src/report/result.ts";
import { digestOf, kept, largeRepository, manifest, repository, run } from "./results.ts";

const NO_BLOBS = { deleted: [], kept: [], complete: false } as const;

/** An index with two platform manifests and a signature. */
const multiPlatform = [
  manifest("index", { kind: "index" }),
  manifest("amd64", { image: digestOf("index"), status: "child" }),
  manifest("arm64", { image: digestOf("index"), status: "child" }),
  manifest("signature", { image: digestOf("index"), kind: "referrer", status: "referrer" }),
];

const mixed = repository("web", [
  manifest("a"),
  manifest("b", { outcome: "gone" }),
  manifest("c", { outcome: "failed", error: "500" }),
  manifest("d", { outcome: "changed", error: "branch main" }),
  manifest("e", { outcome: "refused", error: "locked" }),
  manifest("g", { outcome: "deferred", error: "API rate limit" }),
  kept("f", "branch main"),
]);

describe("outputs", () => {
  test("are those of action.yml", () => {
    const action: { readonly outputs: object } = parse(
      readFileSync(new URL("../../action.yml", import.meta.url), "utf8"),
    );
    expect([...Object.keys(outputsOf(run())), "report"].sort()).toEqual(Object.keys(action.outputs).sort());
  });

  test.each<[string, Partial<RunResult>, Record<string, string>]>([
    [
      "are zero for a run without work",
      {},
      {
        "deleted-images": "0",
        "kept-images": "0",
        "deleted-count": "0",
        "kept-count": "0",
        "deferred-count": "0",
        "deleted-digests": "[]",
        "deleted-bytes": "0",
        "storage-bytes": "",
      },
    ],
    [
      "count each manifest once; changed and refused ones are kept",
      { repositories: [mixed] },
      { "deleted-count": "1", "kept-count": "3", "failed-count": "1", "deferred-count": "1" },
    ],
    [
      "count a multi-platform image with its signature as one image",
      { repositories: [repository("web", [...multiPlatform, kept("f", "branch main")])] },
      { "deleted-images": "1", "deleted-count": "4", "kept-images": "1", "kept-count": "1" },
    ],
    [
      "do not count a referrer without its subject as an image",
      { repositories: [repository("web", [manifest("a", { kind: "referrer", status: "referrer" })])] },
      { "deleted-images": "0", "deleted-count": "1" },
    ],
    ["have no bytes if the plan was not carried out completely", { repositories: [mixed] }, { "deleted-bytes": "" }],
    [
      "have no bytes if an image was already gone",
      { repositories: [repository("web", [manifest("a"), manifest("b", { outcome: "gone" })])] },
      { "deleted-bytes": "" },
    ],
    [
      "have the sum of the bytes of all repositories",
      { repositories: [repository("a", [manifest("x")]), repository("b", [manifest("y"), manifest("z")])] },
      { "deleted-bytes": "3000000", "deleted-count": "3" },
    ],
    [
      "count a blob of several repositories once, and not if another repository keeps it",
      {
        repositories: [
          repository("a", [manifest("x")]),
          repository("b", [manifest("y")], {}, { blobs: { ...blobs(10, "a", "b"), complete: true } }),
          repository(
            "c",
            [kept("z", "branch main")],
            {},
            { blobs: { deleted: [], kept: [digestOf("b")], complete: true } },
          ),
        ],
      },
      { "deleted-bytes": "10" },
    ],
    [
      "have no bytes if the blobs of a kept manifest are unknown",
      {
        repositories: [repository("a", [manifest("x")]), repository("b", [manifest("y")], {}, { blobs: NO_BLOBS })],
      },
      { "deleted-bytes": "" },
    ],
    [
      "have no bytes if the size of a deleted blob is unknown",
      {
        repositories: [
          repository(
            "a",
            [manifest("x")],
            {},
            {
              blobs: { deleted: [{ digest: digestOf("x"), sizeBytes: null }], kept: [], complete: true },
            },
          ),
        ],
      },
      { "deleted-bytes": "" },
    ],
    [
      "have bytes even if the blobs of a repository in which nothing was deleted are unknown",
      {
        repositories: [
          repository("a", [manifest("x")]),
          repository("b", [kept("y", "main")], {}, { blobs: NO_BLOBS }),
          repository("c", [], { plan: null, error: "502" }),
        ],
      },
      { "deleted-bytes": "1000000" },
    ],
    [
      "count in a dry run what would be deleted",
      { dryRun: true, repositories: [repository("web", [manifest("a", { outcome: "planned" })])] },
      {
        "deleted-images": "1",
        "deleted-count": "1",
        "deleted-bytes": "1000000",
        "deleted-digests": `["web@${digestOf("a")}"]`,
      },
    ],
    [
      "count no image that may be a platform, because nothing was read",
      {
        repositories: [
          repository("web", [
            kept("main", "branch main"),
            kept("platform", "its parents are unknown", { tags: [], kind: "unknown", status: "undecided" }),
          ]),
        ],
      },
      { "kept-images": "1", "kept-count": "2" },
    ],
    ["have the storage of the registry", { storage: { usedBytes: 7, includedBytes: null } }, { "storage-bytes": "7" }],
    [
      "have the result of the garbage collection",
      { garbageCollection: { status: "succeeded", freedBytes: 12, blobsDeleted: 0, note: "" } },
      { "gc-status": "succeeded", "gc-freed-bytes": "12", "gc-blobs-deleted": "0" },
    ],
    [
      "are empty without garbage collection",
      {},
      { "gc-status": "not-started", "gc-freed-bytes": "", "gc-blobs-deleted": "" },
    ],
  ])("%s", (_, overrides, expected) => {
    expect(outputsOf(run(overrides))).toMatchObject(expected);
  });

  test("have at most 1,000 digests, from the first repositories on", () => {
    const repositories = [largeRepository("a", 999), mixed, largeRepository("b", 500)];
    const digests: unknown = JSON.parse(outputsOf(run({ repositories }))["deleted-digests"] ?? "");
    expect(digests).toHaveLength(1_000);
    expect(digests).toContain(`web@${digestOf("a")}`);
    expect(digests).not.toContain(`web@${digestOf("b")}`);
  });
});

/** Returns deleted blobs of `sizeBytes`, by name. */
function blobs(sizeBytes: number, ...names: readonly string[]) {
  return { deleted: names.map((name) => ({ digest: digestOf(name), sizeBytes })), kept: [] };
}
