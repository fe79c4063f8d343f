import { describe, expect, test } from "vitest";
import { parseRetention } from "../../src/inputs/retention.ts";
import type { Rules } from "../../src/plan/plan.ts";
import { compileRetention } from "../../src/plan/retention.ts";
import { testCases } from "./decide-cases.ts";
import { DAY, decisionsOf, planWorld, type World } from "./world.ts";

function retention(...lines: readonly string[]): Pick<Rules, "retentionOf"> {
  const parsed = parseRetention(lines.join("\n"));
  if (!("value" in parsed)) throw new Error(parsed.problem);
  return { retentionOf: compileRetention(parsed.value) };
}

const BUILDS: World = {
  a: { tags: ["build-1"], hours: 100 },
  b: { tags: ["build-2"], hours: 200 },
  c: { tags: ["build-3"], hours: 300 },
};

describe("retention", () => {
  testCases([
    {
      title: "deletes beyond the newest images of a rule",
      world: BUILDS,
      rules: retention("build-* keep=1"),
      deleted: ["b", "c"],
    },
    {
      title: "deletes images older than a rule says",
      world: BUILDS,
      rules: retention("build-* older-than=10d"),
      deleted: ["c"],
    },
    {
      title: "needs both conditions of a rule, and counts images of any age",
      world: BUILDS,
      rules: retention("build-* keep=2 older-than=5d"),
      deleted: ["c"],
    },
    {
      title: "does not replace the grace period",
      world: { a: { tags: ["build-1"], hours: 2 } },
      rules: retention("build-* keep=0"),
      deleted: [],
    },
    {
      title: "applies the first rule that matches",
      world: BUILDS,
      rules: retention("build-2 older-than=1000d", "build-* keep=0"),
      deleted: ["a", "c"],
    },
    {
      title: "overrides superseded: keep, only for tags that match",
      world: { a: { tags: ["older-1"] }, b: { tags: ["older2-1"] } },
      rules: retention("older-* keep=0"),
      deleted: ["a"],
    },
    {
      title: "keeps an image with another tag that is unmatched and kept",
      world: {
        a: { tags: ["build-1", "other"] },
        b: { tags: ["build-2", "older-1"] },
        c: { tags: ["build-3", "orphaned"] },
      },
      rules: retention("build-* keep=0"),
      deleted: ["c"],
    },
    {
      title: "never deletes images that are live, or belong to such an image",
      world: {
        live: { tags: ["build-1", "live"], children: ["child"] },
        child: { tags: ["build-2"] },
        used: { tags: ["build-3"] },
        sig: { tags: ["build-4"], subject: "live" },
      },
      inUse: ["used"],
      rules: retention("* keep=0"),
      deleted: [],
    },
    {
      title: "does not apply to orphaned tags",
      world: { a: { tags: ["orphaned-1"] }, b: { tags: ["build-1", "orphaned-2"] } },
      rules: retention("* keep=9 older-than=1000d"),
      deleted: ["a"],
    },
    {
      title: "keeps an image if any of its rules keeps it",
      world: {
        a: { tags: ["build-1", "nightly-1"] },
        b: { tags: ["build-2"], hours: 2000 },
        c: { tags: ["nightly-2"], hours: 50 },
      },
      rules: retention("build-* keep=1", "nightly-* keep=1"),
      deleted: ["b"],
    },
    {
      title: "takes a missing option from the inputs",
      world: { ...BUILDS, d: { tags: ["build-4"], hours: 400 } },
      rules: { ...retention("build-* older-than=6d"), keepCount: 1, olderThanMs: 30 * DAY },
      deleted: ["c", "d"],
    },
    {
      title: "replaces keep-count and older-than by its own options",
      world: { ...BUILDS, d: { tags: ["orphaned"], hours: 100 } },
      rules: { ...retention("build-* keep=0 older-than=0"), keepCount: 1, olderThanMs: 60 * DAY },
      deleted: ["a", "b", "c"],
    },
    {
      title: "never ages an image without a time, and keeps it with as many of the others",
      world: {
        a: { tags: ["build-1"], hours: null },
        b: { tags: ["build-2"] },
        c: { tags: ["job-1"], hours: null },
        d: { tags: ["job-2"] },
        e: { tags: ["job-3"], hours: 1001 },
      },
      rules: { ...retention("build-* older-than=1d", "job-* keep=1"), gracePeriodMs: 0 },
      deleted: ["b", "e"],
    },
    {
      title: "counts by creation time if the registry lists no push times",
      world: BUILDS,
      registry: { listsUntagged: false, referrersApi: true },
      rules: retention("build-* keep=1"),
      deleted: ["b", "c"],
    },
    {
      title: "matches an image with only neutral tags if all match",
      world: { a: { tags: ["neutral-1"] }, b: { tags: ["neutral-2", "neutral-xy"] } },
      rules: retention("neutral-? keep=0"),
      deleted: ["a"],
    },
    {
      title: "deletes nothing in the scope of a pull request",
      world: { a: { tags: ["build-1"] }, b: { tags: ["build-2", "orphaned"] } },
      rules: { ...retention("build-* keep=0"), scope: "pull request #12" },
      deleted: [],
    },
  ]);

  test("is named in the reasons", () => {
    const rules = retention("build-* keep=1 older-than=10d");
    const decisions = decisionsOf(BUILDS, planWorld(BUILDS, { rules }));
    const reasons = [...decisions].map(([name, { reason }]) => `${name}: ${reason}`).sort();
    expect(reasons).toEqual([
      "a: pushed 4 days ago (retention: build-* keep=1 older-than=10d)",
      "b: pushed 8 days ago (retention: build-* keep=1 older-than=10d)",
      "c: matches no branch, Git tag, commit or pull request",
    ]);
  });

  test("makes no orphaned tag of a limited image stale", () => {
    const world: World = { a: { tags: ["build-1", "orphaned"], hours: 100 } };
    const { plan } = planWorld(world, { rules: retention("build-* keep=1") });
    expect(plan.decisions.map(({ decision, staleTags }) => ({ decision, staleTags }))).toEqual([
      { decision: "keep", staleTags: [] },
    ]);
  });
});

