import fc from "fast-check";
import { expect, test } from "vitest";
import { reportPieces } from "../../src/report/report-file.ts";
import type { RunResult } from "../../src/report/result.ts";
import { HOSTILE, hostileText } from "./hostile.ts";
import { digestOf, kept, manifest, NOW, repository, run } from "./results.ts";

const textOf = (result: RunResult): string => [...reportPieces(result)].join("");

test("the document of the public interface, field by field and in its order", () => {
  const result = run({
    repositories: [
      repository("web", [
        manifest("a", { versionId: 7, kind: "index" }),
        kept("b", "branch main", { pushedAt: null, sizeBytes: null }),
      ]),
      repository("api", [], { error: "GET … answered 502", plan: null }),
    ],
    requests: { "ghcr.io": 12, "api.github.com": 3 },
    garbageCollection: { status: "succeeded", freedBytes: 12, blobsDeleted: 3, note: "not part of it" },
    notices: ["not part of it"],
  });
  const expected = {
    version: 1,
    dryRun: false,
    registry: "registry.digitalocean.com/acme",
    startedAt: "2026-11-21T12:00:00.000Z",
    finishedAt: "2026-11-21T12:00:41.300Z",
    repositories: [
      {
        name: "web",
        error: null,
        manifests: [
          {
            digest: digestOf("a"),
            tags: ["a"],
            kind: "index",
            pushedAt: "2026-11-01T12:00:00.000Z",
            sizeBytes: 52_428_800,
            decision: "delete",
            reason: "pull request #12 merged 2026-11-02",
            outcome: "deleted",
            error: null,
            versionId: 7,
          },
          {
            digest: digestOf("b"),
            tags: ["b"],
            kind: "image",
            pushedAt: null,
            sizeBytes: null,
            decision: "keep",
            reason: "branch main",
            outcome: "kept",
            error: null,
          },
        ],
      },
      { name: "api", error: "GET … answered 502", manifests: [] },
    ],
    requests: { "ghcr.io": 12, "api.github.com": 3 },
    garbageCollection: { status: "succeeded", freedBytes: 12, blobsDeleted: 3 },
  };
  expect(JSON.stringify(JSON.parse(textOf(result)))).toBe(JSON.stringify(expected));
});

test("a run without repositories is a document too", () => {
  expect(JSON.parse(textOf(run()))).toMatchObject({ version: 1, repositories: [], requests: {} });
});

test.each([
  [0, "1970-01-01T00:00:00.000Z"],
  [-1, "1969-12-31T23:59:59.999Z"],
  [9e15, null],
  [Number.NaN, null],
])("a push at %d is written as %j", (pushedAt, written) => {
  const text = textOf(run({ repositories: [repository("web", [manifest("a", { pushedAt })])] }));
  expect(JSON.parse(text).repositories[0].manifests[0].pushedAt).toBe(written);
});

test("texts come back as they were, whatever they hold", () => {
  const check = (text: string): void => {
    const result = run({
      registry: text,
      repositories: [repository(text, [manifest("a", { tags: [text], reason: text, error: text })], { error: text })],
      requests: { [text]: 1 },
      finishedAt: NOW,
    });
    const read = JSON.parse(textOf(result));
    expect(read.repositories[0]).toMatchObject({ name: text, error: text });
    expect(read.repositories[0].manifests[0]).toMatchObject({ tags: [text], reason: text, error: text });
    expect(Object.keys(read.requests)).toEqual([text]);
  };
  for (const text of HOSTILE) check(text);
  fc.assert(
    fc.property(
      hostileText.filter((text) => text !== "__proto__"),
      check,
    ),
  );
});

test("no piece is larger than one manifest, so that nothing holds them all", () => {
  const manifests = Array.from({ length: 1_000 }, (_, n) => manifest(`m${n}`));
  const lengths = [...reportPieces(run({ repositories: [repository("web", manifests)] }))].map((piece) => piece.length);
  expect(lengths.length).toBeGreaterThan(1_000);
  expect(Math.max(...lengths)).toBeLessThan(500);
});
