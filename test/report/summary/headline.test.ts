import { describe, expect, test } from "vitest";
import type { RunResult } from "../../../src/report/result.ts";
import { renderSummary } from "../../../src/report/summary.ts";
import { digestOf, kept, manifest, repository, run } from "../results.ts";

const linesOf = (result: RunResult): readonly string[] => renderSummary(result).split("\n");
const headlineOf = (result: RunResult): string => linesOf(result)[0] ?? "";

const failure = { kind: "deletion", message: "web: 1 deletion failed", remedy: "Run it again." } as const;
const mib = (text: string): string => text.replaceAll("~", "\u00a0");

describe("the headline", () => {
  const one = [repository("web", [manifest("a"), manifest("b"), kept("c", "branch main")])];
  const failed = [repository("web", [manifest("a", { outcome: "failed", error: "500" })])];
  const planned = [repository("web", [manifest("a", { outcome: "planned" })])];
  const changed = [repository("web", [manifest("a", { outcome: "changed" }), manifest("b", { outcome: "gone" })])];
  const nothing = [repository("web", [kept("a", "branch main")])];
  const platforms = ["amd64", "arm64"].map((name) => manifest(name, { image: digestOf("a"), status: "child" }));
  const index = [repository("web", [manifest("a", { kind: "index" }), ...platforms])];
  const referrer = [repository("web", [manifest("a", { kind: "referrer", image: digestOf("b") })])];
  test.each<[string, Partial<RunResult>, string]>([
    ["shows the deleted images and their size", { repositories: one }, "### ✔️ Deleted 2 images, 1.9~MiB"],
    ["counts manifests too if there are more", { repositories: index }, "### ✔️ Deleted 1 image (3 manifests), 2.9~MiB"],
    ["counts only manifests if no image was deleted", { repositories: referrer }, "### ✔️ Deleted 1 manifest, 977~KiB"],
    ["marks a run with errors", { repositories: one, errors: [failure] }, "### ⚠️ Deleted 2 images, 1.9~MiB"],
    ["counts failures", { repositories: failed, errors: [failure] }, "### ✖️ Nothing was deleted, 1 failed"],
    ["marks a dry run", { repositories: planned, dryRun: true }, "### Dry run: would delete 1 image, 977~KiB"],
    ["marks a dry run that deletes nothing", { dryRun: true }, "### Dry run: nothing to delete"],
    ["marks a run that finds nothing", {}, "### ✔️ Nothing to delete"],
    ["marks a run that finds only images to keep", { repositories: nothing }, "### ✔️ Nothing to delete"],
    ["marks a run in which every planned image was kept", { repositories: changed }, "### ✔️ Nothing was deleted"],
  ])("%s", (_, overrides, expected) => {
    expect(headlineOf(run(overrides))).toBe(mib(expected));
  });

  test("shows an upper limit if the plan was not carried out completely", () => {
    const partly = repository("web", [manifest("a"), manifest("b", { outcome: "changed", error: "branch main" })]);
    expect(headlineOf(run({ repositories: [partly] }))).toBe(mib("### ✔️ Deleted 1 image, up~to~1.9~MiB"));
  });

  test("shows an upper limit if a kept manifest may use the same blobs", () => {
    const blobs = { deleted: [{ digest: digestOf("blob"), sizeBytes: 2_000_000 }], kept: [], complete: false };
    const repositories = [repository("web", [manifest("a")], {}, { blobs })];
    expect(headlineOf(run({ repositories }))).toBe(mib("### ✔️ Deleted 1 image, up~to~1.9~MiB"));
  });

  test("shows no size if one is unknown", () => {
    const blobs = { deleted: [{ digest: digestOf("blob"), sizeBytes: null }], kept: [], complete: true };
    const repositories = [repository("web", [manifest("a")], {}, { blobs })];
    expect(headlineOf(run({ repositories }))).toBe("### ✔️ Deleted 1 image");
  });

  test("is followed by the facts", () => {
    const manifests = [
      manifest("a"),
      manifest("b", { outcome: "gone" }),
      manifest("c", { outcome: "deferred", error: "API rate limit" }),
      kept("d", "branch main"),
      kept("e", "platform of d", { image: digestOf("d"), status: "child" }),
    ];
    const facts = "1 repository · 1 image kept · 1 already gone · 1 deferred · 41 s";
    expect(linesOf(run({ repositories: [repository("web", manifests)] }))[2]).toBe(
      `<code>registry.digitalocean.com/acme</code> · ${facts}`,
    );
    expect(linesOf(run({ registry: "" }))[2]).toBe("0 repositories · 0 images kept · 41 s");
  });
});

describe("the garbage collection", () => {
  const NOTE = { freedBytes: null, blobsDeleted: null, note: "collection 6f1c2a" } as const;
  test.each<[RunResult["garbageCollection"], string]>([
    [{ ...NOTE, status: "not-started" }, ""],
    [{ ...NOTE, status: "succeeded" }, "♻️ Garbage collection succeeded: collection 6f1c2a"],
    [
      { status: "succeeded", freedBytes: 4_012_345_678, blobsDeleted: 412, note: "" },
      "♻️ Garbage collection freed <b>3.7 GiB</b> in 412 blobs",
    ],
    [{ ...NOTE, status: "started" }, "♻️ Garbage collection was started and is still running: collection 6f1c2a"],
    [{ ...NOTE, status: "failed" }, "♻️ Garbage collection <b>failed</b>: collection 6f1c2a"],
    [
      { ...NOTE, status: "timed-out" },
      "♻️ Garbage collection did not finish within <code>gc-timeout</code>: collection 6f1c2a",
    ],
    [{ ...NOTE, status: "unsupported" }, "♻️ Garbage collection was not started: collection 6f1c2a"],
    [{ ...NOTE, status: "skipped" }, "♻️ Garbage collection was not started: collection 6f1c2a"],
  ])("%j", (garbageCollection, expected) => {
    const line = linesOf(run({ garbageCollection })).find((each) => each.startsWith("♻️")) ?? "";
    expect(line).toBe(expected);
  });
});
