import { expect, test } from "vitest";
import { logRepository } from "../../src/report/repository-log.ts";
import type { RepositoryResult } from "../../src/report/result.ts";
import { captureLog } from "./capture-log.ts";
import { digestOf, kept, manifest, repository } from "./results.ts";

async function linesOf(result: RepositoryResult): Promise<readonly string[]> {
  return (await captureLog((log) => logRepository(log, result))).lines;
}

const shortOf = (name: string): string => digestOf(name).slice(0, 19);

test("logs every planned deletion with its reason and outcome", async () => {
  const lines = await linesOf(
    repository(
      "web",
      [
        manifest("a"),
        manifest("b", { outcome: "gone" }),
        manifest("c", { outcome: "failed", error: "answered 500" }),
        manifest("d", { outcome: "refused", error: "locked" }),
        manifest("e", { outcome: "changed", error: "branch main" }),
        manifest("f", { outcome: "deferred", error: "API rate limit" }),
        manifest("g", { tags: [], outcome: "planned" }),
        kept("h", "branch main"),
      ],
      { staleTags: [{ tag: "pr-9", digest: digestOf("h"), reason: "pull request #9 was closed", outcome: "deleted" }] },
    ),
  );
  const reason = "pull request #12 was merged on 2026-11-02";
  expect(lines).toEqual([
    "::group::web (8 manifests): 1 deleted, 1 to delete, 1 already gone, 1 failed, 1 refused, 1 changed, 1 deferred, 1 kept",
    `deleted: ${shortOf("a")} (a): ${reason}`,
    `already gone: ${shortOf("b")} (b): ${reason}`,
    `failed (answered 500): ${shortOf("c")} (c): ${reason}`,
    `refused by the registry (locked): ${shortOf("d")} (d): ${reason}`,
    `kept, changed after the plan was made (branch main): ${shortOf("e")} (e): ${reason}`,
    `deferred to the next run (API rate limit): ${shortOf("f")} (f): ${reason}`,
    `would be deleted: ${shortOf("g")}: ${reason}`,
    "stale tag pr-9: pull request #9 was closed (deleted)",
    "::endgroup::",
  ]);
});

test("logs the largest group of each kind of advice", async () => {
  const pattern = { pattern: "build-{sha}", tags: 4, example: "build-1a2b3c4", sizeBytes: null };
  const superseded = { of: "branch main", images: 231, sizeBytes: null, deletable: 221 };
  const advice = { patterns: [{ ...pattern, pattern: "x-pr-{pr}", tags: 12 }, pattern], superseded: [superseded] };
  expect(await linesOf(repository("web", [], { advice }))).toEqual([
    "::group::web: no manifests",
    "12 tags look like `x-pr-{pr}`. Add it to `tag-patterns`.",
    "231 images are older builds of branch main: `superseded: delete` with `keep-count: 10` would delete 221.",
    "::endgroup::",
  ]);
});

test("logs why the work on a repository ended early", async () => {
  const lines = await linesOf(repository("web", [], { plan: null, error: "page 3 answered 502" }));
  expect(lines).toEqual(["::group::web: no manifests", "Stopped early: page 3 answered 502", "::endgroup::"]);
});

test("logs at most 200 deletions, and the number of the others", async () => {
  const lines = await linesOf(
    repository(
      "web",
      Array.from({ length: 203 }, (_, n) => manifest(`m${n}`)),
    ),
  );
  expect(lines).toHaveLength(203);
  expect(lines[201]).toBe("… and 3 more: see the report file");
});