describe("older-than", () => {
  testCases([
    {
      title: "keeps images that were pushed less than this ago",
      world: {
        a: { tags: ["orphaned"], hours: 100 },
        b: { tags: ["orphaned-2"], hours: 1000 },
        c: { hours: 100 },
        d: {},
      },
      rules: { olderThanMs: 20 * DAY },
      deleted: ["b", "d"],
    },
    {
      title: "keeps an old image whose ref ended less than this ago",
      world: { a: { tags: ["merged"] }, b: { tags: ["merged-2", "orphaned"] }, c: { tags: ["orphaned-2"] } },
      rules: { olderThanMs: 20 * DAY, gracePeriodMs: 0 },
      deleted: ["c"],
    },
    {
      title: "never ages an image without a time",
      world: { a: { tags: ["orphaned"], hours: null }, b: { tags: ["orphaned-2"], hours: 24 * 365 * 56 } },
      rules: { olderThanMs: DAY },
      deleted: [],
    },
    {
      title: "applies in the scope of a pull request too",
      world: { a: { tags: ["orphaned"], hours: 10 }, b: { tags: ["orphaned-2"] } },
      rules: { olderThanMs: DAY, scope: "pull request #12" },
      deleted: ["b"],
    },
    {
      title: "uses the creation time if the registry lists no push times",
      world: {
        a: { tags: ["orphaned"], hours: 10 },
        b: { tags: ["orphaned-2"] },
        c: { tags: ["orphaned-3"], hours: null },
      },
      registry: { listsUntagged: false, referrersApi: true },
      rules: { olderThanMs: DAY },
      deleted: ["b"],
    },
    {
      title: "comes before keep-count",
      world: {
        a: { tags: ["orphaned"], hours: 10 },
        b: { tags: ["orphaned-2"], hours: 600 },
        c: { tags: ["orphaned-3"], hours: 700 },
      },
      rules: { olderThanMs: DAY, keepCount: 1 },
      deleted: ["c"],
    },
  ]);
});

describe("keep-count", () => {
  testCases([
    {
      title: "0 keeps the newest older build of each branch, because the last commit of a branch may have no image yet",
      world: {
        m1: { tags: ["older-1"], hours: 100 },
        m2: { tags: ["older-2", "orphaned"], hours: 200 },
        d1: { tags: ["older2-1"], hours: 300 },
        d2: { tags: ["older2-2"], hours: 400 },
        o1: { tags: ["orphaned-1"], hours: 50 },
      },
      rules: { superseded: "delete" },
      deleted: ["d2", "m2", "o1"],
    },
    {
      title: "counts superseded images for each branch by itself, and all others together",
      world: {
        m1: { tags: ["older-1"], hours: 100 },
        m2: { tags: ["older-2"], hours: 200 },
        d1: { tags: ["older2-1"], hours: 300 },
        d2: { tags: ["older2-2"], hours: 400 },
        both: { tags: ["older-3", "older2-3"], hours: 350 },
        o1: { tags: ["orphaned-1"], hours: 500 },
        o2: { tags: ["orphaned-2"], hours: 600 },
      },
      rules: { superseded: "delete", keepCount: 1 },
      deleted: ["both", "d2", "m2", "o2"],
    },
  ]);
});
