import { describe, expect, test } from "vitest";
import { SIGNED, testCases } from "./decide-cases.ts";
import { DAY, decisionsOf, FIRST_PUSH, LAST_PUSH, NOW, planWorld, type Registry, type World } from "./world.ts";

/** In hours. The pull request of `branch…` tags existed from 1,500 to 60 hours ago, a day of late pushes included. */
const LIFE = { from: (NOW - FIRST_PUSH) / 3_600_000, until: (NOW - LAST_PUSH) / 3_600_000 };

const REGISTRIES: Readonly<Record<string, Registry>> = {
  "push times of tags": { listsUntagged: true, referrersApi: false, listsTagTimes: true },
  "push times of images": { listsUntagged: true, referrersApi: false },
  "creation times": { listsUntagged: false, referrersApi: true },
};

function registryOf(kind: string): Registry {
  const registry = REGISTRIES[kind];
  if (registry === undefined) throw new Error(kind);
  return registry;
}

describe.each(Object.entries(REGISTRIES))("with %s", (_kind, registry) => {
  testCases([
    {
      title: "deletes an image of the branch, pushed while its pull request was open",
      world: { a: { tags: ["branch-a"], hours: LIFE.until }, b: { tags: ["branch-b"], hours: LIFE.from } },
      registry,
      deleted: ["a", "b"],
    },
    {
      title: "keeps an image that was pushed later, or has no time, or one of 1970",
      world: {
        late: { tags: ["branch-a"], hours: LIFE.until - 1 },
        untimed: { tags: ["branch-b"], hours: null },
        epoch: { tags: ["branch-c"], hours: (NOW - 1) / 3_600_000 },
      },
      registry,
      deleted: [],
    },
    {
      title: "keeps an image with a number that is gone too, if its branch may have been used again",
      world: { a: { tags: ["branch-a", "orphaned"], hours: 1 }, b: { tags: ["orphaned-2"], hours: 1 } },
      registry,
      deleted: ["b"],
    },
  ]);
});

describe.each(["push times of images", "creation times"])("with %s only", (kind) => {
  testCases([
    {
      title: "keeps an image from before the pull request: its tag may be new",
      world: { a: { tags: ["branch-a"], hours: LIFE.from + 1 } },
      registry: registryOf(kind),
      deleted: [],
    },
  ]);
});

describe("with push times of tags, an old image", () => {
  const registry = registryOf("push times of tags");
  const old = (tag: string, hours: number | null): World => ({
    a: { tags: [tag], hours: 1440, tagHours: { [tag]: hours } },
  });

  testCases([
    { title: "is kept if its tag was pushed yesterday", world: old("branch-a", 24), registry, deleted: [] },
    { title: "is kept if the list does not show its tag", world: old("branch-a", null), registry, deleted: [] },
    { title: "is deleted if its tag is as old", world: old("branch-a", 1440), registry, deleted: ["a"] },
    {
      title: "is not older than its image by its tag",
      world: { a: { tags: ["branch-a"], hours: 1, tagHours: { "branch-a": 900 } } },
      registry,
      deleted: [],
    },
    {
      title: "has the grace period of its youngest tag",
      world: {
        a: { tags: ["x", "y"], hours: 1440, tagHours: { x: 1440, y: 2 } },
        b: { tags: ["z"], hours: 1440, tagHours: { z: null } },
        c: { tags: ["w"], hours: 1440 },
      },
      rules: { unmatchedTags: "delete" },
      registry,
      deleted: ["c"],
    },
    {
      title: "has the age of its youngest tag for older-than",
      world: {
        a: { tags: ["orphaned"], hours: 1440, tagHours: { orphaned: 48 } },
        b: { tags: ["orphaned-2"], hours: 1440 },
      },
      rules: { olderThanMs: 10 * DAY },
      registry,
      deleted: ["b"],
    },
  ]);

  testCases([
    {
      title: "keeps a young signature without an image, although the list does not show its tag",
      world: {
        ...SIGNED,
        sig: { tags: ["sha256-gone.sig"], hours: 1, tagHours: { "sha256-gone.sig": null } },
        other: { tags: ["branch-a"] },
      },
      registry,
      deleted: ["other"],
    },
  ]);

  test("reads the times of tags only if they decide", () => {
    const timed = (world: World): readonly string[] => planWorld(world, { registry }).timed;
    expect(timed({ a: { tags: ["orphaned"] }, b: { tags: ["live"] }, c: {} })).toEqual([]);
    expect(timed({ a: { tags: ["branch-a"], hours: 1 }, b: { tags: ["other"] } })).toEqual([]);
    expect(timed({ a: { tags: ["branch-a"] } })).toEqual(["tags"]);
    expect(timed({ a: { tags: ["branch-a", "live"] } })).toEqual(["tags"]);
  });

  test("has no stale tag that was pushed again", () => {
    const world: World = {
      a: {
        tags: ["live", "branch-a", "branch-b", "branch-c"],
        hours: 1440,
        tagHours: { "branch-a": 24, "branch-b": 1000, "branch-c": null },
      },
    };
    const stale = decisionsOf(world, planWorld(world, { registry })).get("a")?.staleTags;
    expect(stale?.map(({ tag }) => tag)).toEqual(["branch-b"]);
  });

  test("names the reason", () => {
    const world = { ...old("branch-a", null), b: { tags: ["branch-b"], hours: 1440, tagHours: { "branch-b": 24 } } };
    const decisions = decisionsOf(world, planWorld(world, { registry }));
    const unknown = "it may have been pushed after pull request #12 ended (its push time is unknown)";
    expect(decisions.get("a")).toMatchObject({ status: "unmatched", reason: `matches no ref: ${unknown}` });
    expect(decisions.get("b")?.reason).toBe("matches no ref: it was pushed 2 days after pull request #12 ended");
  });
});
