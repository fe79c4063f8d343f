import { describe, expect, test } from "vitest";
import type { Rules } from "../../src/plan/plan.ts";
import { decisionsOf, deletedIn, planWorld, type Registry, type World } from "./world.ts";

const TAGS_ONLY: Registry = { listsUntagged: false, referrersApi: false };

describe("reads", () => {
  test("nothing if the list shows that nothing can be deleted", () => {
    const { read } = planWorld({ index: { tags: ["live"], children: ["a"] }, young: { hours: 1 } });
    expect(read).toEqual([]);
  });

  test("nothing if keep-count keeps everything", () => {
    const world: World = { a: { tags: ["orphaned"] }, b: { tags: ["orphaned-2"] } };
    expect(planWorld(world, { rules: { keepCount: 2 } }).read).toEqual([]);
  });

  test("everything but the images that a kept index lists, each once", () => {
    const world: World = {
      index: { tags: ["live"], children: ["a", "inner"] },
      inner: { children: ["b"] },
      a: {},
      b: {},
      plain: { tags: ["live-2"] },
      old: { tags: ["orphaned"], children: ["o"] },
      o: {},
      young: { hours: 1 },
      sbom: { subject: "plain" },
    };
    expect(planWorld(world).read.toSorted()).toEqual(["index", "inner", "o", "old", "plain", "sbom", "young"]);
  });

  test("the images that a kept index lists only if an untagged image would be deleted", () => {
    const kept = Object.fromEntries(
      Array.from({ length: 1000 }, (_, at) => [
        [`index-${at}`, { tags: [`live-${at}`], children: [`amd-${at}`, `arm-${at}`, `attestation-${at}`] }] as const,
        ...["amd", "arm", "attestation"].map((platform) => [`${platform}-${at}`, {}] as const),
      ]).flat(),
    );
    const pullRequests = { pr: { tags: ["orphaned"], children: ["pr-amd"] }, "pr-amd": {} };
    const reads = (more: World, given: Partial<Rules> = {}): number =>
      planWorld({ ...kept, ...pullRequests, ...more }, { rules: given }).read.length;
    expect(reads({})).toBe(1000 + 2);
    expect(reads({ young: { hours: 1 } })).toBe(1000 + 3);
    expect(reads({ leftover: {} }, { untagged: "keep" })).toBe(1000 + 3);
    expect(reads({ leftover: {} }, { scope: "pull request #12" })).toBe(1000 + 3);
    expect(reads({ leftover: {} })).toBe(4000 + 3);
  });

  test("a subject that no list shows, but not in the scope of a pull request", () => {
    const world: World = { a: { tags: ["orphaned"] }, sig: { tags: ["sha256-never.sig"] }, live: { tags: ["live"] } };
    expect(planWorld(world).read).toContain("unknown");
    expect(planWorld(world, { rules: { scope: "pull request #12" } }).read).not.toContain("unknown");
  });

  test("the creation time of a root, not of its children, for keep-count", () => {
    const world: World = {
      new: { tags: ["orphaned-1"], children: ["n"] },
      old: { tags: ["orphaned-2"], children: ["o"] },
      n: { tags: ["orphaned-n"] },
      o: { tags: ["orphaned-o"] },
    };
    const { timed } = planWorld(world, { rules: { keepCount: 1 }, registry: TAGS_ONLY });
    expect(timed.toSorted()).toEqual(["new", "old"]);
  });

  test("the creation time of an image whose branch was deleted, unless another tag keeps it", () => {
    const world: World = {
      old: { tags: ["branch-old"], hours: 61 },
      late: { tags: ["branch-late"], hours: 59 },
      both: { tags: ["branch-2", "orphaned-2"], hours: 59 },
      timeless: { tags: ["branch-3"], hours: null },
      kept: { tags: ["branch-4", "live"], hours: 59 },
      number: { tags: ["orphaned"], hours: 1 },
    };
    const planned = planWorld(world, { registry: TAGS_ONLY });
    expect(planned.timed.toSorted()).toEqual(["both", "late", "old", "timeless"]);
    const decisions = decisionsOf(world, planned);
    for (const name of ["late", "both"]) {
      const reason = "matches no ref: it was pushed 25 h after pull request #12 ended";
      expect(decisions.get(name)).toMatchObject({ decision: "keep", reason });
    }
    expect(deletedIn(world, planned)).toEqual(["number", "old"]);
    expect(deletedIn(world, planWorld(world))).toEqual(["number", "old"]);
  });

  test("no creation time if no order and no age decides", () => {
    const world: World = { a: { tags: ["orphaned"] }, b: { tags: ["orphaned-2"] }, c: { tags: ["live"] } };
    const timed = (rules: Partial<Rules>): readonly string[] => planWorld(world, { rules, registry: TAGS_ONLY }).timed;
    expect(timed({})).toEqual([]);
    expect(timed({ keepCount: 2 })).toEqual([]);
    expect(timed({ keepCount: 1 }).toSorted()).toEqual(["a", "b"]);
  });
});
