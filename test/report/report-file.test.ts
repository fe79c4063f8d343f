import fc from "fast-check";
import { expect, test } from "vitest";
import type { Advice } from "../../src/plan/advice.ts";
import { reportPieces } from "../../src/report/report-file.ts";
import type { RunResult } from "../../src/report/result.ts";
import { asReport } from "../e2e/report-schema.ts";
import { HOSTILE, hostileText } from "./hostile.ts";
import { digestOf, kept, manifest, NOW, repository, run } from "./results.ts";
import { sampleRun } from "./sample-run.ts";

/** Returns the report as a reader of the file gets it. Throws if it does not match the schema. */
function reportOf(result: RunResult) {
  return asReport(JSON.parse([...reportPieces(result)].join("")));
}

const ADVICE: Advice = {
  patterns: [{ pattern: "SNAPSHOT-PR-{pr}-*", tags: 12, example: "SNAPSHOT-PR-12-7", sizeBytes: null }],
  superseded: [{ of: "branch main", images: 231, sizeBytes: 4_000, deletable: 221 }],
};

test("has the fields of the public interface in their order", () => {
  const result = run({
    settings: { registry: "registry.digitalocean.com/acme", "keep-count": 3 },
    storage: { usedBytes: 4, includedBytes: 5 },
    repositories: [
      repository(
        "web",
        [
          manifest("a", { versionId: 7, kind: "index" }),
          kept("b", "branch main", { pushedAt: null, sizeBytes: null, image: digestOf("c"), status: "child" }),
        ],
        {
          staleTags: [
            { tag: "pr-9", digest: digestOf("b"), reason: "pull request #9 was closed", outcome: "reported" },
          ],
          broken: [{ digest: digestOf("b"), tags: ["b"], missing: [digestOf("d")], missingBlobs: [digestOf("layer")] }],
          unreadable: [{ digest: digestOf("e"), reason: "it answers 500" }],
          advice: ADVICE,
        },
        { ghosts: [digestOf("ghost")] },
      ),
      repository("api", [], { error: "GET … answered 502", plan: null, url: "https://example.com/not-part-of-it" }),
    ],
    requests: { "ghcr.io": 12, "api.github.com": 3 },
    garbageCollection: { status: "succeeded", freedBytes: 12, blobsDeleted: 3, note: "not part of it" },
    notices: ["not part of it"],
  });
  const expected = {
    version: 2,
    dryRun: false,
    registry: "registry.digitalocean.com/acme",
    provider: "digitalocean",
    startedAt: "2026-11-21T12:00:00.000Z",
    finishedAt: "2026-11-21T12:00:41.300Z",
    settings: { registry: "registry.digitalocean.com/acme", "keep-count": 3 },
    storage: { usedBytes: 4, includedBytes: 5 },
    repositories: [
      {
        name: "web",
        error: null,
        manifests: [
          {
            digest: digestOf("a"),
            tags: ["a"],
            kind: "index",
            image: digestOf("a"),
            pushedAt: "2026-11-01T12:00:00.000Z",
            sizeBytes: 52_428_800,
            decision: "delete",
            status: "orphaned",
            reason: "pull request #12 was merged on 2026-11-02",
            outcome: "deleted",
            error: null,
            versionId: 7,
          },
          {
            digest: digestOf("b"),
            tags: ["b"],
            kind: "image",
            image: digestOf("c"),
            pushedAt: null,
            sizeBytes: null,
            decision: "keep",
            status: "child",
            reason: "branch main",
            outcome: "kept",
            error: null,
          },
        ],
        staleTags: [{ tag: "pr-9", digest: digestOf("b"), reason: "pull request #9 was closed", outcome: "reported" }],
        broken: [{ digest: digestOf("b"), missing: [digestOf("d")], missingBlobs: [digestOf("layer")] }],
        unreadable: [{ digest: digestOf("e"), reason: "it answers 500" }],
        advice: ADVICE,
      },
      {
        ...{ name: "api", error: "GET … answered 502", manifests: [], staleTags: [], broken: [], unreadable: [] },
        advice: { patterns: [], superseded: [] },
      },
    ],
    requests: { "ghcr.io": 12, "api.github.com": 3 },
    garbageCollection: { status: "succeeded", freedBytes: 12, blobsDeleted: 3 },
  };
  expect(JSON.stringify(reportOf(result))).toBe(JSON.stringify(expected));
});

test("matches its schema with every outcome, and without repositories", () => {
  reportOf(sampleRun());
  expect(reportOf(run())).toMatchObject({ version: 2, repositories: [], requests: {} });
});

test.each<[string, (report: Record<string, unknown>) => unknown]>([
  ["another version", (report) => ({ ...report, version: 1 })],
  ["a missing field", ({ provider: _, ...report }) => report],
  ["an unknown field", (report) => ({ ...report, more: 1 })],
  ["an invalid time", (report) => ({ ...report, startedAt: "2026-13-01T00:00:00Z" })],
  ["a setting that is no input", (report) => ({ ...report, settings: { token: "secret" } })],
  ["a negative number", (report) => ({ ...report, requests: { "ghcr.io": -1 } })],
])("does not match its schema with %s", (_, change) => {
  const report: Record<string, unknown> = JSON.parse([...reportPieces(run())].join(""));
  expect(() => asReport(change(report))).toThrow("does not match");
});

test.each<[string, Parameters<typeof manifest>[1]]>([
  ["a digest that is none", { digest: "sha256:1a2b" }],
  ["an empty reason", { reason: "" }],
  ["the same tag twice", { tags: ["a", "a"] }],
  ["a kept manifest that was deleted", { decision: "keep", outcome: "deleted" }],
])("does not match its schema with %s", (_, overrides) => {
  expect(() => reportOf(run({ repositories: [repository("web", [manifest("a", overrides)])] }))).toThrow(
    "does not match",
  );
});

test.each([
  [0, "1970-01-01T00:00:00.000Z"],
  [-1, "1969-12-31T23:59:59.999Z"],
  [9e14, null],
  [9e15, null],
  [Number.NaN, null],
])("writes a push at %d as %j", (pushedAt, written) => {
  const report = reportOf(run({ repositories: [repository("web", [manifest("a", { pushedAt })])] }));
  expect(report.repositories[0]?.manifests[0]).toMatchObject({ pushedAt: written });
});

test("contains any text unchanged", () => {
  const check = (text: string): void => {
    const result = run({
      registry: text,
      repositories: [repository(text, [manifest("a", { tags: [text], reason: text, error: text })], { error: text })],
      requests: { [text]: 1 },
      finishedAt: NOW,
    });
    const read = reportOf(result);
    expect(read.repositories[0]).toMatchObject({ name: text, error: text });
    expect(read.repositories[0]?.manifests[0]).toMatchObject({ tags: [text], reason: text, error: text });
    expect(Object.keys(read.requests)).toEqual([text]);
  };
  for (const text of HOSTILE) check(text);
  fc.assert(
    fc.property(
      hostileText.filter((text) => text !== "" && text !== "__proto__"),
      check,
    ),
  );
});

test("consists of pieces of at most one manifest, so that no string holds them all", () => {
  const manifests = Array.from({ length: 1_000 }, (_, n) => manifest(`m${n}`));
  const lengths = [...reportPieces(run({ repositories: [repository("web", manifests)] }))].map((piece) => piece.length);
  expect(lengths.length).toBeGreaterThan(1_000);
  expect(Math.max(...lengths)).toBeLessThan(600);
});
