import assert from "node:assert/strict";
import type { RunResult } from "../../src/report/result.ts";

/** What was there before a run and after it, and what came of it otherwise. */
export interface Traces {
  /** As `contentsOf` tells them. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Digests that somebody else pushed, tagged or deleted meanwhile: what is told of them may be true or not by now. */
  readonly moved: ReadonlySet<string>;
  /** Whether an answer hid what is there, so that it may be told as gone; what is told as deleted is not there in any case. */
  readonly hidden: boolean;
  /** The garbage collection that was asked for; null: none. */
  readonly collection: {
    /** How many were begun. */
    readonly begun: number;
    /** Whether one was running already. */
    readonly wasRunning: boolean;
  } | null;
}

/** What the report tells is what happened. Throws where that is not so. */
export function assertReport(result: RunResult, traces: Traces): void {
  assertManifests(result, traces);
  assertTags(result, traces);
  assertCollection(result, traces);
}

const digestOf = (line: string): string => line.split(" ")[0] ?? "";

function assertManifests(result: RunResult, { before, after, moved, hidden }: Traces): void {
  const left = new Set(after.map(digestOf));
  const gone = new Set(before.map(digestOf).filter((digest) => !left.has(digest)));
  const manifests = result.repositories
    .flatMap((repository) => repository.manifests)
    .filter(({ digest }) => !moved.has(digest));
  for (const { digest, outcome } of manifests) {
    if (outcome === "deleted" || (outcome === "gone" && !hidden))
      assert.ok(!left.has(digest), `${digest} is told as ${outcome}, and is there`);
    if (outcome === "kept" || outcome === "changed")
      assert.ok(!gone.has(digest), `${digest} is told as ${outcome}, and is gone`);
  }
  const told = new Set(manifests.filter(({ outcome }) => outcome !== "kept").map(({ digest }) => String(digest)));
  for (const digest of gone) assert.ok(told.has(digest) || moved.has(digest), `${digest} is gone, and not told of`);
}

/** Of manifests that stay: what goes with its manifest is told with it. */
function assertTags(result: RunResult, { before, after, moved, hidden }: Traces): void {
  const tagsOf = (lines: readonly string[]) =>
    new Map(lines.map((line) => [digestOf(line), new Set(line.split(" ").slice(1))]));
  const [had, has] = [tagsOf(before), tagsOf(after)];
  const told = result.repositories.flatMap((repository) => repository.staleTags);
  for (const { tag, digest, outcome } of told) {
    if (moved.has(digest)) continue;
    const there = has.get(digest)?.has(tag) === true;
    if (outcome === "deleted" || (outcome === "gone" && !hidden))
      assert.ok(!there, `${tag} is told as ${outcome}, and is there`);
    if (outcome === "reported" || outcome === "unsupported")
      assert.ok(there || !has.has(digest), `${tag} is told as ${outcome}, and is gone`);
  }
  for (const [digest, tags] of has) {
    if (moved.has(digest)) continue;
    for (const tag of had.get(digest) ?? [])
      assert.ok(
        tags.has(tag) || told.some((each) => each.tag === tag && each.outcome !== "reported"),
        `${tag} is gone from ${digest}, and not told of`,
      );
  }
}

function assertCollection({ garbageCollection: { status }, errors }: RunResult, { collection }: Traces): void {
  if (collection === null) return;
  const { begun, wasRunning } = collection;
  assert.ok(begun <= 1, `${begun} collections were begun by one run`);
  const isTold = ["started", "succeeded", "timed-out", "failed"].includes(status);
  if (begun === 1) assert.ok(isTold, "a collection was begun, and not told of");
  else assert.ok(!isTold || wasRunning, `no collection was begun, and it is told that one ${status}`);
  if (status !== "succeeded") assert.ok(errors.length > 0, `no problem is told, and the collection was ${status}`);
}
