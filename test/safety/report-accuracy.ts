import assert from "node:assert/strict";
import type { RunResult } from "../../src/report/result.ts";

/** The registry's state before and after a run. */
export interface Observations {
  /** Lines of `contentsOf`. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Digests that another client pushed, tagged or deleted meanwhile. Their reported outcomes are not checked. */
  readonly moved: ReadonlySet<string>;
  /** Whether a response hid existing content. Then it may be reported as gone, but not as deleted. */
  readonly hidden: boolean;
  /** Null: no garbage collection was requested. */
  readonly collection: {
    /** The number of started collections. */
    readonly started: number;
    /** Whether one was running before. */
    readonly wasRunning: boolean;
  } | null;
}

/** Throws if the report differs from the changes in the registry. */
export function assertReport(result: RunResult, observations: Observations): void {
  assertManifests(result, observations);
  assertTags(result, observations);
  assertCollection(result, observations);
}

const digestOf = (line: string): string => line.split(" ")[0] ?? "";

function assertManifests(result: RunResult, { before, after, moved, hidden }: Observations): void {
  const existing = new Set(after.map(digestOf));
  const gone = new Set(before.map(digestOf).filter((digest) => !existing.has(digest)));
  const manifests = result.repositories
    .flatMap((repository) => repository.manifests)
    .filter(({ digest }) => !moved.has(digest));
  for (const { digest, outcome } of manifests) {
    if (outcome === "deleted" || (outcome === "gone" && !hidden))
      assert.ok(!existing.has(digest), `${digest} is reported as ${outcome} but exists`);
    if (outcome === "kept" || outcome === "changed" || outcome === "deferred")
      assert.ok(!gone.has(digest), `${digest} is reported as ${outcome} but is gone`);
  }
  const reported = new Set(manifests.filter(({ outcome }) => outcome !== "kept").map(({ digest }) => String(digest)));
  for (const digest of gone) assert.ok(reported.has(digest) || moved.has(digest), `${digest} is gone but not reported`);
}

/** Checks the tags of kept manifests. Tags of deleted manifests are reported with them. */
function assertTags(result: RunResult, { before, after, moved, hidden }: Observations): void {
  const tagsOf = (lines: readonly string[]) =>
    new Map(lines.map((line) => [digestOf(line), new Set(line.split(" ").slice(1))]));
  const [had, has] = [tagsOf(before), tagsOf(after)];
  const reported = result.repositories.flatMap((repository) => repository.staleTags);
  for (const { tag, digest, outcome } of reported) {
    if (moved.has(digest)) continue;
    const exists = has.get(digest)?.has(tag) === true;
    if (outcome === "deleted" || (outcome === "gone" && !hidden))
      assert.ok(!exists, `${tag} is reported as ${outcome} but exists`);
    if (outcome === "reported" || outcome === "unsupported")
      assert.ok(exists || !has.has(digest), `${tag} is reported as ${outcome} but is gone`);
  }
  for (const [digest, tags] of has) {
    if (moved.has(digest)) continue;
    for (const tag of had.get(digest) ?? []) {
      const isStale = reported.some((each) => each.tag === tag && each.outcome !== "reported");
      // The image whose tag was deleted first, to see whether the registry deletes a tag alone, and that is not deleted yet.
      const isNamed = result.notices.some((notice) => notice.includes(digest) && notice.includes(tag));
      assert.ok(tags.has(tag) || isStale || isNamed, `${tag} is gone from ${digest} but not reported`);
    }
  }
}

function assertCollection({ garbageCollection: { status }, errors }: RunResult, { collection }: Observations): void {
  if (collection === null) return;
  const { started, wasRunning } = collection;
  assert.ok(started <= 1, `one run started ${started} collections`);
  const isReported = ["started", "succeeded", "timed-out", "failed"].includes(status);
  if (started === 1) assert.ok(isReported, "a collection was started but not reported");
  else assert.ok(!isReported || wasRunning, `no collection was started, but its status is ${status}`);
  if (status !== "succeeded") assert.ok(errors.length > 0, `the collection is ${status}, but no error is reported`);
}
