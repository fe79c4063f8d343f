import { describe, expect, test } from "vitest";
import { outputsOf } from "../../src/report/outputs.ts";
import type { RunResult } from "../../src/report/result.ts";
import { digestOf, kept, largeRepository, manifest, repository, run } from "./results.ts";

const mixed = repository("web", [
  manifest("a"),
  manifest("b", { outcome: "gone" }),
  manifest("c", { outcome: "failed", error: "500" }),
  manifest("d", { outcome: "changed", error: "branch main" }),
  manifest("e", { outcome: "kept", error: "the registry keeps it" }),
  kept("f", "branch main"),
]);

describe("outputs", () => {
  test("all of the public interface, and no others but `report`", () => {
    expect(Object.keys(outputsOf(run())).sort()).toEqual([
      "deleted-bytes",
      "deleted-count",
      "deleted-digests",
      "failed-count",
      "gc-blobs-deleted",
      "gc-freed-bytes",
      "gc-status",
      "kept-count",
    ]);
  });

  test.each<[string, Partial<RunResult>, Record<string, string>]>([
    [
      "a run without work",
      {},
      { "deleted-count": "0", "kept-count": "0", "deleted-digests": "[]", "deleted-bytes": "0" },
    ],
    [
      "gone is neither deleted nor kept; changed and refused stay",
      { repositories: [mixed] },
      { "deleted-count": "1", "kept-count": "3", "failed-count": "1" },
    ],
    ["bytes of a plan that was not carried out whole are unknown", { repositories: [mixed] }, { "deleted-bytes": "" }],
    [
      "bytes are the sum over the repositories",
      { repositories: [repository("a", [manifest("x")]), repository("b", [manifest("y"), manifest("z")])] },
      { "deleted-bytes": "3000000", "deleted-count": "3" },
    ],
    [
      "one repository without sizes makes the sum unknown",
      {
        repositories: [repository("a", [manifest("x")]), repository("b", [manifest("y")], {}, { blobs: null })],
      },
      { "deleted-bytes": "" },
    ],
    [
      "but not if nothing was deleted there",
      {
        repositories: [
          repository("a", [manifest("x")]),
          repository("b", [kept("y", "main")], {}, { blobs: null }),
          repository("c", [], { plan: null, error: "502" }),
        ],
      },
      { "deleted-bytes": "1000000" },
    ],
    [
      "a dry run counts what it would delete",
      { dryRun: true, repositories: [repository("web", [manifest("a", { outcome: "planned" })])] },
      { "deleted-count": "1", "deleted-bytes": "1000000", "deleted-digests": `["web@${digestOf("a")}"]` },
    ],
    [
      "the collection",
      { garbageCollection: { status: "succeeded", freedBytes: 12, blobsDeleted: 0, note: "" } },
      { "gc-status": "succeeded", "gc-freed-bytes": "12", "gc-blobs-deleted": "0" },
    ],
    ["no collection", {}, { "gc-status": "not-started", "gc-freed-bytes": "", "gc-blobs-deleted": "" }],
  ])("%s", (_, overrides, expected) => {
    expect(outputsOf(run(overrides))).toMatchObject(expected);
  });

  test("at most 1,000 digests, from the first repositories on", () => {
    const repositories = [largeRepository("a", 999), mixed, largeRepository("b", 500)];
    const digests: unknown = JSON.parse(outputsOf(run({ repositories }))["deleted-digests"] ?? "");
    expect(digests).toHaveLength(1_000);
    expect(digests).toContain(`web@${digestOf("a")}`);
    expect(digests).not.toContain(`web@${digestOf("b")}`);
  });
});
